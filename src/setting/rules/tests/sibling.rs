//! Rules about Harvester's other networks.

use super::*;

#[test]
fn usable_addresses_are_not_those_of_a_sibling() {
    let overlap = "network-overlap value.range";
    let storage = |sibling| Facts { networks: siblings(sibling, SettingNetwork::Off), ..ready() };
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
    let both = siblings(
        sibling(7, false, Ok(Some(("192.168.1.0/24", &[])))),
        sibling(8, false, Ok(Some(("192.168.1.128/25", &[])))),
    );
    let facts = Facts { networks: both, ..ready() };
    assert_eq!(broken(&value("net", 100, "192.168.1.0/24", &[]), &facts), [overlap, overlap]);
    assert_eq!(broken(&value("net", 100, "192.168.1.0/25", &[]), &facts), [overlap]);
}

#[test]
fn a_sibling_that_cannot_be_read_is_named_whatever_the_range() {
    let unreadable = siblings(SettingNetwork::Unreadable("why".to_owned()), sibling(7, false, Err("why")));
    let facts = Facts { networks: unreadable, ..ready() };
    let overlap = "network-overlap value.range";
    assert_eq!(broken(&value("net", 100, "192.168.1.0/24", &[]), &facts), [overlap, overlap]);
    assert_eq!(
        broken(&value("net", 100, "192.168.1.1/24", &[]), &facts),
        ["range-not-ipv4-network value.range", overlap, overlap]
    );
    let off = Facts { networks: siblings(sibling(7, false, Ok(None)), SettingNetwork::Off), ..ready() };
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
        let storage = |range| Facts { networks: siblings(sibling(vlan, true, range), SettingNetwork::Off), ..ready() };
        assert_eq!(broken(&value, &storage(Ok(None))), expected, "{vlan} {ours} {cluster_network}");
        let also_unreadable: Vec<_> = ["network-overlap value.range"].iter().chain(expected).copied().collect();
        assert_eq!(broken(&value, &storage(Err("why"))), also_unreadable, "{vlan} {ours} {cluster_network}");
        let shared = siblings(sibling(vlan, false, Ok(None)), sibling(vlan, true, Ok(None)));
        assert_eq!(broken(&value, &Facts { networks: shared, ..ready() }), NOTHING);
    }
}
