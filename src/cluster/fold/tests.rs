use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use serde_json::json;

use super::*;
use crate::network::range::AddressRange;
use crate::network::vlan::VlanId;

/// A fold of objects of one kind, all of which can be read.
fn folded(kind: FactKind, objects: &[Value]) -> Facts {
    let mut fold = Fold::default();
    for object in objects {
        fold.insert(kind, object, None).unwrap();
    }
    fold.facts()
}

/// Why a fold with this one object lacks its kind of fact.
fn refused(kind: FactKind, object: &Value) -> String {
    let mut fold = Fold::default();
    let undecodable = fold.insert(kind, object, None).unwrap_err();
    let mut facts = Facts::unknown("");
    fold.refresh(kind, &mut facts);
    let missing: Vec<_> = facts.missing().filter(|missing| missing.kind == kind).cloned().collect();
    assert_eq!(missing, [Missing { kind, why: Arc::clone(&undecodable.why) }]);
    undecodable.why.to_string()
}

fn names(names: &[&str]) -> NodeNames {
    names.iter().copied().collect()
}

fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

#[test]
fn an_empty_view_lacks_its_nodes_and_nothing_else() {
    let facts = Fold::default().facts();
    let missing: Vec<_> = facts.missing().map(ToString::to_string).collect();
    assert_eq!(missing, ["nodes (no Node in the view)"]);
    assert_eq!(*facts.whereabouts_crd.unwrap(), CrdState::Absent);
    assert_eq!(*facts.siblings.unwrap(), Siblings::default());
}

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

#[test]
fn the_storage_network_is_read_as_harvester_reads_it() {
    let on = |vlan: u16, exclusive_vlan, range: Option<(&str, &[&str])>| Sibling::On {
        vlan: VlanId::from(vlan),
        exclusive_vlan,
        range: Ok(range.map(|(range, excludes)| {
            AddressRange::new(net(range), &excludes.iter().map(|text| net(text)).collect::<Vec<_>>())
        })),
    };
    let on_somewhere = |vlan: u16, exclusive_vlan, why: &str| Sibling::On {
        vlan: VlanId::from(vlan),
        exclusive_vlan,
        range: Err(why.to_owned()),
    };
    let unreadable = |why: &str| Sibling::Unreadable(why.to_owned());
    let cases = [
        (json!({}), Sibling::Off),
        (json!({"value": null, "default": null}), Sibling::Off),
        (json!({"value": "", "default": " \n"}), Sibling::Off),
        (json!({"value": " ", "default": "{\"range\":\"10.0.0.0/24\"}"}), Sibling::Off),
        (json!({"value": "null"}), Sibling::Off),
        (json!({"value": "{}", "default": "{\"range\":\"10.0.0.0/24\"}"}), Sibling::Off),
        (json!({"value": "{\"range\":\"\",\"vlan\":5}"}), Sibling::Off),
        (json!({"value": "{\"vlan\":5,\"exclusiveVlan\":true}"}), on(5, true, None)),
        (json!({"default": "{\"range\":\"10.0.0.9/24\"}"}), on(0, false, Some(("10.0.0.0/24", &[])))),
        (
            json!({"value": "{\"RANGE\":\"10.0.0.0/024\",\"vlan\":1,\"vlan\":300,\"exclude\":[\"10.0.0.1\",\"10.0.0.77/26\",\"fd00::/64\"],\"gateway\":\"x\"}"}),
            on(300, false, Some(("10.0.0.0/24", &["10.0.0.1/32", "10.0.0.64/26"]))),
        ),
        (json!({"value": "{\"range\":\"fd00::/64\"}"}), on(0, false, None)),
        (json!({"value": "{not json"}), unreadable("value: it is not JSON")),
        (json!({"default": "[]"}), unreadable("default: it is not an object")),
        (
            json!({"value": "{\"range\":\"10.0.0.0/24\",\"vlan\":\"5\"}"}),
            unreadable("value.vlan is not an integer from 0 to 65535"),
        ),
        (
            json!({"value": "{\"range\":\"non\\u001bsense\",\"vlan\":300,\"exclusiveVlan\":true}"}),
            on_somewhere(300, true, "value.range holds \"non\\u001bsense\", which is not a CIDR"),
        ),
        (
            json!({"value": "{\"range\":\"10.0.0.0/24\",\"exclude\":[\"10.0.0.1\",null]}"}),
            on_somewhere(0, false, "value.exclude[1] holds \"\", which is not a CIDR or an address"),
        ),
    ];
    for (mut setting, storage) in cases {
        setting["metadata"] = json!({"name": "storage-network"});
        let siblings = folded(FactKind::Settings, std::slice::from_ref(&setting)).siblings.unwrap();
        assert_eq!(*siblings, Siblings { storage, rwx: Sibling::Off }, "{setting}");
    }
}

