//! What becomes of the objects of each kind.

use super::*;

#[test]
fn nodes_are_shrunk_to_what_rules_need() {
    let facts = folded(
        FactKind::Nodes,
        &[
            json!({
                "metadata": {"name": "node-1", "labels": {"node-role.harvesterhci.io/witness": "true"}},
                "spec": {"podCIDR": "10.9.0.0/24", "podCIDRs": ["10.52.1.9/24", "fd00::/64", "nonsense"]},
                "status": {"addresses": [
                    {"type": "InternalIP", "address": "10.0.0.1"},
                    {"type": "InternalIP", "address": "fd00::1"},
                    {"type": "InternalIP", "address": "nonsense"},
                    {"type": "Hostname", "address": "node-1"},
                    {"type": "ExternalIP", "address": "1.2.3.4"},
                ], "images": [{"names": ["x"]}]},
            }),
            json!({
                "metadata": {"name": "node-0", "labels": {"node-role.harvesterhci.io/witness": "yes"}},
                "spec": {"podCIDR": "10.52.0.0/24"},
            }),
            json!({"metadata": {"name": "node-2", "labels": null}, "spec": null, "status": {"addresses": null}}),
        ],
    );
    let nodes: Vec<_> = facts.nodes.unwrap().iter().cloned().collect();
    let node = |name: &str| Node { name: name.into(), ..Node::default() };
    let expected = [
        Node { pod_cidrs: Box::new([net("10.52.0.0/24")]), ..node("node-0") },
        Node {
            witness: true,
            internal_ips: Box::new([Ipv4Addr::new(10, 0, 0, 1)]),
            pod_cidrs: Box::new([net("10.52.1.0/24")]),
            ..node("node-1")
        },
        node("node-2"),
    ];
    assert_eq!(nodes, expected);
}

