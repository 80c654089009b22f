use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::cluster::ClusterState;
use crate::manifest::CAPTURE_MARK;
use crate::reload::{Poll, Polled};
use crate::setting::facts::{CrdState, SettingNetwork};
use crate::setting::vlan::VlanId;

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

fn loaded(directory: &TempDir) -> Loaded {
    load(&[directory.path().to_owned()]).unwrap()
}

/// The error for a directory, with the directory's own path left out.
fn refused(directory: &TempDir) -> String {
    let error = load(&[directory.path().to_owned()]).unwrap_err().to_string();
    error.replace(&format!("{}/", directory.path().display()), "")
}

fn node_names(facts: &Facts) -> Vec<String> {
    facts.nodes.as_ref().map(|nodes| nodes.iter().map(|node| node.name.to_string()).collect()).unwrap_or_default()
}

fn node(name: &str) -> String {
    format!("apiVersion: v1\nkind: Node\nmetadata:\n  name: {name}\n")
}

#[test]
fn documents_lists_and_formats_make_one_view() {
    let listed = r#"{"kind": "NodeList", "apiVersion": "v1", "metadata": {}, "items": [
        {"metadata": {"name": "listed"}},
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "named"}}
    ]}
    {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "second-\ud83d\ude00"}}"#;
    let mixed = "\u{feff}# a comment\n---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Node\n  \
        metadata: {name: in-list}\n- apiVersion: network.harvesterhci.io/v1beta1\n  kind: ClusterNetwork\n  \
        metadata: {name: mgmt}\n- apiVersion: harvesterhci.io/v1beta1\n  kind: Setting\n  \
        metadata: {name: storage-network}\n  value: '{\"vlan\":7,\"exclusiveVlan\":true}'\n---\n---\n";
    let files = directory(&[
        ("b/nodes.json", listed),
        ("a.yml", mixed),
        ("b/c/deep.YAML", &node("deep")),
        ("b/empty.yaml", "# nothing yet\n"),
        ("empty-list.yaml", "apiVersion: v1\nkind: List\nitems:\n"),
        ("json-in.yaml", r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"a\/b"}}"#),
        ("README.md", "no manifest"),
        (".hidden.yaml", "{"),
        (".git/config.yaml", "{"),
    ]);
    let Loaded { facts, setting, unknown_kinds, objects, policy, .. } = loaded(&files);
    assert_eq!(node_names(&facts), ["a/b", "deep", "in-list", "listed", "named", "second-\u{1f600}"]);
    assert_eq!(facts.cluster_networks.unwrap().iter().collect::<Vec<_>>(), ["mgmt"]);
    let storage = SettingNetwork::On { vlan: VlanId::Tagged(7), exclusive_vlan: true, range: Ok(None) };
    assert_eq!(facts.networks.unwrap()["storage-network"], storage);
    assert_eq!(*facts.whereabouts_crd.unwrap(), CrdState::Absent);
    assert_eq!((setting, policy, unknown_kinds, objects), (None, None, vec![], 8));
}

#[test]
fn the_guarded_setting_is_handed_out_whole() {
    let files = directory(&[(
        "setting.yaml",
        "apiVersion: harvesterhci.io/v1beta1\nkind: Setting\nmetadata: {name: vm-migration-network}\nvalue: '{}'\n",
    )]);
    let expected = serde_json::json!({
        "apiVersion": "harvesterhci.io/v1beta1",
        "kind": "Setting",
        "metadata": {"name": "vm-migration-network"},
        "value": "{}",
    });
    assert_eq!(loaded(&files).setting, Some(expected));
}

