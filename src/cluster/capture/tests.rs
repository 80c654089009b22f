use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::cluster::files::{self, Loaded};
use crate::manifest::{ManifestFile, document};
use crate::setting::RuleId;

fn source() -> Source {
    Source {
        time: "2026-01-02T03:04:05Z".to_owned(),
        server: "10.0.0.1:6443".to_owned(),
        version: Some("v1.35.0\n---".to_owned()),
    }
}

/// The files, written and read back.
fn round_trip(snapshot: &Snapshot, policy: &Policy) -> (Vec<File>, Loaded) {
    let directory = tempfile::tempdir().unwrap();
    let files = super::files(snapshot, policy, &source()).unwrap();
    write(directory.path(), &files, false).unwrap();
    let loaded = files::load(&[directory.path().to_owned()]).unwrap();
    (files, loaded)
}

fn clusters() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/clusters");
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    assert!(files.len() > 40);
    files
}

/// The objects of a file, lists taken apart.
fn objects_of(path: &Path) -> Vec<Value> {
    let documents = document::parse(&ManifestFile::read(path).unwrap()).unwrap();
    let items = |document: Value| match document.get("items") {
        Some(Value::Array(items)) => items.clone(),
        _ => vec![document],
    };
    documents.into_iter().flat_map(|(_, document)| items(document)).collect()
}

