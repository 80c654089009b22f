//! IPv4 address ranges as intervals: capacity, membership, overlap.
//!
//! A range is kept as the intervals that its excludes leave, never as a list of addresses, so that a
//! /16 costs what a /24 does.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::field::FieldPath;
use super::problem::{Problem, Reason};
use super::{SHORTEST_PREFIX, cidr, key};
use crate::escape::Excerpt;

/// The usable addresses of a range: all but its network address, its broadcast address and its excludes.
///
/// Whereabouts hands out just these. A /31 and a /32 have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressRange {
    net: Ipv4Net,
    /// First and last address of each run of usable addresses: sorted, apart, never empty.
    usable: Box<[(u32, u32)]>,
}

impl AddressRange {
    /// The range less the excludes, which may lie outside, overlap or repeat. Host bits count for nothing.
    pub fn new(net: Ipv4Net, excludes: &[Ipv4Net]) -> Self {
        let net = net.trunc();
        let mut holes: Vec<(u32, u32)> =
            excludes.iter().map(|hole| (hole.network().into(), hole.broadcast().into())).collect();
        // All up to the network address, and all from the broadcast address on.
        holes.extend([(0, net.network().into()), (net.broadcast().into(), u32::MAX)]);
        holes.sort_unstable();

        let mut usable = Vec::new();
        let mut start = 0;
        for (first, last) in holes {
            if start < first {
                usable.push((start, first - 1));
            }
            start = start.max(last.saturating_add(1));
        }
        Self { net, usable: usable.into_boxed_slice() }
    }

    /// The range as a whole, excludes or not.
    pub const fn net(&self) -> Ipv4Net {
        self.net
    }

    /// How many usable addresses there are.
    pub fn capacity(&self) -> u64 {
        self.usable.iter().map(|(first, last)| u64::from(last - first) + 1).sum()
    }

    /// Whether the address is usable.
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        self.shares(address, address)
    }

    /// The first and the last address of each run of usable addresses, in order.
    pub fn runs(&self) -> impl Iterator<Item = (u32, u32)> {
        self.usable.iter().copied()
    }

    /// Whether any address from the first to the last is usable.
    pub fn shares(&self, first: Ipv4Addr, last: Ipv4Addr) -> bool {
        self.first_between(first.into(), last.into()).is_some()
    }

    /// The lowest address that is usable in both.
    pub fn first_shared(&self, other: &Self) -> Option<Ipv4Addr> {
        self.runs().find_map(|(first, last)| other.first_between(first, last)).map(Ipv4Addr::from)
    }

    /// The lowest usable address from the first to the last.
    fn first_between(&self, first: u32, last: u32) -> Option<u32> {
        let at = self.usable.partition_point(|(_, run_last)| *run_last < first);
        self.usable.get(at).map(|(run_first, _)| first.max(*run_first)).filter(|address| *address <= last)
    }
}

pub(super) fn read_range(written: &str) -> Result<Ipv4Net, Problem> {
    let wrong = |message: String| Problem::new(FieldPath::Key(&key::RANGE), Reason::Invalid, message);
    let range = cidr::parse_strict(written).map_err(|why| {
        let fix = cidr::did_you_mean(why.range_fix());
        wrong(format!("{}: {why}; must be an IPv4 network such as 192.168.1.0/24{fix}", Excerpt::of(written)))
    })?;
    if range.prefix_len() < SHORTEST_PREFIX {
        let prefix = range.prefix_len();
        return Err(wrong(format!(
            "\"{range}\": prefix /{prefix} is shorter than /16; Harvester accepts /16 and longer"
        )));
    }
    if range.addr() != range.network() {
        return Err(wrong(format!("\"{range}\": has host bits set; did you mean {}?", range.trunc())));
    }
    Ok(range)
}

#[cfg(test)]
mod tests;
