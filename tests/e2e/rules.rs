//! Each rule as kubectl's users meet it: all that is printed, for every way to send a value.

use std::fmt::Write as _;

use migration_network_webhook::setting::RuleId;
use serde_json::json;

use crate::harness::assets::repository;
use crate::harness::edit::Editor;
use crate::harness::{Cluster, Guarded, Plane, Run, world};

/// Sends the value in seven ways, and tells of each what kubectl printed. Standard error is marked with `!`.
fn transcript(cluster: &Plane, value: &str) -> String {
    let mut told = String::new();
    let mut tell = |shown: &str, run: &Run| write!(told, "$ kubectl {shown}\n{run}\n").unwrap();
    let manifest = world::manifest(value);
    for shown in ["apply -f -", "apply --server-side -f -", "apply --dry-run=server -f -", "diff -f -"] {
        tell(shown, &cluster.kubectl(shown.split(' ')).stdin(&*manifest).run());
    }
    let patch = json!({"value": value}).to_string();
    let run = cluster.kubectl(["patch", "settings.harvesterhci.io/vm-migration-network", "--type=merge", "-p", &patch]);
    tell("patch --type=merge -p '{\"value\":…}'", &run.run());

    let other = json!({
        "apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting", "metadata": {"name": "other"}, "value": 5
    });
    let two = cluster.kubectl(["apply", "-f", "-"]).stdin(format!("{manifest}\n---\n{other}\n"));
    tell("apply -f -  # with another object, refused as well", &two.run());

    let editor = Editor::writing(value);
    tell("edit setting vm-migration-network", &editor.run(cluster));
    told + "# the editor, opened again\n" + &editor.reproach()
}

/// The value is refused, and each command says so in the words of the snapshot that is named after the rule.
fn refused(name: &str, value: &str, prepare: impl FnOnce(&Plane)) {
    let cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    // As a user who has disabled it: the value belongs to nobody.
    let disabled =
        r#"{"apiVersion":"harvesterhci.io/v1beta1","kind":"Setting","metadata":{"name":"vm-migration-network"}}"#;
    cluster.kubectl(["apply", "-f", "-"]).stdin(disabled).ok();
    prepare(&cluster);
    let cluster = Guarded::of(cluster);
    let before = cluster.setting();
    let told = transcript(&cluster, value);
    assert_eq!(cluster.setting().unwrap(), before.unwrap(), "nothing is stored");
    insta::with_settings!({
        prepend_module_to_snapshot => false,
        omit_expression => true,
        snapshot_path => "snapshots/rules",
        filters => [(r"/\S+/kubectl-edit-\d+\.yaml", "[a temporary file]")],
    }, {
        insta::assert_snapshot!(name, told);
    });
}

const EXAMPLE: &str = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24"}"#;

#[test]
fn value_syntax() {
    let value = r#"{"clusternetwork":"vm-migration","vlan":"100","range":null,"exclude":["192.168.1.1/32",2]}"#;
    refused("value-syntax", value, |_| ());
}

#[test]
fn vlan_range() {
    refused("vlan-range", r#"{"clusterNetwork":"vm-migration","vlan":4095,"range":"192.168.1.0/24"}"#, |_| ());
}

#[test]
fn vlan_untagged_on_mgmt() {
    refused("vlan-untagged-on-mgmt", r#"{"clusterNetwork":"mgmt","vlan":1,"range":"192.168.1.0/24"}"#, |_| ());
}

#[test]
fn range_not_ipv4_network() {
    let value = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.7/24"}"#;
    refused("range-not-ipv4-network", value, |_| ());
}

#[test]
fn range_reserved() {
    refused("range-reserved", r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"10.52.0.0/24"}"#, |_| ());
}

#[test]
fn range_contains_node_address() {
    let value = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.100.0/24"}"#;
    refused("range-contains-node-address", value, |_| ());
}

#[test]
fn exclude_invalid() {
    let exclude = r#"["192.168.1.0/28","10.0.0.0/24","192.168.1.8/29","192.168.1.77"]"#;
    let value =
        format!(r#"{{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24","exclude":{exclude}}}"#);
    refused("exclude-invalid", &value, |_| ());
}

#[test]
fn range_too_small() {
    refused("range-too-small", r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/30"}"#, |_| ());
}

#[test]
fn migration_in_progress() {
    refused("migration-in-progress", EXAMPLE, |cluster| {
        for (index, phase) in ["", "Pending", "Scheduling", "Running", "Succeeded", "Failed"].into_iter().enumerate() {
            cluster.api.apply(&world::migration(&format!("migration-{index}"), phase));
        }
    });
}

#[test]
fn cluster_network_missing() {
    refused("cluster-network-missing", r#"{"clusterNetwork":"test-3","vlan":100,"range":"192.168.1.0/24"}"#, |_| ());
}

#[test]
fn vlan_config_missing() {
    refused("vlan-config-missing", EXAMPLE, |cluster| {
        cluster.api.apply(&world::vlan_config("vm-migration", "all", &["node-0"]));
    });
}

#[test]
fn vlan_status_not_ready() {
    refused("vlan-status-not-ready", EXAMPLE, |cluster| {
        cluster.api.apply(&world::vlan_status("vm-migration", "node-1", "False"));
    });
}

#[test]
fn whereabouts_crd_missing() {
    refused("whereabouts-crd-missing", EXAMPLE, |cluster| {
        cluster.kubectl(["delete", "crd", "ippools.whereabouts.cni.cncf.io"]).ok();
    });
}

#[test]
fn network_overlap() {
    refused("network-overlap", EXAMPLE, |cluster| {
        let value = r#"{"clusterNetwork":"test-1","vlan":7,"range":"192.168.0.0/20"}"#;
        cluster.api.apply(&world::setting("storage-network", value, ""));
    });
}

#[test]
fn vlan_exclusive() {
    refused("vlan-exclusive", EXAMPLE, |cluster| {
        let value = r#"{"clusterNetwork":"test-1","vlan":100,"exclusiveVlan":true,"range":"172.16.0.0/24"}"#;
        cluster.api.apply(&world::setting("storage-network", value, ""));
    });
}

/// All that is wrong, at once: one attempt, one list.
#[test]
fn several_rules() {
    let value = r#"{"clusterNetwork":"test-3","vlan":9999,"range":"192.168.100.0/24","exclude":["192.168.7.0/24"]}"#;
    refused("several-rules", value, |cluster| cluster.apply_all(&world::breakage()));
}

#[test]
fn every_rule_has_its_transcript() {
    for rule in RuleId::ALL {
        let path = repository().join(format!("tests/e2e/snapshots/rules/{rule}.snap"));
        assert!(path.exists(), "{}", path.display());
    }
}