#[test]
fn kinds_that_no_rule_asks_for_are_counted() {
    let pods = "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n";
    let files = directory(&[
        ("a.yaml", pods),
        ("b.yaml", "apiVersion: management.cattle.io/v3\nkind: Setting\nmetadata: {name: storage-network}\n"),
    ]);
    let Loaded { facts, unknown_kinds, objects, .. } = loaded(&files);
    assert_eq!(facts.networks.unwrap().get("storage-network"), None);
    assert_eq!(objects, 3);
    let shown: Vec<_> = unknown_kinds
        .iter()
        .map(|unknown| unknown.to_string().replace(&format!("{}/", files.path().display()), ""))
        .collect();
    let expected = [
        r#""a.yaml": no rule asks for kind "Pod" of "v1" (2 objects)"#,
        r#""b.yaml": no rule asks for kind "Setting" of "management.cattle.io/v3" (1 object)"#,
    ];
    assert_eq!(shown, expected);

    // A capture has such kinds for other commands; what is at hand beside it has not.
    let captured = directory(&[("a.yaml", &format!("{CAPTURE_MARK}\n{pods}"))]);
    let origin = Origin { path: Path::new("suite.yaml").into(), line: 1, item: None };
    let pod = serde_json::json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "c"}});
    let Loaded { unknown_kinds, .. } = load_with(&[captured.path().to_owned()], vec![(pod, origin)]).unwrap();
    let shown: Vec<_> = unknown_kinds.iter().map(ToString::to_string).collect();
    assert_eq!(shown, [r#""suite.yaml": no rule asks for kind "Pod" of "v1" (1 object)"#]);
}

#[test]
fn a_mounted_config_map_is_read_once() {
    let mount = directory(&[("..2026_01_01/nodes.yaml", &node("one"))]);
    symlink("..2026_01_01", mount.path().join("..data")).unwrap();
    symlink("..data/nodes.yaml", mount.path().join("nodes.yaml")).unwrap();
    assert_eq!(node_names(&loaded(&mount).facts), ["one"]);
}

#[test]
fn symlinks_may_lead_anywhere() {
    let files = directory(&[("a/nodes.yaml", &node("one"))]);
    symlink("..", files.path().join("a/up")).unwrap();
    symlink("nodes.yaml", files.path().join("a/same.yaml")).unwrap();
    symlink("nowhere", files.path().join("a/dangling")).unwrap();
    let twice = [files.path().to_owned(), files.path().join("a/nodes.yaml")];
    assert_eq!(node_names(&load(&twice).unwrap().facts), ["one"]);

    symlink("nowhere", files.path().join("a/dangling.yaml")).unwrap();
    assert_eq!(refused(&files), "\"a/dangling.yaml\" can't be read: No such file or directory (os error 2)");
}

#[test]
fn an_undecodable_object_is_named_with_its_place() {
    let files = directory(&[("nodes.yaml", &format!("{}---\n{}spec:\n  podCIDRs: [5]\n", node("good"), node("bad")))]);
    let why = loaded(&files).facts.nodes.unwrap_err().to_string();
    let expected =
        r#"nodes ("bad" can't be read: spec: invalid type: integer `5`, expected a string, in "nodes.yaml" line 6)"#;
    assert_eq!(why.replace(&format!("{}/", files.path().display()), ""), expected);
}

#[test]
fn errors_say_where_and_what_is_accepted() {
    let shape = "each document is one Kubernetes object, or a List of them, with apiVersion and kind";
    let twice = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Node, metadata: {name: one}}\n";
    let cases: [(&[(&str, &str)], String); 9] = [
        (&[("a.yaml", "- a\n")], format!("\"a.yaml\" line 1 is no object; {shape}")),
        (&[("a.yaml", "\n---\nkind: Node\n")], format!("\"a.yaml\" line 3 has no apiVersion; {shape}")),
        (&[("a.json", "{\"apiVersion\":\"v1\"}")], format!("\"a.json\" line 1 has no kind; {shape}")),
        (&[("a.json", "{}\n\n{}")], format!("\"a.json\" line 1 has no kind; {shape}")),
        (
            &[(
                "a.json",
                "{\"kind\":\"List\",\"apiVersion\":\"v1\"}\n\n{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[5]}",
            )],
            format!("\"a.json\" line 3 items[0] is no object; {shape}"),
        ),
        (
            &[("a.yaml", "apiVersion: v1\nkind: List\nitems: 5\n")],
            format!("\"a.yaml\" line 1 is a List whose items are no array; {shape}"),
        ),
        (&[("a.json", "{\"a\":1,}")], "\"a.json\" is not valid JSON: trailing comma at line 1 column 8".to_owned()),
        (
            &[("a.yaml", &node("one")), ("b.yaml", twice)],
            "nodes \"one\" is in \"a.yaml\" line 1 and in \"b.yaml\" line 1 items[0]; one view holds each object once"
                .to_owned(),
        ),
        (
            &[("a.json", &format!("{}{}", "[".repeat(1000), "]".repeat(1000)))],
            "\"a.json\" is not valid JSON: recursion limit exceeded at line 1 column 128".to_owned(),
        ),
    ];
    for (files, expected) in cases {
        assert_eq!(refused(&directory(files)), expected, "{files:?}");
    }
}

