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
        let (network, broadcast) = (u32::from(net.network()), u32::from(net.broadcast()));
        let mut holes: Vec<(u32, u32)> =
            excludes.iter().map(|hole| (u32::from(hole.network()), u32::from(hole.broadcast()))).collect();
        holes.sort_unstable();

        let mut usable = Vec::new();
        // In 64 bits, one past the last address of the address space is a number too.
        let (mut start, end) = (u64::from(network) + 1, u64::from(broadcast));
        for (first, last) in holes {
            if u64::from(first) > start {
                push_run(&mut usable, start, end.min(u64::from(first)));
            }
            start = start.max(u64::from(last) + 1);
        }
        push_run(&mut usable, start, end);
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
        let address = u32::from(address);
        let after = self.usable.partition_point(|(first, _)| *first <= address);
        after.checked_sub(1).is_some_and(|index| address <= self.usable[index].1)
    }

    /// The first and the last address of each run of usable addresses, in order.
    pub fn runs(&self) -> impl Iterator<Item = (u32, u32)> {
        self.usable.iter().copied()
    }

    /// Whether any address from the first to the last is usable.
    pub fn shares(&self, first: Ipv4Addr, last: Ipv4Addr) -> bool {
        let at = self.usable.partition_point(|(_, run_last)| *run_last < u32::from(first));
        self.usable.get(at).is_some_and(|(run_first, _)| *run_first <= u32::from(last))
    }

    /// The lowest address that is usable in both.
    pub fn first_shared(&self, other: &Self) -> Option<Ipv4Addr> {
        let (mut ours, mut theirs) = (self.usable.iter().peekable(), other.usable.iter().peekable());
        while let (Some((our_first, our_last)), Some((their_first, their_last))) = (ours.peek(), theirs.peek()) {
            if our_last < their_first {
                ours.next();
            } else if their_last < our_first {
                theirs.next();
            } else {
                return Some(Ipv4Addr::from(*our_first.max(their_first)));
            }
        }
        None
    }
}

/// Adds the addresses from `start` to before `end`, if any.
fn push_run(runs: &mut Vec<(u32, u32)>, start: u64, end: u64) {
    if start < end
        && let (Ok(first), Ok(last)) = (u32::try_from(start), u32::try_from(end - 1))
    {
        runs.push((first, last));
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
