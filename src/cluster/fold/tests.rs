use std::net::Ipv4Addr;

use serde_json::json;

use super::*;
use crate::setting::facts::MatchedNodes;
use crate::setting::range::AddressRange;
use crate::setting::vlan::VlanId;
use crate::setting::{RWX_NETWORK, STORAGE_NETWORK};

mod kinds;
mod settings;

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

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
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
    assert_eq!(*facts.networks.unwrap(), BTreeMap::new());
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
