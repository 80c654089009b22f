//! Rules that look at the value alone.

use super::*;

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
        vlan_configs: known(Vec::new()),
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
