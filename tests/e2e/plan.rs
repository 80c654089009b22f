//! The manual test plan for the network, as far as it needs no virtual machine: `docs/testing.md` says which line is where.

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};

use crate::harness::api::Patch;
use crate::harness::assets::repository;
use crate::harness::cluster::SETTING;
use crate::harness::{Guarded, Plane, world};
use crate::writers::broken;

/// The value of the plan's first case, with other parts where given.
fn value(parts: &Value) -> String {
    let mut value = json!({"clusterNetwork": "test-1", "vlan": 100, "range": "10.1.2.0/24"});
    for (key, part) in parts.as_object().unwrap() {
        value[key] = part.clone();
    }
    value.to_string()
}

/// The verdict on a change to this value, without making it: `admitted`, or a line for each problem.
fn verdict(cluster: &Plane, value: &str) -> String {
    match cluster.api.patch(&format!("{SETTING}?dryRun=All"), Patch::Merge, &json!({"value": value})) {
        Ok(_) => "admitted\n".to_owned(),
        Err(refusal) => {
            let causes = refusal.status["details"]["causes"].as_array().cloned().unwrap_or_default();
            assert!(!causes.is_empty(), "{value}: {refusal:?}");
            let lines =
                causes.iter().map(|cause| [&cause["field"], &cause["message"]].map(|text| text.as_str().unwrap()));
            lines.map(|line| line.join(": ") + "\n").collect()
        }
    }
}

/// The verdicts on all of them, each under its value.
fn verdicts(cluster: &Plane, values: impl IntoIterator<Item = String>) -> String {
    values.into_iter().fold(String::new(), |mut told, value| {
        write!(told, "{value}\n{}\n", verdict(cluster, &value)).unwrap();
        told
    })
}

fn assert_told(name: &str, told: &str) {
    insta::with_settings!({
        prepend_module_to_snapshot => false,
        omit_expression => true,
        snapshot_path => "snapshots/plan",
    }, {
        insta::assert_snapshot!(name, told);
    });
}

fn disabled() -> Guarded {
    Guarded::new(&world::healthy(), Some(&world::ours("")))
}

fn apply(cluster: &Plane, value: &str) -> String {
    cluster.kubectl(["apply", "-f", "-"]).stdin(world::manifest(value)).ok();
    cluster.setting().unwrap()["value"].as_str().unwrap_or_default().to_owned()
}

/// Cases 1 to 4: enable, move, disable in both spellings, and the same again.
#[test]
fn it_is_enabled_moved_and_disabled() {
    let cluster = disabled();
    let first = r#"{"clusterNetwork":"test-1","vlan":1,"range":"10.1.2.0/24"}"#;
    assert_eq!(apply(&cluster, first), first);
    let second = r#"{"clusterNetwork":"test-2","vlan":1,"range":"10.1.2.0/24"}"#;
    assert_eq!(apply(&cluster, second), second);

    let before = cluster.setting().unwrap();
    let reviews = cluster.reviews();
    let run = cluster.kubectl(["apply", "-f", "-"]).stdin(world::manifest(second)).run();
    assert_eq!(run.stdout, "setting.harvesterhci.io/vm-migration-network unchanged\n");
    assert_eq!(cluster.setting().unwrap(), before);
    assert_eq!(cluster.reviews(), reviews);

    assert_eq!(apply(&cluster, ""), "");
    assert_eq!(apply(&cluster, second), second);
    let mut without = world::plain("");
    without.as_object_mut().unwrap().remove("value");
    cluster.kubectl(["apply", "-f", "-"]).stdin(without.to_string()).ok();
    assert_eq!(cluster.setting().unwrap()["value"], Value::Null);
}

/// The form of the UI, opened and saved: the whole object, with an `exclude` that nobody wrote.
#[test]
fn the_form_saved_without_a_change_changes_nothing() {
    let stored = r#"{"clusterNetwork":"test-1","vlan":100,"range":"10.1.2.0/24"}"#;
    let cluster = Guarded::new(&world::healthy(), Some(&world::ours(stored)));
    let before = cluster.setting().unwrap();
    let mut saved = before.clone();
    saved["value"] = r#"{"clusterNetwork":"test-1","vlan":100,"range":"10.1.2.0/24","exclude":[]}"#.into();
    assert_eq!(cluster.api.replace(&saved, "").unwrap(), before);
    // Disabled stays disabled, also where the form writes a value that was absent.
    let mut off = before;
    off.as_object_mut().unwrap().remove("value");
    let off = cluster.api.replace(&off, "").unwrap();
    let mut saved = off.clone();
    saved["value"] = "".into();
    let saved = cluster.api.replace(&saved, "").unwrap();
    assert_eq!(saved["value"], "");
    assert_eq!(saved["metadata"]["annotations"], off["metadata"]["annotations"]);
}

