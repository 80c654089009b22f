//! Rules about what is there and what goes on in the cluster.

use super::*;

#[test]
fn running_migrations_are_named_up_to_three() {
    let names =
        |count: usize| (0..count).map(|index| ObjectName { namespace: "ns".into(), name: format!("m{index}").into() });
    let value = value("net", 100, "192.168.1.0/24", &[]);
    for (count, text) in [(1, "ns/m0;"), (3, "ns/m0, ns/m1, ns/m2;"), (7, "ns/m0, ns/m1, ns/m2 and 4 more;")] {
        let facts = Facts { migrations: known(names(count).collect()), ..ready() };
        let findings = judged(&value, &facts, &Policy::default());
        let [violation] = findings.violations.listed() else { panic!("{findings:?}") };
        assert_eq!((violation.rule(), violation.field.to_string().as_str()), (RuleId::MigrationInProgress, "value"));
        let message = violation.to_string();
        assert!(message.starts_with(&format!("Forbidden: live migration in progress: {text} ")), "{message}");
    }
}

#[test]
fn a_missing_cluster_network_hides_what_would_only_say_it_again() {
    let value = value("nett", 100, "192.168.1.0/24", &[]);
    assert_eq!(broken(&value, &ready()), ["cluster-network-missing value.clusterNetwork"]);
    let known_by_name = Facts { cluster_networks: known(BTreeSet::from(["nett".to_owned()])), ..ready() };
    assert_eq!(broken(&value, &known_by_name), ["vlan-config-missing value.clusterNetwork"]);
    // Not known whether it is missing, but certain that no VlanConfig belongs to it.
    let unknown = Facts { cluster_networks: Facts::unknown("").cluster_networks, ..ready() };
    assert_eq!(broken(&value, &unknown), ["vlan-config-missing value.clusterNetwork"]);
}

#[test]
fn vlan_configs_reach_every_node_and_statuses_are_ready_where_they_do() {
    let (config, status) = ("vlan-config-missing value.clusterNetwork", "vlan-status-not-ready value.clusterNetwork");
    let unreadable = || vlan_config("vc", MatchedNodes::Unreadable("x".to_owned()));
    for (covered, mut vlan_configs, ready_on, expected) in [
        (&["node-0", "node-1"] as &[&str], vec![], &["node-0", "node-1"] as &[&str], vec![]),
        (&["node-0", "node-1", "node-2", "gone"], vec![], &["node-0", "node-1"], vec![]),
        (&["node-0", "node-1"], vec![], &["node-0"], vec![status]),
        (&["node-0", "node-1"], vec![], &[], vec![status]),
        (&["node-0"], vec![], &["node-0"], vec![config]),
        (&["node-0"], vec![], &["node-1"], vec![config, status]),
        (&["node-1"], vec![], &["node-1"], vec![config]),
        (&[], vec![], &[], vec![config]),
        (&["node-0", "node-1"], vec![unreadable()], &["node-0", "node-1"], vec![config]),
        (&["node-0"], vec![unreadable(), unreadable()], &[], vec![config, config, config, status]),
    ] {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        vlan_configs.extend(covered.iter().map(|node| vlan_config(node, MatchedNodes::Nodes(set(&[node])))));
        vlan_configs.push(vlan_config("none", MatchedNodes::Absent));
        let facts = Facts {
            vlan_configs: known(vlan_configs),
            vlan_statuses: known(BTreeMap::from([("net".to_owned(), set(ready_on))])),
            ..ready()
        };
        assert_eq!(broken(&value("net", 100, "192.168.1.0/24", &[]), &facts), expected, "{covered:?} {ready_on:?}");
    }
    let no_status = Facts { vlan_statuses: known(BTreeMap::new()), ..ready() };
    assert_eq!(broken(&value("net", 100, "192.168.1.0/24", &[]), &no_status), [status]);
}

#[test]
fn the_crd_of_whereabouts_is_established() {
    for state in [CrdState::Absent, CrdState::NotEstablished] {
        let facts = Facts { whereabouts_crd: known(state), ..ready() };
        assert_eq!(broken(&value("net", 100, "192.168.1.0/24", &[]), &facts), ["whereabouts-crd-missing value"]);
    }
}