#[test]
fn the_rwx_network_may_share_the_storage_network() {
    let rwx = |value: &str| {
        let setting = json!({"metadata": {"name": "rwx-network"}, "value": value});
        folded(FactKind::Settings, &[setting]).siblings.unwrap().rwx.clone()
    };
    let network = r#""network":{"vlan":301,"range":"192.168.60.0/24","rangeV6":"fd00::/112"},"hostIPRange":"x""#;
    let on = Sibling::On {
        vlan: VlanId::Tagged(301),
        exclusive_vlan: false,
        range: Ok(Some(AddressRange::new(net("192.168.60.0/24"), &[]))),
    };
    assert_eq!(rwx(&format!("{{{network}}}")), on);
    assert_eq!(rwx(&format!("{{\"share-storage-network\":false,{network}}}")), on);
    assert_eq!(rwx(&format!("{{\"share-storage-network\":true,{network}}}")), Sibling::Off);
    assert_eq!(rwx(r#"{"share-storage-network":true,"network":{"range":"nonsense"}}"#), Sibling::Off);
    assert_eq!(rwx(r#"{"share-storage-network":null}"#), Sibling::Off);
    let unreadable = |why: &str| Sibling::Unreadable(why.to_owned());
    assert_eq!(rwx(r#"{"network":[]}"#), unreadable("value.network is not an object"));
    assert_eq!(
        rwx(r#"{"network":{"range":"nonsense"}}"#),
        Sibling::On {
            vlan: VlanId::Untagged,
            exclusive_vlan: false,
            range: Err("value.network.range holds \"nonsense\", which is not a CIDR".to_owned()),
        }
    );
}

#[test]
fn settings_that_no_rule_asks_for_are_not_read() {
    let odd = json!({"metadata": {"name": "vm-migration-network"}, "value": 5});
    assert_eq!(*folded(FactKind::Settings, &[odd]).siblings.unwrap(), Siblings::default());
}

#[test]
fn an_object_that_cannot_be_read_makes_its_fact_missing() {
    let cases = [
        (FactKind::Nodes, json!({"metadata": {}}), r#""" can't be read: metadata.name is missing"#),
        (FactKind::Nodes, json!({}), r#""" can't be read: metadata.name is missing"#),
        (
            FactKind::Nodes,
            json!({"metadata": {"name": "n\n", "labels": {"a": true}}}),
            r#""n\n" can't be read: metadata: invalid type: boolean `true`, expected a string"#,
        ),
        (
            FactKind::Nodes,
            json!({"metadata": {"name": "n"}, "spec": {"podCIDRs": "10.52.0.0/24"}}),
            r#""n" can't be read: spec: invalid type: string "10.52.0.0/24", expected a sequence"#,
        ),
        (
            FactKind::Migrations,
            json!({"metadata": {"name": "m"}, "status": ["Succeeded"]}),
            r#""m" can't be read: status is not an object"#,
        ),
        (
            FactKind::HostNetworkConfigs,
            json!({"metadata": {"name": "h"}, "spec": {"clusterNetwork": "a", "ips": {"n": "192.168.1.10"}}}),
            r#""h" can't be read: spec.ips holds "192.168.1.10", which is not an address with its prefix length, as in 192.168.1.10/24"#,
        ),
        (
            FactKind::HostNetworkConfigs,
            json!({"metadata": {"name": "h"}}),
            r#""h" can't be read: spec.clusterNetwork is missing"#,
        ),
        (
            FactKind::HostNetworkConfigs,
            json!({"metadata": {"name": "h"}, "spec": {"clusterNetwork": "a", "vlanID": 65536}}),
            r#""h" can't be read: spec: invalid value: integer `65536`, expected u16"#,
        ),
        (
            FactKind::Settings,
            json!({"metadata": {"name": "storage-network"}, "value": {"vlan": 5}}),
            r#""storage-network" can't be read: invalid type: map, expected a string"#,
        ),
    ];
    for (kind, object, why) in cases {
        assert_eq!(refused(kind, &object), why, "{object}");
    }
}

#[test]
fn an_undecodable_object_heals_when_it_changes_or_goes() {
    let name = |name: &str| ObjectName { namespace: "".into(), name: name.into() };
    let bad = |name: &str| json!({"metadata": {"name": name}, "spec": {"podCIDRs": [5]}});
    let mut fold = Fold::default();
    fold.insert(FactKind::Nodes, &json!({"metadata": {"name": "a"}}), None).unwrap();
    for broken in ["a", "b", "c"] {
        let shown = fold.insert(FactKind::Nodes, &bad(broken), Some(&"x.yaml")).unwrap_err().to_string();
        let expected =
            format!("nodes \"{broken}\" can't be read: spec: invalid type: integer `5`, expected a string, in x.yaml");
        assert_eq!(shown, expected);
    }
    let why = fold.facts().nodes.unwrap_err().why;
    assert!(why.starts_with("\"a\" can't be read: ") && why.ends_with("; and 2 more"), "{why}");

    fold.insert(FactKind::Nodes, &json!({"metadata": {"name": "a"}}), None).unwrap();
    fold.remove(FactKind::Nodes, &name("b"));
    assert!(fold.facts().nodes.is_err());
    fold.remove(FactKind::Nodes, &name("c"));
    assert_eq!(fold.facts().nodes.unwrap().iter().count(), 1);
}

#[test]
fn every_kind_lets_its_objects_go() {
    let mut fold = Fold::default();
    let empty = format!("{:?}", fold.facts());
    for kind in FactKind::ALL {
        let object = match kind {
            FactKind::WhereaboutsCrd => json!({"metadata": {"name": "ippools.whereabouts.cni.cncf.io"}}),
            FactKind::Settings => json!({"metadata": {"name": "rwx-network"}, "value": "x"}),
            FactKind::VlanConfigs => {
                json!({"metadata": {"name": "o", "labels": {"network.harvesterhci.io/clusternetwork": "net"}}})
            }
            FactKind::VlanStatuses => json!({"metadata": {"name": "o"}, "status": {
                "clusterNetwork": "net", "node": "n", "conditions": [{"type": "ready", "status": "True"}]}}),
            FactKind::HostNetworkConfigs => json!({"metadata": {"name": "o"}, "spec": {"clusterNetwork": "net"}}),
            FactKind::ServiceCidrs => json!({"metadata": {"name": "o"}, "spec": {"cidrs": ["10.0.0.0/8"]}}),
            _ => json!({"metadata": {"name": "o"}}),
        };
        fold.insert(kind, &object, None).unwrap();
        assert_ne!(format!("{:?}", fold.facts()), empty, "{kind}");
        fold.remove(kind, &object_name(kind, &object));
        assert_eq!(format!("{:?}", fold.facts()), empty, "{kind}");
    }
}

#[test]
fn a_clone_shares_until_one_of_the_two_changes() {
    let mut fold = Fold::default();
    let node = |name: &str| json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}});
    fold.insert(FactKind::Nodes, &node("node-0"), None).unwrap();
    let mut varied = fold.clone();
    varied.insert(FactKind::Nodes, &node("node-1"), None).unwrap();
    let count = |fold: &Fold| fold.facts().nodes.unwrap().worker_count();
    assert_eq!((count(&fold), count(&varied)), (1, 2));
    assert!(fold.migrations.shares(&varied.migrations));
}

fn object_named(namespace: &str, name: &str) -> ObjectName {
    ObjectName { namespace: namespace.into(), name: name.into() }
}

/// Most of what happens in a cluster is no news to the rules.
#[test]
fn only_what_a_rule_would_see_is_a_change() {
    let migration = |phase: &str| json!({"metadata": {"namespace": "ns", "name": "m"}, "status": {"phase": phase}});
    let node = |seen: &str| json!({"metadata": {"name": "node-0", "annotations": {"seen": seen}}});
    let (migrations, nodes) = (FactKind::Migrations, FactKind::Nodes);
    let mut fold = Fold::default();
    let mut changes = |kind, object: &Value| {
        let _ = fold.insert(kind, object, None);
        fold.take_changed(kind)
    };
    assert!(!changes(migrations, &migration("Succeeded")));
    assert!(changes(migrations, &migration("Pending")));
    assert!(!changes(migrations, &migration("Running")));
    assert!(changes(migrations, &migration("Failed")));
    assert!(changes(migrations, &json!({"metadata": {"namespace": "ns", "name": "m"}, "status": 1})));
    assert!(!changes(migrations, &json!({"metadata": {"namespace": "ns", "name": "m"}, "status": 2})));
    assert!(changes(migrations, &migration("Failed")));
    assert!(changes(nodes, &node("1")));
    assert!(!changes(nodes, &node("2")));

    let other = object_named("", "node-1");
    fold.remove(nodes, &other);
    assert!(!fold.take_changed(nodes));
    assert_eq!(fold.refuse(nodes, other.clone(), "too deep").why.as_ref(), r#""node-1" can't be read: too deep"#);
    assert!(fold.take_changed(nodes));
    assert!(fold.holds(nodes, &other) && !fold.holds(migrations, &object_named("ns", "m")));
    assert_eq!(fold.counts(nodes), (1, 1));
    fold.remove(nodes, &other);
    assert!(fold.take_changed(nodes) && !fold.take_changed(nodes));
    assert_eq!(fold.counts(nodes), (1, 0));
}

#[test]
fn a_new_list_takes_the_place_of_what_was_known() {
    let fold_of = |kind, objects: &[Value]| {
        let mut fold = Fold::default();
        for object in objects {
            let _ = fold.insert(kind, object, None);
        }
        fold
    };
    let node = |name: &str| json!({"metadata": {"name": name}});
    let nodes = FactKind::Nodes;
    let mut fold = fold_of(nodes, &[node("a"), node("b")]);
    assert!(fold.take_changed(nodes));
    fold.adopt(nodes, fold_of(nodes, &[node("b"), node("a")]), None);
    assert!(!fold.take_changed(nodes));
    fold.adopt(nodes, fold_of(nodes, &[node("b"), node("c")]), None);
    assert!(fold.take_changed(nodes));
    assert!(!fold.holds(nodes, &object_named("", "a")) && fold.holds(nodes, &object_named("", "c")));

    // A list for one name knows nothing of others.
    let setting = |name: &str, value: &Value| json!({"metadata": {"name": name}, "value": value});
    let (storage, rwx) = (object_named("", STORAGE_NETWORK), object_named("", RWX_NETWORK));
    let settings = FactKind::Settings;
    let mut fold = fold_of(settings, &[setting(STORAGE_NETWORK, &json!("")), setting(RWX_NETWORK, &json!(""))]);
    fold.take_changed(settings);
    fold.adopt(settings, fold_of(settings, &[setting(STORAGE_NETWORK, &json!(1))]), Some(&storage));
    assert!(fold.take_changed(settings));
    assert_eq!(fold.counts(settings), (1, 1));
    fold.adopt(settings, Fold::default(), Some(&storage));
    assert!(fold.take_changed(settings));
    assert!(!fold.holds(settings, &storage) && fold.holds(settings, &rwx));
    fold.adopt(settings, Fold::default(), Some(&storage));
    assert!(!fold.take_changed(settings));
}
