use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::json;

use super::*;
use crate::setting::facts::{
    CrdState, HostNetwork, MatchedNodes, Missing, Node, ServiceCidr, SettingNetwork, VlanConfigFact,
};
use crate::setting::range::AddressRange;
use crate::setting::vlan::VlanId;
use crate::setting::{RWX_NETWORK, STORAGE_NETWORK};

mod kinds;
mod settings;

/// An index of objects of one kind, all of which can be read.
fn folded(kind: FactKind, objects: &[Value]) -> Facts {
    let mut index = Index::default();
    for object in objects {
        index.insert(kind, object, None).unwrap();
    }
    index.facts()
}

/// Why an index with this one object lacks its kind of fact.
fn refused(kind: FactKind, object: &Value) -> String {
    let mut index = Index::default();
    let why = index.insert(kind, object, None).unwrap_err();
    let mut facts = Facts::unknown("");
    index.of(kind).refresh(&mut facts);
    let missing: Vec<_> = facts.missing().filter(|missing| missing.kind == kind).cloned().collect();
    assert_eq!(missing, [Missing { kind, why: Arc::clone(&why) }]);
    why.to_string()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

#[test]
fn an_empty_view_lacks_its_nodes_and_nothing_else() {
    let facts = Index::default().facts();
    let missing: Vec<_> = facts.missing().map(ToString::to_string).collect();
    assert_eq!(missing, ["nodes (no Node in the view)"]);
    assert_eq!(*facts.whereabouts_crd.unwrap(), CrdState::Absent);
    assert_eq!(*facts.networks.unwrap(), BTreeMap::new());
}

#[test]
fn an_object_that_cannot_be_read_makes_its_fact_missing() {
    let cases = [
        (FactKind::Nodes, json!({"metadata": {}}), r#""" can't be read: metadata.name is missing"#),
        (FactKind::Nodes, json!({}), r#""" can't be read: metadata.name is missing"#),
        (
            FactKind::Nodes,
            json!({"metadata": {"name": "n\n", "labels": {"node-role.harvesterhci.io/witness": true}}}),
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
    let mut index = Index::default();
    index.insert(FactKind::Nodes, &json!({"metadata": {"name": "a"}}), None).unwrap();
    for broken in ["a", "b", "c"] {
        let shown = index.insert(FactKind::Nodes, &bad(broken), Some(&"x.yaml")).unwrap_err().to_string();
        let expected =
            format!("\"{broken}\" can't be read: spec: invalid type: integer `5`, expected a string, in x.yaml");
        assert_eq!(shown, expected);
    }
    let why = index.facts().nodes.unwrap_err().why;
    assert!(why.starts_with("\"a\" can't be read: ") && why.ends_with("; and 2 more"), "{why}");

    index.insert(FactKind::Nodes, &json!({"metadata": {"name": "a"}}), None).unwrap();
    index.of_mut(FactKind::Nodes).remove(&name("b"));
    assert!(index.facts().nodes.is_err());
    index.of_mut(FactKind::Nodes).remove(&name("c"));
    assert_eq!(index.facts().nodes.unwrap().iter().count(), 1);
}

#[test]
fn every_kind_lets_its_objects_go() {
    let mut index = Index::default();
    let empty = format!("{:?}", index.facts());
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
        index.insert(kind, &object, None).unwrap();
        assert_ne!(format!("{:?}", index.facts()), empty, "{kind}");
        index.of_mut(kind).remove(&object_name(kind, &object));
        assert_eq!(format!("{:?}", index.facts()), empty, "{kind}");
    }
}

#[test]
fn a_clone_shares_until_one_of_the_two_changes() {
    let mut index = Index::default();
    let node = |name: &str| json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}});
    index.insert(FactKind::Nodes, &node("node-0"), None).unwrap();
    let mut varied = index.clone();
    varied.insert(FactKind::Nodes, &node("node-1"), None).unwrap();
    let count = |index: &Index| index.facts().nodes.unwrap().worker_count();
    assert_eq!((count(&index), count(&varied)), (1, 2));
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
    let mut index = Index::default();
    let mut changes = |kind, object: &Value| {
        let _ = index.insert(kind, object, None);
        index.of_mut(kind).take_changed()
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
    index.of_mut(nodes).remove(&other);
    assert!(!index.of_mut(nodes).take_changed());
    let json = r#"{"metadata":{"name":"node-1"},"status":{"addresses":5}}"#;
    let why = r#""node-1" can't be read: status: invalid type: integer `5`, expected a sequence"#;
    assert_eq!(*index.insert_json(nodes, other.clone(), json).unwrap_err(), *why);
    assert!(index.of_mut(nodes).take_changed());
    assert!(index.of(nodes).holds(&other) && !index.of(migrations).holds(&object_named("ns", "m")));
    assert_eq!(index.of(nodes).counts(), (1, 1));
    index.of_mut(nodes).remove(&other);
    assert!(index.of_mut(nodes).take_changed() && !index.of_mut(nodes).take_changed());
    assert_eq!(index.of(nodes).counts(), (1, 0));
}

#[test]
fn what_is_not_wanted_goes() {
    let node = |name: &str| json!({"metadata": {"name": name}});
    let nodes = FactKind::Nodes;
    let mut index = Index::default();
    for name in ["a", "b"] {
        index.insert(nodes, &node(name), None).unwrap();
    }
    let _ = index.insert(nodes, &json!({"metadata": {"name": "c"}, "spec": 5}), None);
    assert!(index.of_mut(nodes).take_changed());
    index.of_mut(nodes).retain(&|_| true);
    assert!(!index.of_mut(nodes).take_changed());
    index.of_mut(nodes).retain(&|name| &*name.name == "b");
    assert!(index.of_mut(nodes).take_changed());
    assert_eq!(index.of(nodes).counts(), (1, 0));
    assert!(index.of(nodes).holds(&object_named("", "b")));
    let setting = |name: &str| json!({"metadata": {"name": name}, "value": 1});
    for name in [STORAGE_NETWORK, RWX_NETWORK] {
        let _ = index.insert(FactKind::Settings, &setting(name), None);
    }
    assert_eq!(index.of(FactKind::Settings).counts(), (0, 2));
}
