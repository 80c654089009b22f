//! `cidr`: the arithmetic of addresses against counting them, and the readers against `ipnet`.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};

use crate::setting::cidr;
use crate::setting::range::AddressRange;
use crate::setting::{ParsedValue, ValidatedValue};

/// Small enough to look at each address.
const SHORTEST: u8 = 22;

/// Reads a text as a network, and ranges with excludes from the bytes.
pub fn cidr(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        read(text);
    }
    let mut nets = data.chunks_exact(5).map(|bytes| {
        let address = Ipv4Addr::new(10, 44 | bytes[0] & 1, bytes[1] & 7, bytes[2]);
        Ipv4Net::new(address, SHORTEST + bytes[3] % (33 - SHORTEST)).unwrap()
    });
    let (Some(one), Some(other)) = (nets.next(), nets.next()) else { return };
    let excludes: Vec<Ipv4Net> = nets.take(64).collect();
    let (ours, theirs) = excludes.split_at(excludes.len() / 2);
    let ranges = [(one, ours), (other, theirs)].map(|(net, excludes)| {
        let range = AddressRange::new(net, excludes);
        let usable: Vec<Ipv4Addr> = net.trunc().hosts().filter(|host| is_usable(*host, net, excludes)).collect();
        assert_eq!(range.capacity(), usable.len() as u64, "{net} {excludes:?}");
        let outside = [0_u32, u32::MAX, u32::from(net.network()).wrapping_sub(1), u32::from(net.broadcast()) + 1];
        let all = (u32::from(net.network())..=u32::from(net.broadcast())).chain(outside).map(Ipv4Addr::from);
        for address in all {
            assert_eq!(range.contains(address), usable.binary_search(&address).is_ok(), "{net} {excludes:?} {address}");
        }
        (range, usable)
    });
    let [(one_range, one_usable), (other_range, other_usable)] = &ranges;
    let shared = one_usable.iter().find(|address| other_usable.binary_search(address).is_ok());
    assert_eq!(one_range.first_shared(other_range), shared.copied());
    assert_eq!(other_range.first_shared(one_range), shared.copied());
    judge(one.trunc(), &excludes);
}

fn is_usable(host: Ipv4Addr, net: Ipv4Net, excludes: &[Ipv4Net]) -> bool {
    // For ipnet a /31 and a /32 have hosts; Whereabouts hands out none of them.
    host != net.network() && host != net.broadcast() && !excludes.iter().any(|hole| hole.contains(&host))
}

/// Excludes are taken when each lies inside, none covers the range, and any two are equal or apart.
fn judge(range: Ipv4Net, excludes: &[Ipv4Net]) {
    let entries: Vec<String> = excludes.iter().map(|net| format!("\"{net}\"")).collect();
    let text = format!(r#"{{"clusterNetwork":"a","vlan":2,"range":"{range}","exclude":[{}]}}"#, entries.join(","));
    let apart = |one: &Ipv4Net, other: &Ipv4Net| {
        one.trunc() == other.trunc() || !one.contains(&other.network()) && !other.contains(&one.network())
    };
    let sound = excludes.iter().all(|net| range.contains(net) && net.trunc() != range)
        && excludes.iter().enumerate().all(|(at, one)| excludes[at..].iter().all(|other| apart(one, other)));
    let parsed = ParsedValue::read(&text);
    assert_eq!(ValidatedValue::new(parsed).canonical().is_some(), sound, "{text}");
}

fn read(text: &str) {
    let strict = cidr::parse_strict(text);
    let second = text.parse::<Ipv4Net>();
    match (&strict, &second) {
        (Ok(strict), Ok(second)) => {
            assert_eq!(strict, second, "{text:?}");
            assert_eq!(strict.to_string(), text);
        }
        (Ok(strict), Err(_)) => panic!("{text:?} is read as {strict}"),
        (Err(why), Ok(second)) => assert_ne!(second.to_string(), text, "{why:?}"),
        (Err(_), Err(_)) => {}
    }
    if let Ok(net) = strict {
        assert!(matches!(cidr::parse_go(text), Some(IpNet::V4(read)) if read == net.trunc()), "{text:?}");
    }
    if let Some(IpNet::V4(net)) = cidr::parse_go(text) {
        let (address, prefix) = text.split_once('/').unwrap();
        assert_eq!(net.prefix_len(), prefix.parse::<u8>().unwrap());
        assert!(net.contains(&address.parse::<Ipv4Addr>().unwrap()));
    }
}