#[test]
fn vlan_configs_are_joined_by_label() {
    let vlan_config = |name: &str, network: Value, matched: Value| {
        json!({"metadata": {
            "name": name,
            "labels": {"network.harvesterhci.io/clusternetwork": network},
            "annotations": {"network.harvesterhci.io/matched-nodes": matched},
        }, "spec": {"clusterNetwork": "not looked at"}})
    };
    let facts = folded(
        FactKind::VlanConfigs,
        &[
            vlan_config("b", json!("net"), json!(r#"["node-1","node-0"]"#)),
            vlan_config("a", json!("net"), json!(r#" ["node-1"] "#)),
            vlan_config("z", json!("net"), json!("[\"node-0\",]")),
            vlan_config("y", json!("net"), json!(r#"["node-0",null]"#)),
            vlan_config("none", json!("empty"), json!("[]")),
            vlan_config("blank", json!("empty"), json!("")),
            vlan_config("null", json!("empty"), json!("null")),
            vlan_config("absent", json!("empty"), Value::Null),
            vlan_config("space", json!("spaced"), json!(" ")),
            vlan_config("object", json!("spaced"), json!("{}")),
            vlan_config("free", Value::Null, json!(r#"["node-0"]"#)),
        ],
    );
    let unreadable = |vlan_config: &str, annotation: &str| UnreadableAnnotation {
        vlan_config: vlan_config.to_owned(),
        annotation: annotation.to_owned(),
    };
    let expected = BTreeMap::from([
        ("empty".to_owned(), Coverage::default()),
        (
            "net".to_owned(),
            Coverage {
                nodes: names(&["node-0", "node-1"]),
                unreadable: vec![unreadable("y", r#"["node-0",null]"#), unreadable("z", "[\"node-0\",]")],
            },
        ),
        (
            "spaced".to_owned(),
            Coverage {
                nodes: NodeNames::default(),
                unreadable: vec![unreadable("object", "{}"), unreadable("space", " ")],
            },
        ),
    ]);
    assert_eq!(*facts.vlan_configs.unwrap(), expected);
}

#[test]
fn vlan_statuses_are_tied_by_label_and_else_by_status() {
    let vlan_status = |name: &str, labels: Value, ready: Value| {
        json!({"metadata": {"name": name, "labels": labels}, "status": {
            "clusterNetwork": "by-status",
            "node": "status-node",
            "conditions": [{"type": "Ready", "status": "True"}, {"type": "ready", "status": ready}],
        }})
    };
    let (network, node) = ("network.harvesterhci.io/clusternetwork", "network.harvesterhci.io/node");
    let facts = folded(
        FactKind::VlanStatuses,
        &[
            vlan_status("a", json!({network: "net", node: "node-1"}), json!("True")),
            vlan_status("b", json!({network: "net", node: "node-0"}), json!("True")),
            vlan_status("c", json!({network: "net", node: "node-2"}), json!("False")),
            vlan_status("d", json!({network: "net", node: "node-3"}), json!("Unknown")),
            vlan_status("e", json!({network: "net", node: "node-4"}), Value::Null),
            vlan_status("f", json!({network: "net"}), json!("True")),
            vlan_status("g", Value::Null, json!("True")),
            json!({"metadata": {"name": "h", "labels": {network: "net", node: "node-5"}}}),
            json!({"metadata": {"name": "i"}, "status": {"conditions": [{"type": "ready", "status": "True"}]}}),
        ],
    );
    let expected = BTreeMap::from([
        ("by-status".to_owned(), names(&["status-node"])),
        ("net".to_owned(), names(&["node-0", "node-1", "status-node"])),
    ]);
    assert_eq!(*facts.vlan_statuses.unwrap(), expected);
}

#[test]
fn host_networks_keep_ipv4_addresses() {
    let facts = folded(
        FactKind::HostNetworkConfigs,
        &[
            json!({"metadata": {"name": "a"}, "spec": {
                "clusterNetwork": "net", "vlanID": 100, "mode": "static",
                "ips": {"node-1": "192.168.1.11/24", "node-0": "192.168.1.10/24", "node-2": "fd00::1/64"},
            }}),
            json!({"metadata": {"name": "b"}, "spec": {"clusterNetwork": "mgmt", "vlanID": 1}}),
        ],
    );
    let expected = [
        HostNetwork {
            name: "a".to_owned(),
            cluster_network: "net".to_owned(),
            vlan: VlanId::Tagged(100),
            addresses: vec![
                ("node-0".to_owned(), Ipv4Addr::new(192, 168, 1, 10)),
                ("node-1".to_owned(), Ipv4Addr::new(192, 168, 1, 11)),
            ],
        },
        HostNetwork {
            name: "b".to_owned(),
            cluster_network: "mgmt".to_owned(),
            vlan: VlanId::Untagged,
            addresses: Vec::new(),
        },
    ];
    assert_eq!(*facts.host_networks.unwrap(), expected);
}

#[test]
fn a_migration_runs_until_its_phase_is_final() {
    let vmim = |name: &str, status: Value| json!({"metadata": {"namespace": "ns", "name": name}, "status": status});
    let mut objects = vec![
        vmim("none", Value::Null),
        vmim("empty", json!({})),
        vmim("null", json!({"phase": null})),
        vmim("blank", json!({"phase": ""})),
        vmim("unknown", json!({"phase": "SomethingNew"})),
        vmim("case", json!({"phase": "succeeded"})),
        vmim("state", json!({"phase": "Running", "migrationState": {"completed": true}})),
        vmim("ended", json!({"phase": "Succeeded"})),
        vmim("failed", json!({"phase": "Failed", "migrationState": null})),
        json!({"metadata": {"name": "leaving", "deletionTimestamp": "2026-01-01T00:00:00Z"}}),
    ];
    let running = |objects: &[Value]| -> BTreeSet<String> {
        let migrations = folded(FactKind::Migrations, objects).migrations.unwrap();
        migrations.iter().map(|name| format!("{}/{}", name.namespace, name.name)).collect()
    };
    let mut expected = BTreeSet::from(
        ["ns/none", "ns/empty", "ns/null", "ns/blank", "ns/unknown", "ns/case", "ns/state", "default/leaving"]
            .map(str::to_owned),
    );
    assert_eq!(running(&objects), expected);

    objects.push(vmim("state", json!({"phase": "Failed"})));
    expected.remove("ns/state");
    assert_eq!(running(&objects), expected);
}

#[test]
fn only_the_crd_of_whereabouts_counts() {
    let crd = |name: &str, conditions: Value| json!({"metadata": {"name": name}, "status": {"conditions": conditions}});
    let established = json!([{"type": "Established", "status": "True"}]);
    let state = |object: Value| *folded(FactKind::WhereaboutsCrd, &[object]).whereabouts_crd.unwrap();
    assert_eq!(state(crd("ippools.loadbalancer.harvesterhci.io", established.clone())), CrdState::Absent);
    assert_eq!(state(crd("ippools.whereabouts.cni.cncf.io", established)), CrdState::Established);
    let waiting = json!([{"type": "NamesAccepted", "status": "True"}, {"type": "Established", "status": "False"}]);
    assert_eq!(state(crd("ippools.whereabouts.cni.cncf.io", waiting)), CrdState::NotEstablished);
    assert_eq!(state(crd("ippools.whereabouts.cni.cncf.io", Value::Null)), CrdState::NotEstablished);
    assert_eq!(state(json!({"metadata": {"name": "x", "labels": 5}})), CrdState::Absent);
}

#[test]
fn service_cidrs_keep_ipv4() {
    let object = json!({"metadata": {"name": "kubernetes"}, "spec": {"cidrs": ["10.53.0.0/16", "fd00::/108"]}});
    let facts = folded(FactKind::ServiceCidrs, &[object]);
    let expected = [ServiceCidr { name: "kubernetes".to_owned(), cidr: net("10.53.0.0/16") }];
    assert_eq!(*facts.service_cidrs.unwrap(), expected);
}
