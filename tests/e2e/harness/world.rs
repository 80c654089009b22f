//! What a Harvester cluster holds besides us: as much of it as the rules read.

use serde_json::{Value, json};

/// Where the nodes live: `192.168.100.10` and so on.
pub const NODES: [&str; 3] = ["node-0", "node-1", "node-2"];

/// The value that Harvester's documentation gives as its example, byte for byte.
pub const DOCUMENTED: &str =
    r#"{"vlan":100,"clusterNetwork":"vm-migration","range":"192.168.1.0/24", "exclude":["192.168.1.100/32"]}"#;

/// The same, canonical.
pub const CANONICAL: &str =
    r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24","exclude":["192.168.1.100/32"]}"#;

/// A cluster in which [`DOCUMENTED`] is fine: three nodes, the cluster networks `mgmt`, `vm-migration`, `test-1` and
/// `test-2` ready on all of them, the sibling networks off, nothing migrating.
pub fn healthy() -> Vec<Value> {
    let mut objects: Vec<Value> = NODES.iter().enumerate().map(|(index, name)| node(name, index)).collect();
    objects.push(cluster_network("mgmt"));
    for network in ["vm-migration", "test-1", "test-2"] {
        objects.push(cluster_network(network));
        objects.push(vlan_config(network, "all", &NODES));
        objects.extend(NODES.iter().map(|node| vlan_status(network, node, "True")));
    }
    objects.push(setting("storage-network", "", ""));
    objects.push(setting("rwx-network", "", r#"{"share-storage-network":false}"#));
    objects
}

/// A node with an address of its own and a pod range.
pub fn node(name: &str, index: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
        "spec": {"podCIDR": format!("10.52.{index}.0/24"), "podCIDRs": [format!("10.52.{index}.0/24")]},
        "status": {"addresses": [
            {"type": "InternalIP", "address": format!("192.168.100.{}", 10 + index)},
            {"type": "Hostname", "address": name},
        ]}
    })
}

/// A witness: it runs no virtual machines.
pub fn witness(name: &str, index: usize) -> Value {
    let mut node = node(name, index);
    node["metadata"]["labels"] = json!({"node-role.harvesterhci.io/witness": "true"});
    node
}

/// A `ClusterNetwork`.
pub fn cluster_network(name: &str) -> Value {
    json!({"apiVersion": "network.harvesterhci.io/v1beta1", "kind": "ClusterNetwork", "metadata": {"name": name}})
}

/// The `VlanConfig` `NETWORK-SUFFIX` that matches these nodes.
pub fn vlan_config(network: &str, suffix: &str, nodes: &[&str]) -> Value {
    json!({
        "apiVersion": "network.harvesterhci.io/v1beta1", "kind": "VlanConfig",
        "metadata": {
            "name": format!("{network}-{suffix}"),
            "labels": {"network.harvesterhci.io/clusternetwork": network},
            "annotations": {"network.harvesterhci.io/matched-nodes": json!(nodes).to_string()},
        },
        "spec": {"clusterNetwork": network, "uplink": {"nics": ["ens7"]}}
    })
}

/// The `VlanStatus` `NETWORK-NODE`.
pub fn vlan_status(network: &str, node: &str, ready: &str) -> Value {
    json!({
        "apiVersion": "network.harvesterhci.io/v1beta1", "kind": "VlanStatus",
        "metadata": {
            "name": format!("{network}-{node}"),
            "labels": {
                "network.harvesterhci.io/clusternetwork": network,
                "network.harvesterhci.io/node": node,
                "network.harvesterhci.io/vlanconfig": format!("{network}-all"),
            },
        },
        "status": {"clusterNetwork": network, "node": node, "conditions": [{"type": "ready", "status": ready}]}
    })
}

/// A Setting.
pub fn setting(name: &str, value: &str, default: &str) -> Value {
    json!({
        "apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting", "metadata": {"name": name},
        "value": value, "default": default
    })
}

/// The guarded Setting.
pub fn ours(value: &str) -> Value {
    setting("vm-migration-network", value, "")
}

/// The guarded Setting as a user keeps it in a file: without `default`, which is Harvester's.
pub fn plain(value: &str) -> Value {
    let mut setting = ours(value);
    setting.as_object_mut().expect("an object").remove("default");
    setting
}

/// The text of such a file.
pub fn manifest(value: &str) -> String {
    plain(value).to_string()
}

/// A migration in `default`, in this phase; `""` is one that no controller has seen yet.
pub fn migration(name: &str, phase: &str) -> Value {
    let mut migration = json!({
        "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstanceMigration",
        "metadata": {"name": name, "namespace": "default"}, "spec": {"vmiName": "a-machine"}
    });
    if !phase.is_empty() {
        migration["status"] = json!({"phase": phase});
    }
    migration
}

/// Everything that can be wrong at once: no network is ready, an unreadable sibling, no address to spare, a migration.
pub fn breakage() -> Vec<Value> {
    let mut bad_config = vlan_config("vm-migration", "all", &[]);
    bad_config["metadata"]["annotations"]["network.harvesterhci.io/matched-nodes"] = "no JSON".into();
    let mut clashing = node("node-3", 3);
    clashing["status"]["addresses"][0]["address"] = "192.168.1.1".into();
    vec![
        bad_config,
        clashing,
        vlan_status("vm-migration", "node-0", "False"),
        setting("storage-network", "no JSON", ""),
        setting("rwx-network", "", r#"{"share-storage-network":false,"network":{"range":"192.168.0.0/16"}}"#),
        migration("running", "Running"),
    ]
}
