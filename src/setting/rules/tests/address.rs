//! Rules about whose addresses the range holds.

use super::*;

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
        dhcp: false,
        addresses: Ok(BTreeSet::from([
            ("node-0".to_owned(), address("192.168.1.5")),
            ("node-1".to_owned(), address("192.168.1.9")),
        ])),
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
fn host_networks_by_dhcp_warn_and_unreadable_ones_matter_for_their_own_vlan() {
    let network = |vlan: u16, dhcp, addresses: Result<&[&str], &str>| HostNetwork {
        name: "hosts".to_owned(),
        cluster_network: "net".to_owned(),
        vlan: vlan.into(),
        dhcp,
        addresses: addresses
            .map(|them| them.iter().map(|it| ("node-0".to_owned(), address(it))).collect())
            .map_err(Into::into),
    };
    let with = |network| Facts { host_networks: known(vec![network]), ..ready() };
    let value = value("net", 100, "192.168.1.0/24", &[]);
    let warning =
        "value.range: HostNetworkConfig hosts takes addresses by DHCP on this VLAN: keep its leases out of the range";
    assert_eq!(warnings(&value, &with(network(100, true, Ok(&["10.0.0.1"])))), [warning]);
    assert_eq!(warnings(&value, &with(network(101, true, Ok(&[])))), NOTHING);
    let leased = with(network(100, true, Ok(&["192.168.1.7"])));
    assert_eq!(broken(&value, &leased), ["range-contains-node-address value.range"]);

    let missing = |facts: &Facts| {
        let findings = judged(&value, facts, &Policy::default());
        findings.missing.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let unreadable = "hostnetworkconfigs.network.harvesterhci.io (\"hosts\" can't be read)";
    assert_eq!(missing(&with(network(100, false, Err("\"hosts\" can't be read")))), [unreadable]);
    assert_eq!(missing(&with(network(101, false, Err("\"hosts\" can't be read")))), NOTHING);
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