#[test]
fn yaml_that_is_broken_repeats_keys_or_explodes_is_refused() {
    let bomb = (1..10).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
        format!("{text}a{level}: &a{level} [{}]\n", format!("*a{},", level - 1).repeat(10))
    });
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for text in ["a: [b\n", "a: 1\na: 2\n", "a: *nothing\n", &bomb, &deep] {
        let files = directory(&[("a.yaml", text)]);
        let error = refused(&files);
        println!("{error}");
        assert!(error.starts_with("\"a.yaml\" is not valid YAML: "), "{error}");
        assert!(error.len() < 400 && !error.contains('\n'), "{error}");
    }
}

#[test]
fn of_a_support_bundle_the_objects_are_read() {
    let files = directory(&[
        ("metadata.yaml", "projectName: Harvester\n"),
        ("logs/cluster.json", "not json"),
        ("yamls/cluster/v1/nodes.yaml", &node("one")),
    ]);
    assert_eq!(node_names(&loaded(&files).facts), ["one"]);
    let files = directory(&[("yamls/nodes.yaml", &node("one")), ("nodes.yaml", &node("two"))]);
    assert_eq!(node_names(&loaded(&files).facts), ["one", "two"]);
}

#[test]
fn manifests_of_git_are_told_from_live_objects() {
    let config = |name: &str, metadata: &str| {
        let head = "apiVersion: network.harvesterhci.io/v1beta1\nkind: VlanConfig\n";
        format!("{head}metadata: {{name: {name}{metadata}}}\nspec: {{clusterNetwork: storage}}\n---\n")
    };
    let label = ", labels: {network.harvesterhci.io/clusternetwork: storage}";
    let not_live = |text: String| loaded(&directory(&[("a.yaml", &text)])).not_live().is_some();
    assert!(not_live(config("a", "") + &config("b", "")));
    assert!(!not_live(config("a", "") + &config("b", label)));
    assert!(!not_live(node("one")));
}

#[test]
fn what_is_no_text_or_not_there_is_said_by_name() {
    let absent = load(&[PathBuf::from("no/such\ndir")]).unwrap_err().to_string();
    assert_eq!(
        absent,
        "there is nothing at \"no/such\\ndir\"; a path names a file or directory of YAML or JSON manifests"
    );
    let files = directory(&[]);
    fs::write(files.path().join("a.yaml"), b"caf\xe9").unwrap();
    assert_eq!(refused(&files), "\"a.yaml\" is not UTF-8 text; YAML or JSON manifests are");
    fs::File::create(files.path().join("a.yaml")).unwrap().set_len((64 << 20) + 1).unwrap();
    assert_eq!(refused(&files), "\"a.yaml\" is larger than 64 MiB, the most that is read of one file");
}

/// Files that are polled, and the view that they are loaded into.
fn polled(path: &Path) -> (Polled<ClusterFiles>, Arc<ClusterState>) {
    let view = Arc::new(ClusterState::unknown("not read yet"));
    let (polled, _) = ClusterFiles::load(vec![path.to_owned()], Arc::clone(&view)).unwrap();
    (polled, view)
}

