use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::*;
use crate::network::Draft;
use crate::network::facts::{
    Coverage, CrdState, HostNetwork, Node, NodeNames, ObjectName, ServiceCidr, Sibling, Siblings, UnreadableAnnotation,
};
use crate::network::range::AddressRange;

/// Two nodes and a witness; the cluster network `net` spans both nodes; every rule can pass.
fn ready() -> Facts {
    let names = || ["node-0", "node-1"].into_iter().collect::<NodeNames>();
    let node = |index: u8| Node {
        name: format!("node-{index}").into(),
        witness: index == 2,
        internal_ips: Box::new([Ipv4Addr::new(10, 115, 0, 10 + index)]),
        pod_cidrs: Box::new([net(&format!("10.52.{index}.0/24"))]),
    };
    Facts {
        nodes: known(Nodes::new((0..3).map(node))),
        cluster_networks: known(["mgmt", "net"].map(str::to_owned).into_iter().collect()),
        vlan_configs: known(BTreeMap::from([("net".to_owned(), Coverage { nodes: names(), unreadable: Vec::new() })])),
        vlan_statuses: known(BTreeMap::from([("net".to_owned(), names())])),
        host_networks: known(Vec::new()),
        migrations: known(BTreeSet::new()),
        whereabouts_crd: known(CrdState::Established),
        service_cidrs: known(Vec::new()),
        siblings: known(Siblings::default()),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "facts are wrapped")]
fn known<T>(fact: T) -> Fact<T> {
    Ok(Arc::new(fact))
}

fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

