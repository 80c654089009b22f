//! What the tests of all rules share, and those that several rules are in.

pub(super) use std::collections::{BTreeMap, BTreeSet};
pub(super) use std::net::Ipv4Addr;
pub(super) use std::sync::Arc;

pub(super) use ipnet::Ipv4Net;

pub(super) use super::*;
pub(super) use crate::setting::Policy;
pub(super) use crate::setting::facts::{
    CrdState, HostNetwork, MatchedNodes, Node, ObjectName, ServiceCidr, SettingNetwork, VlanConfigFact,
};
pub(super) use crate::setting::facts::{Fact, Facts, Nodes};
pub(super) use crate::setting::problem::MAX_LISTED;
pub(super) use crate::setting::range::AddressRange;
pub(super) use crate::setting::{GuardedSetting, Warning};
pub(super) use crate::setting::{ParsedValue, RWX_NETWORK, STORAGE_NETWORK};

/// Two nodes and a witness; the cluster network `net` spans both nodes; every rule can pass.
pub(super) fn ready() -> Facts {
    let names = || BTreeSet::from(["node-0", "node-1"].map(str::to_owned));
    let node = |index: u8| Node {
        name: format!("node-{index}").into(),
        witness: index == 2,
        internal_ips: Box::new([Ipv4Addr::new(10, 115, 0, 10 + index)]),
        pod_cidrs: Box::new([net(&format!("10.52.{index}.0/24"))]),
    };
    Facts {
        nodes: known(Nodes::new((0..3).map(node))),
        cluster_networks: known(["mgmt", "net"].map(str::to_owned).into_iter().collect()),
        vlan_configs: known(vec![vlan_config("net-all", MatchedNodes::Nodes(names()))]),
        vlan_statuses: known(BTreeMap::from([("net".to_owned(), names())])),
        host_networks: known(Vec::new()),
        migrations: known(BTreeSet::new()),
        whereabouts_crd: known(CrdState::Established),
        service_cidrs: known(Vec::new()),
        networks: known(BTreeMap::new()),
    }
}

/// A `VlanConfig` of `net`.
pub(super) fn vlan_config(name: &str, matched: MatchedNodes) -> VlanConfigFact {
    let network = Some("net".to_owned());
    VlanConfigFact { name: name.to_owned(), label: network.clone(), cluster_network: network, matched }
}

/// The networks of `storage-network` and `rwx-network`.
pub(super) fn siblings(storage: SettingNetwork, rwx: SettingNetwork) -> Fact<BTreeMap<String, SettingNetwork>> {
    known(BTreeMap::from([(STORAGE_NETWORK.to_owned(), storage), (RWX_NETWORK.to_owned(), rwx)]))
}

#[expect(clippy::unnecessary_wraps, reason = "facts are wrapped")]
pub(super) fn known<T>(fact: T) -> Fact<T> {
    Ok(Arc::new(fact))
}

pub(super) fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

