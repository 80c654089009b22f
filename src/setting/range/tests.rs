use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

fn range(text: &str, excludes: &[&str]) -> AddressRange {
    let excludes: Vec<_> = excludes.iter().map(|exclude| net(exclude)).collect();
    AddressRange::new(net(text), &excludes)
}

#[test]
fn capacity_leaves_out_network_broadcast_and_excludes() {
    for (text, excludes, capacity) in [
        ("192.168.1.0/24", vec![], 254),
        ("192.168.1.0/30", vec![], 2),
        ("192.168.1.0/31", vec![], 0),
        ("192.168.1.0/32", vec![], 0),
        ("192.168.1.0/24", vec!["192.168.1.0/24"], 0),
        ("192.168.1.0/24", vec!["192.168.1.0/28"], 239),
        ("192.168.1.0/24", vec!["192.168.1.13/28"], 239),
        ("192.168.1.0/24", vec!["192.168.1.128/25", "192.168.1.0/25"], 0),
        ("192.168.1.0/24", vec!["192.168.1.7/32", "192.168.1.7/32", "10.0.0.0/8"], 253),
        ("192.168.1.0/24", vec!["192.168.1.0/32", "192.168.1.255/32"], 254),
        ("0.0.0.0/16", vec![], 65_534),
        ("255.255.0.0/16", vec!["255.255.255.255/32"], 65_534),
        ("255.255.255.0/24", vec!["255.255.255.128/25"], 127),
        ("0.0.0.0/0", vec![], 4_294_967_294),
    ] {
        assert_eq!(range(text, &excludes).capacity(), capacity, "{text} less {excludes:?}");
    }
}

#[test]
fn the_first_shared_address_is_the_lowest_usable_in_both() {
    let whole = range("192.168.0.0/16", &["192.168.50.0/25"]);
    let part = range("192.168.50.0/24", &["192.168.50.128/30"]);
    assert_eq!(whole.first_shared(&part), Some(Ipv4Addr::new(192, 168, 50, 132)));
    assert_eq!(part.first_shared(&whole), whole.first_shared(&part));
    assert_eq!(range("192.168.50.0/24", &[]).first_shared(&range("192.168.51.0/24", &[])), None);
    // The last of the one is the first of the other.
    let (low, high) = (range("10.0.0.128/29", &["10.0.0.134/32"]), range("10.0.0.132/30", &[]));
    assert_eq!(low.first_shared(&high), Some(Ipv4Addr::new(10, 0, 0, 133)));
    assert_eq!(high.first_shared(&low), low.first_shared(&high));
    // What only a network or broadcast address shares is not shared.
    assert_eq!(range("10.0.0.0/30", &["10.0.0.2/32"]).first_shared(&range("10.0.0.0/31", &[])), None);
}

#[test]
fn runs_lie_between_the_excludes() {
    let run = |first: [u8; 4], last: [u8; 4]| (u32::from_be_bytes(first), u32::from_be_bytes(last));
    let range = range("10.0.0.0/28", &["10.0.0.4/31", "10.0.0.15/32"]);
    assert!(range.runs().eq([run([10, 0, 0, 1], [10, 0, 0, 3]), run([10, 0, 0, 6], [10, 0, 0, 14])]));
}

#[test]
fn a_span_shares_addresses_where_one_is_usable() {
    let range = range("10.0.0.0/28", &["10.0.0.4/31"]);
    let shares = |first: u8, last: u8| range.shares(Ipv4Addr::new(10, 0, 0, first), Ipv4Addr::new(10, 0, 0, last));
    assert_eq!([shares(0, 0), shares(4, 5), shares(15, 255)], [false; 3]);
    assert_eq!([shares(0, 1), shares(3, 3), shares(5, 6), shares(14, 20), shares(0, 255)], [true; 5]);
    assert!(!range.shares(Ipv4Addr::new(9, 0, 0, 1), Ipv4Addr::new(9, 255, 255, 255)));
}

/// Every usable address, one by one: what the intervals must agree with.
fn listed(net: Ipv4Net, excludes: &[Ipv4Net]) -> BTreeSet<u32> {
    (u32::from(net.network())..=u32::from(net.broadcast()))
        .filter(|address| *address != u32::from(net.network()) && *address != u32::from(net.broadcast()))
        .filter(|address| !excludes.iter().any(|exclude| exclude.contains(&Ipv4Addr::from(*address))))
        .collect()
}

prop_compose! {
    /// A network of at most 1,024 addresses in a small space, so that ranges meet often, at either end of it.
    fn small_net()(high in prop_oneof![Just(0xffff_f000_u32), Just(0_u32), Just(0x0a00_0000)], low in 0_u32..4096, prefix in 22_u8..=32) -> Ipv4Net {
        Ipv4Net::new(Ipv4Addr::from(high | low), prefix).unwrap().trunc()
    }
}

proptest! {
    #[test]
    fn intervals_agree_with_a_list(
        ours in small_net(), holes in prop::collection::vec(small_net(), 0..6),
        theirs in small_net(), their_holes in prop::collection::vec(small_net(), 0..6),
        probe in any::<u32>(),
    ) {
        let (a, b) = (AddressRange::new(ours, &holes), AddressRange::new(theirs, &their_holes));
        let (list_a, list_b) = (listed(ours, &holes), listed(theirs, &their_holes));
        prop_assert_eq!(a.capacity(), list_a.len() as u64);
        prop_assert_eq!(a.first_shared(&b).map(u32::from), list_a.intersection(&list_b).next().copied());
        for address in list_b.iter().copied().chain([probe]) {
            prop_assert_eq!(a.contains(Ipv4Addr::from(address)), list_a.contains(&address));
        }
    }
}