#[test]
fn cluster_networks() {
    let mut cluster = disabled();
    let mut told = String::new();
    let value = value(&json!({"clusterNetwork": "test-3"}));
    let mut tell = |comment: &str, cluster: &mut Guarded| {
        cluster.relist();
        write!(told, "# {comment}\n{value}\n{}\n", verdict(cluster, &value)).unwrap();
    };
    tell("unknown", &mut cluster);
    cluster.api.apply(&world::cluster_network("test-3"));
    tell("without a VlanConfig", &mut cluster);
    cluster.api.apply(&world::vlan_config("test-3", "some", &["node-0"]));
    cluster.api.apply(&world::vlan_status("test-3", "node-0", "True"));
    tell("its VlanConfig selects one node", &mut cluster);
    cluster.api.apply(&world::vlan_config("test-3", "rest", &["node-1", "node-2"]));
    tell("on all nodes, but without a VlanStatus on two", &mut cluster);
    cluster.api.apply(&world::vlan_status("test-3", "node-1", "True"));
    cluster.api.apply(&world::vlan_status("test-3", "node-2", "False"));
    tell("on all nodes, not ready on one", &mut cluster);
    cluster.api.apply(&world::vlan_status("test-3", "node-2", "True"));
    tell("on all nodes", &mut cluster);
    cluster.api.apply(&world::vlan_config("test-3", "nowhere", &[]));
    tell("on all nodes, and another VlanConfig that selects none", &mut cluster);
    cluster.api.apply(&world::witness("witness", 3));
    tell("on all nodes but a witness", &mut cluster);
    assert_told("cluster-networks", &told);
}

#[test]
fn vlans() {
    let cluster = disabled();
    let vlans = [0, 1, 2, 4094, 4095, 65536, -1].map(|vlan| value(&json!({"vlan": vlan})));
    let on_mgmt = [0, 1, 2].map(|vlan| value(&json!({"clusterNetwork": "mgmt", "vlan": vlan})));
    assert_told("vlans", &verdicts(&cluster, vlans.into_iter().chain(on_mgmt)));
}

#[test]
fn ranges() {
    let cluster = disabled();
    let ranges = [
        "10.1.2.0/24",
        "10.1.0.0/16",
        "10.1.2.0",
        "10.1.2.0/33",
        "10.1.2.300/24",
        "10.1.2.1/24",
        "10.0.0.0/15",
        "10.1.2.0/31",
        "10.1.2.0/32",
        "fd00::/64",
        "::ffff:10.1.2.0/120",
        "10.42.1.0/24",
        "10.43.0.0/16",
        "10.52.255.0/24",
        "10.53.128.0/17",
    ];
    assert_told("ranges", &verdicts(&cluster, ranges.map(|range| value(&json!({"range": range})))));
}

#[test]
fn excludes() {
    let cluster = disabled();
    let excludes = [
        json!(["10.1.2.1/32", "10.1.2.128/25"]),
        json!(["10.1.2.1"]),
        json!(["10.1.2.0/abc"]),
        json!(["10.1.3.0/24"]),
        json!(["10.1.2.0/24"]),
        json!(["10.1.0.0/16"]),
        json!(["10.1.2.5/24"]),
        json!(["10.1.2.0/25", "10.1.2.64/26"]),
        json!(["10.1.2.0/28", "10.1.2.128/28", "10.1.2.1/32"]),
        json!(["10.1.2.0/25", "10.1.2.0/25"]),
    ];
    assert_told("excludes", &verdicts(&cluster, excludes.map(|exclude| value(&json!({"exclude": exclude})))));
}

#[test]
fn addresses_for_every_node() {
    let cluster = disabled();
    let values = [
        // Six usable for three nodes, then three, then two.
        json!({"range": "10.1.2.0/29"}),
        json!({"range": "10.1.2.0/29", "exclude": ["10.1.2.1/32", "10.1.2.2/31"]}),
        json!({"range": "10.1.2.0/29", "exclude": ["10.1.2.1/32", "10.1.2.2/31", "10.1.2.4/32"]}),
        json!({"range": "10.1.2.0/30"}),
    ];
    assert_told("addresses", &verdicts(&cluster, values.map(|parts| value(&parts))));
}