pub(super) fn address(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

pub(super) fn value(cluster_network: &str, vlan: u16, range: &str, exclude: &[&str]) -> String {
    format!(r#"{{"clusterNetwork":"{cluster_network}","vlan":{vlan},"range":"{range}","exclude":{exclude:?}}}"#)
}

pub(super) fn judged(value: &str, facts: &Facts, policy: &Policy) -> Findings {
    let value = ValidatedValue::new(ParsedValue::read(value));
    let mut findings = Findings::default();
    let [setting] = GuardedSetting::ALL;
    let context = RuleContext { setting, facts, policy, migration_override: None };
    evaluate(setting.rules, StringField::Value, &value, context, &mut findings);
    findings
}

pub(super) fn broken_with(value: &str, facts: &Facts, policy: &Policy) -> Vec<String> {
    let findings = judged(value, facts, policy);
    findings.violations.listed().iter().map(|it| format!("{} {}", it.rule(), it.field)).collect()
}

pub(super) fn broken(value: &str, facts: &Facts) -> Vec<String> {
    broken_with(value, facts, &Policy::default())
}

pub(super) fn warnings(value: &str, facts: &Facts) -> Vec<String> {
    let findings = judged(value, facts, &Policy::default());
    assert_eq!(findings.violations.listed(), [], "{value}");
    findings.warnings.iter().map(ToString::to_string).collect()
}

pub(super) const NOTHING: [&str; 0] = [];

#[test]
fn a_sound_value_breaks_nothing_and_warns_of_nothing() {
    let facts = ready();
    let value = value("net", 100, "192.168.1.0/24", &["192.168.1.1/32"]);
    assert_eq!(broken(&value, &facts), NOTHING);
    assert_eq!(warnings(&value, &facts), NOTHING);
    assert_eq!(judged(&value, &facts, &Policy::default()).missing, []);
}

pub(super) fn sibling(vlan: u16, exclusive_vlan: bool, range: Result<Option<(&str, &[&str])>, &str>) -> SettingNetwork {
    let range = range.map_err(str::to_owned).map(|range| {
        range.map(|(range, excludes)| {
            AddressRange::new(net(range), &excludes.iter().map(|it| net(it)).collect::<Vec<_>>())
        })
    });
    SettingNetwork::On { vlan: vlan.into(), exclusive_vlan, range }
}

#[test]
fn what_is_broken_hides_what_depends_on_it_and_nothing_else() {
    // The range holds a node's address, is too small and overlaps; the VLAN is exclusive.
    let crowded = Facts {
        networks: siblings(sibling(7, true, Ok(Some(("10.115.0.0/24", &[])))), SettingNetwork::Off),
        nodes: known(Nodes::new((0..9).map(|index| Node {
            name: format!("node-{index}").into(),
            witness: index > 6,
            internal_ips: Box::new([Ipv4Addr::new(10, 115, 0, 1 + index)]),
            pod_cidrs: Box::new([net("10.115.0.0/28")]),
        }))),
        ..ready()
    };
    let (reserved, node, small) =
        ("range-reserved value.range", "range-contains-node-address value.range", "range-too-small value.range");
    let (overlap, exclusive) = ("network-overlap value.range", "vlan-exclusive value.vlan");
    let uncovered = "vlan-config-missing value.clusterNetwork";
    for (members, expected) in [
        (r#""vlan":7,"range":"10.115.0.0/29""#, vec![reserved, node, small, uncovered, overlap, exclusive]),
        // A bad vlan hides no bad range.
        (
            r#""vlan":4095,"range":"10.115.0.0/29""#,
            vec!["vlan-range value.vlan", reserved, node, small, uncovered, overlap],
        ),
        (
            r#""vlan":"7","range":"10.115.0.0/29""#,
            vec!["value-syntax value.vlan", reserved, node, small, uncovered, overlap],
        ),
        // A bad range hides all that is asked of it, and "inside".
        (
            r#""vlan":7,"range":"10.115.0.1/29","exclude":["8.8.8.8/32"]"#,
            vec!["range-not-ipv4-network value.range", uncovered, exclusive],
        ),
        (
            r#""vlan":7,"range":"10.115.0.1/29","exclude":["8.8.8.8/32","x","8.8.8.0/24"]"#,
            vec![
                "range-not-ipv4-network value.range",
                "exclude-invalid value.exclude[1]",
                "exclude-invalid value.exclude[2]",
                uncovered,
                exclusive,
            ],
        ),
        (r#""vlan":7"#, vec!["value-syntax value.range", uncovered, exclusive]),
        // A bad exclude hides what depends on the usable addresses; the range as a whole is judged on.
        (
            r#""vlan":7,"range":"10.115.0.0/29","exclude":["8.8.8.8/32"]"#,
            vec![reserved, "exclude-invalid value.exclude[0]", uncovered, exclusive],
        ),
        (
            r#""vlan":7,"range":"10.115.0.0/29","exclude":[null]"#,
            vec!["value-syntax value.exclude[0]", reserved, uncovered, exclusive],
        ),
        (
            r#""vlan":7,"range":"10.115.0.0/29","exclude":[null,"x"]"#,
            vec!["value-syntax value.exclude[0]", reserved, "exclude-invalid value.exclude[1]", uncovered, exclusive],
        ),
        (
            r#""vlan":7,"range":"10.115.0.0/29","exclude":"x""#,
            vec!["value-syntax value.exclude", reserved, uncovered, exclusive],
        ),
        (
            r#""vlan":7,"range":"10.115.0.0/29","exclude":[],"exclude":[]"#,
            vec!["value-syntax value.exclude", reserved, uncovered, exclusive],
        ),
        // An unknown key is no exclude.
        (
            r#""vlan":7,"range":"10.115.0.0/29","excludes":["8.8.8.8/32"]"#,
            vec!["value-syntax value.excludes", reserved, node, small, uncovered, overlap, exclusive],
        ),
    ] {
        let value = format!(r#"{{"clusterNetwork":"net",{members}}}"#);
        assert_eq!(broken(&value, &crowded), expected, "{members}");
    }
}

#[test]
fn a_verdict_asks_for_the_facts_that_it_depends_on() {
    let unknown = Facts::unknown("not listed yet");
    let missing = |value: &str| -> Vec<&'static str> {
        let findings = judged(value, &unknown, &Policy::default());
        assert_eq!(findings.violations.listed(), [], "{value}");
        findings.missing.iter().map(|missing| missing.kind.resource()).collect()
    };
    assert_eq!(
        missing(&value("net", 100, "192.168.1.0/24", &[])),
        [
            "servicecidrs.networking.k8s.io",
            "nodes",
            "hostnetworkconfigs.network.harvesterhci.io",
            "virtualmachineinstancemigrations.kubevirt.io",
            "clusternetworks.network.harvesterhci.io",
            "vlanconfigs.network.harvesterhci.io",
            "customresourcedefinitions.apiextensions.k8s.io",
            "settings.harvesterhci.io",
        ]
    );
    assert_eq!(
        missing(&value("mgmt", 100, "192.168.1.0/24", &[])),
        [
            "servicecidrs.networking.k8s.io",
            "nodes",
            "hostnetworkconfigs.network.harvesterhci.io",
            "virtualmachineinstancemigrations.kubevirt.io",
            "customresourcedefinitions.apiextensions.k8s.io",
            "settings.harvesterhci.io",
        ]
    );
    // What is certain is reported; the rest stays open.
    assert_eq!(
        broken(&value("net", 4095, "10.42.0.0/16", &["x"]), &unknown),
        ["vlan-range value.vlan", "range-reserved value.range", "exclude-invalid value.exclude[0]",]
    );
    let statuses = Facts { vlan_statuses: unknown.vlan_statuses.clone(), ..ready() };
    let findings = judged(&value("net", 100, "192.168.1.0/24", &[]), &statuses, &Policy::default());
    assert_eq!(
        findings.missing.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["vlanstatuses.network.harvesterhci.io (not listed yet)"]
    );
    // They say which nodes must be ready, also while the rule about them only warns.
    let configs = Facts { vlan_configs: unknown.vlan_configs.clone(), ..ready() };
    let on_trial = Policy { warn: [RuleId::VlanConfigMissing].into_iter().collect(), ..Policy::default() };
    let findings = judged(&value("net", 100, "192.168.1.0/24", &[]), &configs, &on_trial);
    assert_eq!(
        findings.missing.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["vlanconfigs.network.harvesterhci.io (not listed yet)"]
    );
    let nobody = Facts { nodes: known(Nodes::default()), ..ready() };
    let findings = judged(&value("net", 100, "192.168.1.0/24", &[]), &nobody, &Policy::default());
    assert_eq!(findings.missing.iter().map(ToString::to_string).collect::<Vec<_>>(), ["nodes (the view has none)"]);
}

#[test]
fn every_rule_that_may_warn_does_so_on_demand() {
    let value = value("mgmt", 1, "10.42.0.0/30", &[]);
    let facts = Facts {
        nodes: known(Nodes::new((0..3).map(|index| Node {
            name: format!("node-{index}").into(),
            internal_ips: Box::new([Ipv4Addr::new(10, 42, 0, 1)]),
            ..Node::default()
        }))),
        migrations: known(BTreeSet::from([ObjectName { namespace: "ns".into(), name: "m".into() }])),
        whereabouts_crd: known(CrdState::Absent),
        networks: siblings(
            sibling(0, true, Ok(Some(("10.42.0.0/16", &[])))),
            SettingNetwork::Unreadable("why".to_owned()),
        ),
        ..ready()
    };
    let all = Policy { warn: RuleId::ALL.into_iter().collect(), ..Policy::default() };
    let findings = judged(&value, &facts, &all);
    assert_eq!(findings.violations.listed(), []);
    let kinds: Vec<_> = findings.warnings.iter().map(Warning::kind).collect();
    let expected = [
        "vlan-untagged-on-mgmt",
        "mgmt",
        "range-reserved",
        "range-contains-node-address",
        "range-too-small",
        "migration-in-progress",
        "whereabouts-crd-missing",
        "network-overlap",
        "network-overlap",
        "vlan-exclusive",
    ];
    assert_eq!(kinds, expected);

    let findings = judged(&value.replace("mgmt", "net"), &Facts::unknown("not listed yet"), &all);
    assert_eq!((findings.violations.total(), findings.missing.len()), (0, 0));
    let texts: Vec<_> = findings.warnings.iter().map(ToString::to_string).collect();
    assert!(
        texts.contains(&"range-too-small (only warns here) could not be judged: nodes (not listed yet)".to_owned()),
        "{texts:?}"
    );

    // The rules that decide what is stored refuse all the same.
    let unsound = r#"{"clusterNetwork":"mgmt","vlan":5000,"range":"10.42.0.1/30","exclude":["x"],"y":1}"#;
    assert_eq!(
        broken_with(unsound, &facts, &all),
        [
            "value-syntax value.y",
            "vlan-range value.vlan",
            "range-not-ipv4-network value.range",
            "exclude-invalid value.exclude[0]",
        ]
    );
}

#[test]
fn warnings_are_bounded_like_problems() {
    let unreadable = |index| vlan_config(&format!("vc-{index}"), MatchedNodes::Unreadable("x".to_owned()));
    let mut vlan_configs: Vec<_> = (0..1000).map(unreadable).collect();
    vlan_configs.extend(ready().vlan_configs.unwrap().iter().cloned());
    let facts = Facts { vlan_configs: known(vlan_configs), ..ready() };
    let value = value("net", 100, "192.168.1.0/24", &[]);
    let warn = Policy { warn: [RuleId::VlanConfigMissing].into_iter().collect(), ..Policy::default() };
    assert_eq!(judged(&value, &facts, &warn).warnings.len(), MAX_LISTED);
    let violations = judged(&value, &facts, &Policy::default()).violations;
    assert_eq!((violations.listed().len(), violations.total()), (MAX_LISTED, 1000));
}

#[test]
fn what_can_not_be_read_is_not_said_to_be_judged() {
    for (storage, judged_exclusive) in
        [(SettingNetwork::Off, true), (SettingNetwork::Unreadable("why".to_owned()), false)]
    {
        let facts = Facts { networks: siblings(storage, SettingNetwork::Off), ..ready() };
        let findings = judged(&value("net", 100, "192.168.1.0/24", &[]), &facts, &Policy::default());
        let rules: Vec<_> = findings.judged.iter().collect();
        assert_eq!(rules.contains(&RuleId::VlanExclusive), judged_exclusive);
        assert!(rules.contains(&RuleId::NetworkOverlap));
    }
}

#[test]
fn each_rule_is_in_its_place_and_its_texts_are_paragraphs_that_a_table_can_hold() {
    for (id, rule) in RuleId::ALL.into_iter().zip(ALL) {
        let Rule { field, refuses, why, fix, .. } = rule;
        assert_eq!(rule.id, id);
        for text in [field, refuses, why, fix] {
            assert!(!text.contains(['\n', '|']) && !text.contains("  "), "{id}: {text}");
        }
        assert!(!refuses.ends_with('.') && why.ends_with('.') && fix.ends_with('.'), "{id}");
    }
    let table = markdown_table();
    assert_eq!(table.lines().count(), 2 + ALL.len());
    assert!(table.contains("| `vlan-range` | `value.vlan` | `vlan` is not between 0 and 4094 |\n"), "{table}");
}