fn address(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

fn value(cluster_network: &str, vlan: u16, range: &str, exclude: &[&str]) -> String {
    format!(r#"{{"clusterNetwork":"{cluster_network}","vlan":{vlan},"range":"{range}","exclude":{exclude:?}}}"#)
}

fn judged(value: &str, facts: &Facts, policy: &Policy) -> Findings {
    let draft = Draft::read(value);
    let mut findings = Findings::default();
    judge(Root::Value, &Checked::new(&draft), Inquiry { facts, policy, way_out: None }, &mut findings);
    findings
}

fn broken_with(value: &str, facts: &Facts, policy: &Policy) -> Vec<String> {
    let findings = judged(value, facts, policy);
    findings.violations.listed().iter().map(|it| format!("{} {}", it.rule(), it.field())).collect()
}

fn broken(value: &str, facts: &Facts) -> Vec<String> {
    broken_with(value, facts, &Policy::default())
}

fn warnings(value: &str, facts: &Facts) -> Vec<String> {
    let findings = judged(value, facts, &Policy::default());
    assert_eq!(findings.violations.listed(), [], "{value}");
    findings.warnings.iter().map(ToString::to_string).collect()
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_sound_value_breaks_nothing_and_warns_of_nothing() {
    let facts = ready();
    let value = value("net", 100, "192.168.1.0/24", &["192.168.1.1/32"]);
    assert_eq!(broken(&value, &facts), NOTHING);
    assert_eq!(warnings(&value, &facts), NOTHING);
    assert_eq!(judged(&value, &facts, &Policy::default()).missing, []);
}

#[test]
fn vlan_range_is_0_to_4094() {
    for (vlan, refused) in [
        ("0", false),
        ("1", false),
        ("4094", false),
        ("4095", true),
        ("65535", true),
        ("65536", true),
        ("-1", true),
        ("-100", true),
        ("18446744073709551616", true),
    ] {
        let value = format!(r#"{{"clusterNetwork":"net","vlan":{vlan},"range":"192.168.1.0/24"}}"#);
        let expected: &[&str] = if refused { &["vlan-range value.vlan"] } else { &[] };
        assert_eq!(broken(&value, &ready()), expected, "{vlan}");
    }
}

#[test]
fn mgmt_is_tagged_only_and_needs_nothing_but_itself() {
    let facts = Facts {
        cluster_networks: known(BTreeSet::new()),
        vlan_configs: known(BTreeMap::new()),
        vlan_statuses: known(BTreeMap::new()),
        ..ready()
    };
    for (vlan, expected) in
        [(0, &["vlan-untagged-on-mgmt value.vlan"] as &[&str]), (1, &["vlan-untagged-on-mgmt value.vlan"]), (2, &[])]
    {
        assert_eq!(broken(&value("mgmt", vlan, "192.168.1.0/24", &[]), &facts), expected, "{vlan}");
    }
    let tagged = value("mgmt", 2, "192.168.1.0/24", &[]);
    let warning = "value.clusterNetwork: migration traffic on mgmt shares the control plane's network";
    assert_eq!(warnings(&tagged, &facts), [warning]);
    // Another vlan is not 0 or 1 but none at all.
    assert_eq!(broken(&value("mgmt", 4095, "192.168.1.0/24", &[]), &facts), ["vlan-range value.vlan"]);
}

#[test]
fn range_is_a_whole_ipv4_network_no_larger_than_a_16() {
    for range in [
        "",
        "nonsense",
        "192.168.1.0",
        "192.168.1.1/24",
        "192.168.1.0/024",
        "192.168.01.0/24",
        "192.168.1.0/33",
        "192.168.1.0/",
        "192.168.1.0/+24",
        "192.168.1.0/24 ",
        "192.168.1.0/255.255.255.0",
        "192.168.0.0/15",
        "0.0.0.0/0",
        "fd00::/64",
        "::ffff:192.168.1.0/120",
        "192.168.1.0/24/1",
    ] {
        let value = value("net", 100, range, &[]);
        assert_eq!(broken(&value, &ready()), ["range-not-ipv4-network value.range"], "{range}");
    }
    for range in ["172.16.0.0/16", "192.168.1.0/30"] {
        assert_eq!(broken(&value("net", 100, range, &[]), &ready()), NOTHING, "{range}");
    }
}

#[test]
fn range_stays_clear_of_what_is_reserved() {
    let facts = Facts {
        service_cidrs: known(vec![ServiceCidr { name: "more".to_owned(), cidr: net("172.30.0.0/16") }]),
        nodes: known(Nodes::new([Node {
            name: "node-0".into(),
            pod_cidrs: Box::new([net("172.20.3.0/24")]),
            ..Node::default()
        }])),
        ..ready()
    };
    let policy = Policy { reserved: vec![net("10.9.0.0/16")], ..Policy::default() };
    for (range, by_default, by_flag) in [
        ("10.42.0.0/16", true, false),
        ("10.43.255.248/29", true, false),
        ("10.52.8.0/24", true, false),
        ("10.53.0.0/28", true, false),
        ("10.9.200.0/24", false, true),
        ("10.41.255.0/24", false, false),
        ("10.44.0.0/16", false, false),
        ("0.255.0.0/16", true, true),
        ("127.0.0.0/24", true, true),
        ("169.254.0.0/16", true, true),
        ("169.255.0.0/16", false, false),
        ("169.253.255.0/24", false, false),
        ("223.255.255.0/24", false, false),
        ("224.0.0.0/24", true, true),
        ("239.255.0.0/16", true, true),
        ("240.0.0.0/24", true, true),
        ("255.255.255.0/24", true, true),
        ("172.30.4.0/24", true, true),
        ("172.31.0.0/24", false, false),
        ("172.20.0.0/16", true, true),
        ("172.20.4.0/24", false, false),
    ] {
        // The range as a whole is judged: what is excluded makes no difference.
        let value = value("mgmt", 100, range, &[]);
        let expected = |refused| if refused { vec!["range-reserved value.range"] } else { vec![] };
        assert_eq!(broken(&value, &facts), expected(by_default), "{range}");
        assert_eq!(broken_with(&value, &facts, &policy), expected(by_flag), "{range}");
    }
    let excluded = value("mgmt", 100, "172.20.0.0/16", &["172.20.3.0/24"]);
    assert_eq!(broken(&excluded, &facts), ["range-reserved value.range"]);
}

#[test]
fn no_usable_address_is_a_nodes() {
    let whole = value("net", 100, "10.115.0.0/24", &[]);
    assert_eq!(broken(&whole, &ready()), ["range-contains-node-address value.range"]);
    // The witness's is left.
    let but_one = value("net", 100, "10.115.0.0/24", &["10.115.0.10/31"]);
    assert_eq!(broken(&but_one, &ready()), ["range-contains-node-address value.range"]);

    let excluded = value("net", 100, "10.115.0.0/24", &["10.115.0.10/31", "10.115.0.12/32"]);
    assert_eq!(
        warnings(&excluded, &ready()),
        ["value.range holds 10.115.0.10 of node node-0, 10.115.0.11 of node node-1, 10.115.0.12 of node node-2: \
          not usable, but replies there leave by the migration network"]
    );
    // Network and broadcast address are not usable either.
    for range in ["10.115.0.10/31", "10.115.0.11/32", "10.115.0.12/30"] {
        let refused = broken(&value("net", 100, range, &[]), &ready());
        assert!(!refused.contains(&"range-contains-node-address value.range".to_owned()), "{range}: {refused:?}");
    }
}

#[test]
fn no_usable_address_is_a_host_networks_on_the_same_vlan() {
    let host_network = |cluster_network: &str, vlan: u16| HostNetwork {
        name: "hosts".to_owned(),
        cluster_network: cluster_network.to_owned(),
        vlan: vlan.into(),
        addresses: vec![("node-0".to_owned(), address("192.168.1.5")), ("node-1".to_owned(), address("192.168.1.9"))],
    };
    let taken = ["range-contains-node-address value.range"];
    for (cluster_network, vlan, ours, expected) in [
        ("net", 100, 100, &taken as &[&str]),
        ("net", 101, 100, &[]),
        ("other", 100, 100, &[]),
        ("net", 0, 1, &taken),
        ("net", 1, 0, &taken),
        ("net", 0, 2, &[]),
    ] {
        let facts = Facts { host_networks: known(vec![host_network(cluster_network, vlan)]), ..ready() };
        let seen = broken(&value("net", ours, "192.168.1.0/24", &[]), &facts);
        assert_eq!(seen, expected, "{cluster_network} {vlan} {ours}");
    }
    let facts = Facts { host_networks: known(vec![host_network("net", 100)]), ..ready() };
    let excluded = ["192.168.1.5/32", "192.168.1.9/32"];
    assert_eq!(broken(&value("net", 100, "192.168.1.0/24", &excluded), &facts), NOTHING);
    // Which VLAN an address is met on is open while ours is.
    assert_eq!(broken(&value("net", 4095, "192.168.1.0/24", &[]), &facts), ["vlan-range value.vlan"]);
}

#[test]
fn there_is_an_address_for_each_node_and_some_to_spare() {
    let nodes = |workers: usize| {
        let node = |index| Node { name: format!("w{index}").into(), ..Node::default() };
        let witness = Node { name: "x".into(), witness: true, ..Node::default() };
        Facts { nodes: known(Nodes::new((0..workers).map(node).chain([witness]))), ..ready() }
    };
    let few = |spare, workers| {
        format!(
            "value.range: addresses to spare: {spare} ({workers} nodes); virt-handler won't start on nodes added beyond that"
        )
    };
    for (range, exclude, workers, warning) in [
        ("192.168.1.0/30", &[] as &[&str], 2, Some(few(0, 2))),
        ("192.168.1.0/29", &[], 6, Some(few(0, 6))),
        ("192.168.1.0/29", &[], 5, Some(few(1, 5))),
        ("192.168.1.0/29", &[], 4, None),
        ("192.168.1.0/27", &[], 24, None),
        ("192.168.1.0/27", &[], 25, Some(few(5, 25))),
        ("192.168.1.0/29", &["192.168.1.0/30"], 3, Some(few(0, 3))),
        ("192.168.1.0/29", &["192.168.1.0/32", "192.168.1.7/32"], 6, Some(few(0, 6))),
        ("192.168.1.0/31", &[], 0, Some(few(0, 0))),
    ] {
        let value = value("mgmt", 100, range, exclude);
        let seen = warnings(&value, &nodes(workers));
        assert_eq!(seen.get(1), warning.as_ref(), "{range} {exclude:?} {workers}");
        let refused = broken(&value, &nodes(workers + 300));
        assert_eq!(refused, ["range-too-small value.range"], "{range} {exclude:?} {workers}");
    }
    for range in ["192.168.1.0/31", "192.168.1.0/32"] {
        assert_eq!(broken(&value("mgmt", 100, range, &[]), &nodes(1)), ["range-too-small value.range"]);
    }
}

#[test]
fn running_migrations_are_named_up_to_three() {
    let names =
        |count: usize| (0..count).map(|index| ObjectName { namespace: "ns".into(), name: format!("m{index}").into() });
    let value = value("net", 100, "192.168.1.0/24", &[]);
    for (count, text) in [(1, "ns/m0;"), (3, "ns/m0, ns/m1, ns/m2;"), (7, "ns/m0, ns/m1, ns/m2 and 4 more;")] {
        let facts = Facts { migrations: known(names(count).collect()), ..ready() };
        let findings = judged(&value, &facts, &Policy::default());
        let [violation] = findings.violations.listed() else { panic!("{findings:?}") };
        assert_eq!((violation.rule(), violation.field().as_str()), (RuleId::MigrationInProgress, "value"));
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
    let unreadable = || UnreadableAnnotation { vlan_config: "vc".to_owned(), annotation: "x".to_owned() };
    for (covered, unreadable, ready_on, expected) in [
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
        let facts = Facts {
            vlan_configs: known(BTreeMap::from([(
                "net".to_owned(),
                Coverage { nodes: covered.iter().copied().collect(), unreadable },
            )])),
            vlan_statuses: known(BTreeMap::from([("net".to_owned(), ready_on.iter().copied().collect())])),
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

fn sibling(vlan: u16, exclusive_vlan: bool, range: Result<Option<(&str, &[&str])>, &str>) -> Sibling {
    let range = range.map_err(str::to_owned).map(|range| {
        range.map(|(range, excludes)| {
            AddressRange::new(net(range), &excludes.iter().map(|it| net(it)).collect::<Vec<_>>())
        })
    });
    Sibling::On { vlan: vlan.into(), exclusive_vlan, range }
}

#[test]
fn usable_addresses_are_not_those_of_a_sibling() {
    let overlap = "network-overlap value.range";
    let storage = |sibling| Facts { siblings: known(Siblings { storage: sibling, rwx: Sibling::Off }), ..ready() };
    for (theirs, exclude, range, ours, expected) in [
        ("192.168.1.0/24", &[] as &[&str], "192.168.1.0/24", &[] as &[&str], &[overlap] as &[&str]),
        ("192.168.1.0/24", &[], "192.168.1.64/26", &[], &[overlap]),
        ("192.168.0.0/16", &[], "192.168.1.0/24", &[], &[overlap]),
        ("192.168.2.0/24", &[], "192.168.1.0/24", &[], &[]),
        (
            "192.168.1.0/24",
            &[],
            "192.168.1.0/24",
            &["192.168.1.0/25", "192.168.1.128/25"],
            &["range-too-small value.range"],
        ),
        ("192.168.1.0/24", &["192.168.1.0/25"], "192.168.1.0/24", &["192.168.1.128/25"], &[]),
        ("192.168.1.0/24", &["192.168.1.0/25"], "192.168.1.0/24", &["192.168.1.192/26"], &[overlap]),
        // Neither network nor broadcast address is handed out.
        ("192.168.1.0/24", &["192.168.1.128/25"], "192.168.1.127/32", &[], &["range-too-small value.range"]),
        ("0.0.0.0/0", &[], "192.168.1.0/24", &[], &[overlap]),
    ] {
        let facts = storage(sibling(7, false, Ok(Some((theirs, exclude)))));
        assert_eq!(broken(&value("net", 100, range, ours), &facts), expected, "{theirs} {exclude:?} {range} {ours:?}");
    }
    let both = Siblings {
        storage: sibling(7, false, Ok(Some(("192.168.1.0/24", &[])))),
        rwx: sibling(8, false, Ok(Some(("192.168.1.128/25", &[])))),
    };
    let facts = Facts { siblings: known(both), ..ready() };
    assert_eq!(broken(&value("net", 100, "192.168.1.0/24", &[]), &facts), [overlap, overlap]);
    assert_eq!(broken(&value("net", 100, "192.168.1.0/25", &[]), &facts), [overlap]);
}

#[test]
fn a_sibling_that_cannot_be_read_is_named_whatever_the_range() {
    let unreadable = Siblings { storage: Sibling::Unreadable("why".to_owned()), rwx: sibling(7, false, Err("why")) };
    let facts = Facts { siblings: known(unreadable), ..ready() };
    let overlap = "network-overlap value.range";
    assert_eq!(broken(&value("net", 100, "192.168.1.0/24", &[]), &facts), [overlap, overlap]);
    assert_eq!(
        broken(&value("net", 100, "192.168.1.1/24", &[]), &facts),
        ["range-not-ipv4-network value.range", overlap, overlap]
    );
    let off =
        Facts { siblings: known(Siblings { storage: sibling(7, false, Ok(None)), rwx: Sibling::Off }), ..ready() };
    assert_eq!(broken(&value("net", 100, "192.168.1.0/24", &[]), &off), NOTHING);
}

#[test]
fn an_exclusive_vlan_is_the_storage_networks_alone() {
    let exclusive = "vlan-exclusive value.vlan";
    for (vlan, ours, cluster_network, expected) in [
        (300, 300, "net", &[exclusive] as &[&str]),
        (300, 300, "mgmt", &[exclusive]),
        (300, 301, "net", &[]),
        (0, 1, "net", &[exclusive]),
        (1, 0, "net", &[exclusive]),
        (0, 2, "net", &[]),
    ] {
        let value = value(cluster_network, ours, "192.168.1.0/24", &[]);
        let storage = |range| Facts {
            siblings: known(Siblings { storage: sibling(vlan, true, range), rwx: Sibling::Off }),
            ..ready()
        };
        assert_eq!(broken(&value, &storage(Ok(None))), expected, "{vlan} {ours} {cluster_network}");
        let also_unreadable: Vec<_> = ["network-overlap value.range"].iter().chain(expected).copied().collect();
        assert_eq!(broken(&value, &storage(Err("why"))), also_unreadable, "{vlan} {ours} {cluster_network}");
        let shared = Siblings { storage: sibling(vlan, false, Ok(None)), rwx: sibling(vlan, true, Ok(None)) };
        assert_eq!(broken(&value, &Facts { siblings: known(shared), ..ready() }), NOTHING);
    }
}

#[test]
fn what_is_broken_hides_what_depends_on_it_and_nothing_else() {
    // The range holds a node's address, is too small and overlaps; the VLAN is exclusive.
    let crowded = Facts {
        siblings: known(Siblings { storage: sibling(7, true, Ok(Some(("10.115.0.0/24", &[])))), rwx: Sibling::Off }),
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
        siblings: known(Siblings {
            storage: sibling(0, true, Ok(Some(("10.42.0.0/16", &[])))),
            rwx: Sibling::Unreadable("why".to_owned()),
        }),
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
    let unreadable = |index| UnreadableAnnotation { vlan_config: format!("vc-{index}"), annotation: "x".to_owned() };
    let coverage =
        Coverage { nodes: ["node-0", "node-1"].into_iter().collect(), unreadable: (0..1000).map(unreadable).collect() };
    let facts = Facts { vlan_configs: known(BTreeMap::from([("net".to_owned(), coverage)])), ..ready() };
    let value = value("net", 100, "192.168.1.0/24", &[]);
    let warn = Policy { warn: [RuleId::VlanConfigMissing].into_iter().collect(), ..Policy::default() };
    assert_eq!(judged(&value, &facts, &warn).warnings.len(), MAX_LISTED);
    let violations = judged(&value, &facts, &Policy::default()).violations;
    assert_eq!((violations.listed().len(), violations.total()), (MAX_LISTED, 1000));
}