/// Enabling, changing and disabling: Harvester's own webhook looks only when the Setting is made.
#[test]
fn migrations() {
    let stored = value(&json!({}));
    for phase in ["", "Pending", "Scheduling", "PreparingTarget", "Running", "a phase of tomorrow"] {
        let mut objects = world::healthy();
        objects.push(world::migration("one", phase));
        let cluster = Guarded::new(&objects, Some(&world::ours(&stored)));
        for changed in [value(&json!({"vlan": 101})), String::new()] {
            let verdict = verdict(&cluster, &changed);
            let expected = "value: Forbidden: live migration in progress: default/one; retry when it has ended.";
            assert!(verdict.starts_with(expected), "{phase:?}, to {changed:?}: {verdict}");
        }
        for ended in ["Succeeded", "Failed"] {
            cluster.api.apply(&world::migration("one", ended));
            cluster.eventually_admitted(&json!({"value": ""}));
            assert_eq!(verdict(&cluster, &value(&json!({"vlan": 101}))), "admitted\n", "{phase:?}, then {ended}");
        }
    }
}

#[test]
fn sibling_networks() {
    let mut cluster = disabled();
    let network = r#"{"clusterNetwork":"test-1","vlan":1,"range":"10.1.2.0/24"}"#;
    let same = value(&json!({"vlan": 1}));
    let mut told = String::new();
    let mut tell = |comment: &str, cluster: &mut Guarded, value: &str| {
        cluster.relist();
        write!(told, "# {comment}\n{value}\n{}\n", verdict(cluster, value)).unwrap();
    };
    cluster.api.apply(&world::setting("storage-network", network, ""));
    tell("storage-network has the same", &mut cluster, &same);
    tell("storage-network has another range", &mut cluster, &value(&json!({"vlan": 1, "range": "10.1.3.0/24"})));
    cluster.api.apply(&world::setting("storage-network", "", ""));
    tell("both are at their default", &mut cluster, &same);
    let rwx = |share: bool| format!(r#"{{"share-storage-network":{share},"network":{network}}}"#);
    cluster.api.apply(&world::setting("rwx-network", &rwx(false), ""));
    tell("rwx-network has a network of its own", &mut cluster, &same);
    cluster.api.apply(&world::setting("rwx-network", &rwx(true), ""));
    tell("rwx-network shares the storage network", &mut cluster, &same);
    assert_told("sibling-networks", &told);
    // The other direction is for Harvester's webhook to refuse: it is no Setting of ours.
    apply(&cluster, &same);
    cluster.api.apply(&world::setting("storage-network", network, ""));
}

/// Harvester's controller does not retry after an error until this annotation goes: its removal must pass at any time.
#[test]
fn the_controller_can_be_told_to_retry() {
    let cluster = broken(Some(&world::ours(&value(&json!({})))));
    let hash = "vm-migration-network.settings.harvesterhci.io/hash";
    let setting = "settings.harvesterhci.io/vm-migration-network";
    cluster.kubectl(["annotate", setting, &format!("{hash}=0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33")]).ok();
    cluster.kubectl(["annotate", setting, &format!("{hash}-")]).ok();
    assert_eq!(cluster.setting().unwrap()["metadata"]["annotations"], Value::Null);
}

/// Keys of a newer Harvester: refused by name, never dropped in silence.
#[test]
fn dual_stack_is_refused_by_name() {
    let cluster = disabled();
    let parts = json!({"rangeV6": "fd00::/64", "rangeV6Start": "fd00::1", "rangeV6End": "fd00::ff"});
    assert_told("dual-stack", &verdicts(&cluster, [value(&parts)]));
}

/// `docs/testing.md` names tests that exist, and every module of them.
#[test]
fn the_page_and_the_tests_agree() {
    let file = |name: &str| fs::read_to_string(repository().join(name)).unwrap();
    let page = file("docs/testing.md");
    let named: Vec<(&str, &str)> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|code| code.split_once("::"))
        .filter(|(module, _)| *module != "world")
        .collect();
    assert!(named.len() > 20, "{named:?}");
    for (module, test) in named {
        let source = file(&format!("tests/e2e/{module}.rs"));
        assert!(source.contains(&format!("#[test]\nfn {test}() {{")), "{module}::{test}");
    }
    for module in file("tests/e2e/main.rs").lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')) {
        let has_tests = !["harness", "tunnel"].contains(&module);
        assert!(!has_tests || page.contains(&format!("| `{module}` |")), "no line about {module}");
    }
}