/// Where an object was read is part of why it can't be.
fn shown(facts: &crate::setting::Facts) -> String {
    let origin = regex_lite::Regex::new(r#", in \\".*?\\" line [0-9]+"#).unwrap();
    origin.replace_all(&format!("{facts:?}"), "").into_owned()
}

#[test]
fn the_facts_of_a_capture_are_those_of_the_cluster() {
    for path in clusters() {
        let objects = objects_of(&path);
        let snapshot = Snapshot::of(&objects);
        let loaded = files::load(std::slice::from_ref(&path)).unwrap();
        assert_eq!(shown(&snapshot.facts()), shown(&loaded.facts), "{}", path.display());
        let (files, again) = round_trip(&snapshot, &Policy::default());
        assert_eq!(shown(&again.facts), shown(&loaded.facts), "{}", path.display());
        assert_eq!(again.unknown_kinds, []);
        let counted: usize = files.iter().map(|file| file.objects).sum();
        assert_eq!(again.objects, counted);
        for field in ["value", "default"] {
            let text = |setting: &Option<Value>| setting.as_ref().and_then(|setting| setting.get(field)).cloned();
            assert_eq!(text(&again.setting), text(&loaded.setting), "{}", path.display());
        }
    }
}

#[test]
fn a_capture_holds_what_the_rules_read_and_nothing_else() {
    let mut node = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": "node-1", "resourceVersion": "7", "uid": "u", "labels": {"team": "secret"},
            "annotations": {"secret": "secret"}, "managedFields": [{"manager": "secret"}],
        },
        "spec": {"podCIDR": "10.52.0.0/24", "providerID": "secret"},
        "status": {"images": ["secret"], "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]},
    });
    let mut other = node.clone();
    other["metadata"]["name"] = json!("node-0");
    node["metadata"]["labels"] = json!({"node-role.harvesterhci.io/witness": "true"});
    let migration = |name: &str, phase: &str| {
        json!({
            "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstanceMigration",
            "metadata": {"name": name, "namespace": "default"}, "spec": {"vmiName": "secret"},
            "status": {"phase": phase, "migrationState": {"secret": "secret"}},
        })
    };
    let setting = json!({
        "apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting",
        "metadata": {"name": "vm-migration-network", "annotations": {
            "migration-network-webhook/allow-during-migration": "abc", "secret": "secret",
        }},
        "value": "{\"vlan\":1}", "default": "", "status": {"secret": "secret"},
    });
    let objects = [node, other, migration("runs", "Running"), migration("ended", "Succeeded"), setting];
    let policy = Policy { warn: [RuleId::RangeReserved].into_iter().collect(), ..Policy::default() };
    let files = super::files(&Snapshot::of(&objects), &policy, &source()).unwrap();
    let names: Vec<&str> = files.iter().map(|file| &*file.name).collect();
    assert_eq!(
        names,
        [
            "nodes.yaml",
            "clusternetworks.yaml",
            "vlanconfigs.yaml",
            "vlanstatuses.yaml",
            "hostnetworkconfigs.yaml",
            "virtualmachineinstancemigrations.yaml",
            "customresourcedefinitions.yaml",
            "servicecidrs.yaml",
            "settings.yaml",
            "policy.yaml"
        ]
    );
    let texts: Vec<String> = files.iter().map(|file| format!("== {}\n{}", file.name, file.text)).collect();
    let whole = texts.concat();
    for word in ["secret", "managedFields", "resourceVersion", "ended", "uid"] {
        assert!(!whole.contains(word), "{word}");
    }
    insta::assert_snapshot!(whole.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[test]
fn the_policy_comes_back() {
    let warn = || ["migration-in-progress", "range-reserved"].map(|name| name.parse::<RuleId>().unwrap());
    for policy in [
        Policy::default(),
        Policy { reserved: Vec::new(), warn: warn().into_iter().collect(), ..Policy::default() },
        Policy { reserved: vec!["10.1.0.0/16".parse().unwrap()], ..Policy::default() },
    ] {
        let (_, loaded) = round_trip(&Snapshot::default(), &policy);
        assert_eq!(loaded.policy, Some(policy));
    }
}

#[test]
fn a_later_capture_of_the_same_differs_in_one_file() {
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-0"}});
    let [first, later] = ["2026-01-02T03:04:05Z", "2026-01-03T03:04:05Z"].map(|time| {
        let source = Source { time: time.to_owned(), ..source() };
        super::files(&Snapshot::of(std::slice::from_ref(&node)), &Policy::default(), &source).unwrap()
    });
    let differing: Vec<_> = first.iter().zip(&later).filter(|(one, other)| one != other).collect();
    assert_eq!(differing.iter().map(|(one, _)| &*one.name).collect::<Vec<_>>(), ["policy.yaml"]);
}

/// A kind of which something can't be read is missing by the capture as by the cluster.
#[test]
fn an_object_that_cannot_be_read_is_captured_with_what_is_wrong() {
    let status = json!({
        "apiVersion": "network.harvesterhci.io/v1beta1", "kind": "VlanStatus",
        "metadata": {"name": "odd", "labels": {"team": "a"}}, "status": {"conditions": "none", "node": "node-0"},
    });
    let snapshot = Snapshot::of(&[status]);
    assert_eq!(snapshot.unreadable, [""; 0]);
    let (files, loaded) = round_trip(&snapshot, &Policy::default());
    assert!(files[3].text.ends_with("metadata:\n  name: odd\nstatus:\n  conditions: none\n"), "{}", files[3].text);
    assert_eq!(shown(&loaded.facts), shown(&snapshot.facts()));
}

#[test]
fn what_is_not_served_is_said_to_be() {
    let mut snapshot = Snapshot::of(&[]);
    for listed in &mut snapshot.sources {
        listed.version = None;
    }
    let files = super::files(&snapshot, &Policy::default(), &source()).unwrap();
    assert!(
        files[5].text.ends_with("\n# virtualmachineinstancemigrations.kubevirt.io: not served\n"),
        "{}",
        files[5].text
    );
}

proptest! {
    // Each case writes and reads ten files.
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a cluster's strings hold, YAML gives it back.
    #[test]
    fn any_text_survives(text in any::<String>(), name in "\\PC{1,40}") {
        let setting = json!({
            "apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting",
            "metadata": {"name": "vm-migration-network"}, "value": text, "default": name,
        });
        let config = json!({
            "apiVersion": "network.harvesterhci.io/v1beta1", "kind": "VlanConfig",
            "metadata": {
                "name": name, "labels": {"network.harvesterhci.io/clusternetwork": name},
                "annotations": {"network.harvesterhci.io/matched-nodes": text},
            },
        });
        let snapshot = Snapshot::of(&[setting, config]);
        let (_, loaded) = round_trip(&snapshot, &Policy::default());
        prop_assert_eq!(shown(&loaded.facts), shown(&snapshot.facts()));
        let stored = loaded.setting.unwrap();
        prop_assert_eq!(stored["value"].as_str().unwrap(), text);
    }
}
