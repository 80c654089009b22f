use proptest::prelude::*;

use super::*;

fn range(net: &str, excludes: &[&str]) -> AddressRange {
    let excludes: Vec<Ipv4Net> = excludes.iter().map(|net| net.parse().unwrap()).collect();
    AddressRange::new(net.parse().unwrap(), &excludes)
}

fn mark(addresses: &str, usage: AddressUse) -> Mark {
    let owner = format!("owner of {addresses}");
    match addresses.parse::<Ipv4Net>() {
        Ok(net) => Mark::new(net, usage, owner),
        Err(_) => Mark::new(addresses.parse::<Ipv4Addr>().unwrap(), usage, owner),
    }
}

fn shown(map: &AddressMap) -> Vec<String> {
    let last_octet = |address: Ipv4Addr| address.octets()[3];
    map.spans.iter().map(|it| format!("{}-{} {}", last_octet(it.first), last_octet(it.last), it.usage)).collect()
}

#[test]
fn every_address_of_a_range_is_of_one_use() {
    let map = AddressMap::new(
        &range("192.168.1.0/27", &["192.168.1.0/30", "192.168.1.16/30"]),
        &[
            mark("192.168.1.9", AddressUse::Taken),
            mark("192.168.1.8", AddressUse::Taken),
            mark("192.168.1.17", AddressUse::Taken),
            mark("192.168.1.20", AddressUse::Taken),
            mark("192.168.1.20", AddressUse::Node),
            mark("192.168.1.24/29", AddressUse::Neighbour),
            mark("10.0.0.0/8", AddressUse::Neighbour),
        ],
    );
    assert_eq!(
        shown(&map),
        [
            "0-0 network address",
            "1-3 excluded",
            "4-7 free",
            "8-9 held by a pod",
            "10-15 free",
            "16-19 excluded",
            "20-20 a node's own",
            "21-23 free",
            "24-30 another network's",
            "31-31 broadcast address",
        ]
    );
    assert_eq!(map.usable(), 23);
    assert_eq!(map.count(AddressUse::Free), 13);
    let (first, last) = map.usable_ends().unwrap();
    assert_eq!((first.to_string(), last.to_string()), ("192.168.1.4".to_owned(), "192.168.1.30".to_owned()));
    let owners = |usage| map.owners.get(&usage).map(ToString::to_string);
    // One that is excluded is in nobody's way.
    assert_eq!(owners(AddressUse::Taken).unwrap(), "owner of 192.168.1.8, owner of 192.168.1.9, owner of 192.168.1.20");
    assert_eq!(owners(AddressUse::Neighbour).unwrap(), "owner of 192.168.1.24/29");
    assert_eq!(owners(AddressUse::Free), None);
}

#[test]
fn ranges_without_usable_addresses_and_the_ends_of_the_address_space_have_a_map() {
    for (net, excludes, expected) in [
        ("192.168.1.4/31", &[] as &[&str], &["4-4 network address", "5-5 broadcast address"] as &[&str]),
        ("192.168.1.4/32", &[], &["4-4 network address"]),
        ("192.168.1.4/30", &["192.168.1.4/30"], &["4-4 network address", "5-6 excluded", "7-7 broadcast address"]),
        (
            "255.255.255.252/30",
            &[],
            &["252-252 network address", "253-254 another network's", "255-255 broadcast address"],
        ),
    ] {
        let map = AddressMap::new(&range(net, excludes), &[mark("0.0.0.0/0", AddressUse::Neighbour)]);
        assert_eq!(shown(&map), expected, "{net}");
    }
}

#[test]
fn a_cell_shows_what_someone_should_see() {
    use AddressUse::{Broadcast, Excluded, Free, Network, Node, Taken};

    let marks = [mark("192.168.1.9", AddressUse::Taken), mark("192.168.1.20", AddressUse::Node)];
    let map = AddressMap::new(&range("192.168.1.0/27", &["192.168.1.0/29"]), &marks);
    assert_eq!(map.cells(8), [Excluded, Excluded, Taken, Free, Free, Node, Free, Free]);
    assert_eq!(map.cells(4), [Excluded, Taken, Node, Free]);
    let small = AddressMap::new(&range("192.168.1.0/30", &[]), &[]);
    assert_eq!(small.cells(64), [Network, Free, Free, Broadcast]);
    let large = AddressMap::new(&range("10.0.0.0/16", &["10.0.128.0/17"]), &[]);
    assert_eq!(large.cells(2), [Free, Excluded]);
}

proptest! {
    #[test]
    fn the_map_is_what_each_address_alone_would_be(
        excludes in prop::collection::vec((0..64_u32, 26..=32_u8), 0..4),
        marks in prop::collection::vec((0..80_u32, 25..=32_u8, 0..3_usize), 0..8),
    ) {
        let net = |(host, prefix): (u32, u8)| Ipv4Net::new((0xc0a8_0100 + host).into(), prefix).unwrap().trunc();
        let excludes: Vec<_> = excludes.into_iter().map(net).collect();
        let range = AddressRange::new("192.168.1.0/26".parse().unwrap(), &excludes);
        let uses = [AddressUse::Node, AddressUse::Neighbour, AddressUse::Taken];
        let marks: Vec<_> =
            marks.into_iter().map(|(host, prefix, usage)| Mark::new(net((host, prefix)), uses[usage], "x")).collect();
        let map = AddressMap::new(&range, &marks);
        let mut next = 0xc0a8_0100;
        for span in &map.spans {
            prop_assert_eq!(u32::from(span.first), next);
            next = u32::from(span.last) + 1;
            for address in u32::from(span.first)..=u32::from(span.last) {
                let address = Ipv4Addr::from(address);
                let marked = marks.iter().filter(|it| it.addresses.0 <= address && address <= it.addresses.1);
                let expected = match address.octets()[3] {
                    0 => AddressUse::Network,
                    63 => AddressUse::Broadcast,
                    _ if !range.contains(address) => AddressUse::Excluded,
                    _ => marked.map(|it| it.usage).min().unwrap_or(AddressUse::Free),
                };
                prop_assert_eq!(span.usage, expected, "{}", address);
            }
        }
        prop_assert_eq!(next, 0xc0a8_0140);
        prop_assert_eq!(map.usable(), range.capacity());
    }
}
