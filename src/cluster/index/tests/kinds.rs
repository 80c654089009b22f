//! The facts of each kind.

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
fn vlan_configs_keep_label_network_and_annotation() {
    for (label, cluster_network, annotation, matched) in [
        (
            json!("net"),
            json!("net"),
            json!(r#"["node-1","node-0"]"#),
            MatchedNodes::Nodes(names(&["node-0", "node-1"])),
        ),
        (json!("net"), json!("other"), json!(r#" ["node-1"] "#), MatchedNodes::Nodes(names(&["node-1"]))),
        (Value::Null, json!("net"), json!("[]"), MatchedNodes::Nodes(names(&[]))),
        (json!("net"), Value::Null, json!(""), MatchedNodes::Nodes(names(&[]))),
        (json!("net"), Value::Null, json!("null"), MatchedNodes::Nodes(names(&[]))),
        (json!("net"), Value::Null, Value::Null, MatchedNodes::Absent),
        (json!("net"), Value::Null, json!(" "), MatchedNodes::Unreadable(" ".to_owned())),
        (json!("net"), Value::Null, json!("{}"), MatchedNodes::Unreadable("{}".to_owned())),
        (json!("net"), Value::Null, json!("[\"node-0\",]"), MatchedNodes::Unreadable("[\"node-0\",]".to_owned())),
        (json!("net"), Value::Null, json!("[\"a\",null]"), MatchedNodes::Unreadable("[\"a\",null]".to_owned())),
    ] {
        let object = json!({"metadata": {
            "name": "vc",
            "labels": {"network.harvesterhci.io/clusternetwork": label},
            "annotations": {"network.harvesterhci.io/matched-nodes": annotation},
        }, "spec": {"clusterNetwork": cluster_network}});
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let expected = VlanConfigFact {
            name: "vc".to_owned(),
            label: text(&label),
            cluster_network: text(&cluster_network),
            matched,
        };
        assert_eq!(*folded(FactKind::VlanConfigs, &[object]).vlan_configs.unwrap(), [expected]);
    }
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
fn host_networks_keep_the_ipv4_addresses_that_their_mode_gives() {
    let both = json!({
        "node-0": {"ipv4": "192.168.2.10/24", "ipv6": "fd00::1/64"}, "node-1": {"ipv6": "fd00::2/64"}, "node-2": null,
    });
    let reported = json!({"nodeStatus": {
        "node-0": {"network": {"ipv4": "192.168.3.10/32"}}, "node-1": {"network": {"ipv4": "192.168.3.11"}},
        "node-2": {"network": {"ipv4": "", "ipv6": "fd00::3"}}, "node-3": {"mode": "dhcp"}, "node-4": null,
    }});
    let ips = json!({"node-1": "192.168.1.11/24", "node-0": "192.168.1.10/24", "node-2": "fd00::1/64"});
    let by_ips = [("node-0", [192, 168, 1, 10]), ("node-1", [192, 168, 1, 11])];
    let by_status = [("node-0", [192, 168, 3, 10]), ("node-1", [192, 168, 3, 11])];
    let by_both = [("node-0", [192, 168, 2, 10])];
    for (spec, status, dhcp, expected) in [
        (json!({"mode": "static", "ips": ips}), Value::Null, false, by_ips.to_vec()),
        (json!({}), json!({}), false, vec![]),
        (json!({"mode": "static", "ips": ips}), reported.clone(), false, [by_ips, by_status].concat()),
        (json!({"mode": "static", "hostMultiFamilyIPs": both}), Value::Null, false, by_both.to_vec()),
        (json!({"mode": "dhcp", "ips": ips, "hostMultiFamilyIPs": both}), reported.clone(), true, by_status.to_vec()),
        (json!({"mode": "dhcp", "ips": {"node-0": "nonsense"}}), Value::Null, true, vec![]),
    ] {
        let mut object = json!({"metadata": {"name": "a"}, "spec": spec, "status": status});
        object["spec"]["clusterNetwork"] = json!("net");
        object["spec"]["vlanID"] = json!(100);
        let expected = expected.into_iter().map(|(node, address)| (node.to_owned(), address.into())).collect();
        let expected = HostNetwork {
            name: "a".to_owned(),
            cluster_network: "net".to_owned(),
            vlan: VlanId::Tagged(100),
            dhcp,
            addresses: Ok(expected),
        };
        assert_eq!(*folded(FactKind::HostNetworkConfigs, &[object]).host_networks.unwrap(), [expected]);
    }
}

#[test]
fn a_host_network_without_readable_addresses_is_kept_with_the_reason() {
    for (spec, why) in [
        (
            json!({"ips": {"node-0": "x"}}),
            "spec.ips holds \"x\", which is not an address with its prefix length, as in 192.168.1.10/24",
        ),
        (
            json!({"ips": {"node-0": "10.0.0.1"}}),
            "spec.ips holds \"10.0.0.1\", which is not an address with its prefix length, as in 192.168.1.10/24",
        ),
        (json!({"ips": 5}), "spec.ips holds \"5\", which is not an object of addresses by node"),
    ] {
        let mut object = json!({"metadata": {"name": "a"}, "spec": spec});
        object["spec"]["clusterNetwork"] = json!("net");
        let mut index = Index::default();
        let unreadable = index.insert(FactKind::HostNetworkConfigs, &object, None).unwrap_err();
        assert_eq!(&*unreadable, format!("\"a\" can't be read: {why}"));
        let kept = index.facts().host_networks.unwrap();
        assert_eq!(kept[0].addresses, Err(unreadable));
        assert_eq!((kept[0].cluster_network.as_str(), kept[0].vlan), ("net", VlanId::Untagged));
    }
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