#[test]
fn a_broken_edit_leaves_the_last_good_view() {
    let files = directory(&[("nodes.yaml", &node("one"))]);
    let path = files.path().join("nodes.yaml");
    let (files, view) = polled(&path);
    let served = || node_names(&view.facts());
    assert_eq!((files.poll(), served()), (Poll::Unchanged, vec!["one".to_owned()]));

    fs::write(&path, "- nonsense").unwrap();
    assert_eq!(files.poll(), Poll::Unsettled);
    assert_eq!((files.poll(), served()), (Poll::Failed, vec!["one".to_owned()]));
    let expected = format!(
        "{path:?} line 1 is no object; each document is one Kubernetes object, or a List of them, with apiVersion and kind"
    );
    assert_eq!(*view.read_errors(), [expected]);
    assert_eq!(files.poll(), Poll::Failed);

    fs::remove_file(&path).unwrap();
    assert_eq!((files.poll(), served()), (Poll::Failed, vec!["one".to_owned()]));
    assert_eq!(
        *view.read_errors(),
        [format!("there is nothing at {path:?}; a path names a file or directory of YAML or JSON manifests")]
    );

    fs::write(&path, node("one")).unwrap();
    assert_eq!((files.poll(), view.read_errors().to_vec()), (Poll::Unchanged, vec![]));
    fs::write(&path, node("two")).unwrap();
    assert_eq!((files.poll(), files.poll()), (Poll::Unsettled, Poll::Reloaded));
    assert_eq!((served(), view.read_errors().to_vec()), (vec!["two".to_owned()], vec![]));
}

#[test]
fn a_mounted_config_map_is_followed_through_its_swap() {
    let mount = directory(&[("..1/nodes.yaml", &node("one")), ("..2/nodes.yaml", &node("two"))]);
    symlink("..1", mount.path().join("..data")).unwrap();
    symlink("..data/nodes.yaml", mount.path().join("nodes.yaml")).unwrap();
    let (files, view) = polled(mount.path());

    symlink("..2", mount.path().join("..data_tmp")).unwrap();
    fs::rename(mount.path().join("..data_tmp"), mount.path().join("..data")).unwrap();
    fs::remove_dir_all(mount.path().join("..1")).unwrap();
    assert_eq!((files.poll(), files.poll()), (Poll::Unsettled, Poll::Reloaded));
    assert_eq!(node_names(&view.facts()), ["two"]);
}

#[tokio::test(start_paused = true)]
async fn edits_are_followed_without_being_asked() {
    let files = directory(&[("nodes.yaml", &node("one"))]);
    let (polled, view) = polled(files.path());
    let following = tokio::spawn(Arc::new(polled).follow(std::time::Duration::from_secs(2)));
    fs::write(files.path().join("more.yaml"), node("two")).unwrap();
    for _ in 0..60 {
        if node_names(&view.facts()).len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    assert_eq!(node_names(&view.facts()), ["one", "two"]);
    following.abort();
}

#[test]
fn every_cluster_of_the_fixtures_is_a_whole_view() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/clusters");
    let mut read = 0;
    for entry in fs::read_dir(fixtures).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let Loaded { facts, setting, unknown_kinds, objects, .. } = load(std::slice::from_ref(&path)).unwrap();
        assert_eq!(facts.missing().map(ToString::to_string).collect::<Vec<_>>(), [""; 0], "{path:?}");
        assert!(setting.is_none() && objects >= 8, "{path:?}");
        for unknown in unknown_kinds {
            assert!(matches!(unknown.kind.as_str(), "KubeVirt" | "NetworkAttachmentDefinition"), "{unknown}");
        }
        read += 1;
    }
    assert_eq!(read, 51);
}

#[test]
fn a_view_has_one_policy_at_most_and_none_alone() {
    let policy =
        "apiVersion: migration-network-webhook/v1\nkind: Policy\nreservedRanges: [10.1.0.0/16]\nwarnRules: []\n";
    let files = directory(&[("nodes.yaml", &node("a")), ("policy.yaml", policy)]);
    let Loaded { policy: read, objects, unknown_kinds, .. } = loaded(&files);
    let expected = Policy { reserved: vec!["10.1.0.0/16".parse().unwrap()], ..Policy::default() };
    assert_eq!((read, objects, unknown_kinds), (Some(expected), 1, vec![]));

    let twice = directory(&[("a.yaml", policy), ("b.yaml", policy)]);
    assert_eq!(
        refused(&twice),
        "\"b.yaml\" line 1 is a Policy that can't be taken: there is another one, and one view holds one"
    );
}
