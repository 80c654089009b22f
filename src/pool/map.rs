//! The map of a range: what each of its addresses is.

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::Serialize;

use crate::setting::list::Truncated;
use crate::setting::range::AddressRange;

/// What an address is. Of several, the first here counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AddressUse {
    /// The network address, which is never given away.
    Network,
    /// The broadcast address, which is never given away.
    Broadcast,
    /// Excluded by the value.
    Excluded,
    /// Usable, though a node has it.
    Node,
    /// Usable, though it is of another network.
    Neighbour,
    /// Usable, and given to a pod.
    Taken,
    /// Usable.
    Free,
}

impl AddressUse {
    /// Every use.
    pub const ALL: [Self; 7] =
        [Self::Network, Self::Broadcast, Self::Excluded, Self::Node, Self::Neighbour, Self::Taken, Self::Free];

    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Network => "network address",
            Self::Broadcast => "broadcast address",
            Self::Excluded => "excluded",
            Self::Node => "a node's own",
            Self::Neighbour => "another network's",
            Self::Taken => "held by a pod",
            Self::Free => "free",
        }
    }

    /// Whether Whereabouts may give it away.
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Node | Self::Neighbour | Self::Taken | Self::Free)
    }
}

impl fmt::Display for AddressUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Addresses that are someone's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The first and the last.
    pub addresses: (Ipv4Addr, Ipv4Addr),
    /// What they are.
    pub usage: AddressUse,
    /// Whose they are, safe to print.
    pub owner: String,
}

impl Mark {
    /// One address.
    pub fn address(address: Ipv4Addr, usage: AddressUse, owner: impl fmt::Display) -> Self {
        Self { addresses: (address, address), usage, owner: owner.to_string() }
    }

    /// All addresses of a network.
    pub fn network(net: Ipv4Net, usage: AddressUse, owner: impl fmt::Display) -> Self {
        Self { addresses: (net.network(), net.broadcast()), usage, owner: owner.to_string() }
    }
}

/// Neighbouring addresses of one use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first address.
    pub first: Ipv4Addr,
    /// The last address.
    pub last: Ipv4Addr,
    /// What they are.
    pub usage: AddressUse,
}

impl Span {
    /// How many addresses.
    pub fn size(&self) -> u64 {
        u64::from(u32::from(self.last) - u32::from(self.first)) + 1
    }
}

/// The whole of a range, as spans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressMap {
    net: Ipv4Net,
    spans: Vec<Span>,
    owners: Vec<(AddressUse, Truncated)>,
}

impl AddressMap {
    /// The map of a range on which these marks lie, in any order; they may overlap, and lie outside.
    pub fn new(range: &AddressRange, marks: &[Mark]) -> Self {
        let net = range.net();
        let mut base = unmarked(range);
        let mut owners = Vec::new();
        // From the last to the first, each over what is there.
        for usage in AddressUse::ALL.into_iter().rev().filter(|it| it.is_usable()) {
            let mut layer: Vec<(u32, u32)> = Vec::new();
            let mut of_use = Truncated::default();
            let mut known = BTreeSet::new();
            let mut usable: Vec<&Mark> = marks.iter().filter(|mark| mark.usage == usage).collect();
            usable.sort_by_key(|mark| mark.addresses);
            for mark in usable {
                let (first, last) = mark.addresses;
                if range.shares(first, last) {
                    if known.insert(&*mark.owner) {
                        of_use.push(&mark.owner);
                    }
                    layer.push((first.into(), last.into()));
                }
            }
            if !layer.is_empty() {
                base = overlay(&base, &merged(&layer), usage);
                owners.push((usage, of_use));
            }
        }
        owners.reverse();
        Self { net, spans: base, owners }
    }

    /// The range.
    pub const fn net(&self) -> Ipv4Net {
        self.net
    }

    /// Its addresses, in order: neighbours differ in their use.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Whose usable addresses are marked, by use.
    pub fn owners(&self, usage: AddressUse) -> Option<&Truncated> {
        self.owners.iter().find(|(of, _)| *of == usage).map(|(_, owners)| owners)
    }

    /// How many addresses of a use there are.
    pub fn count(&self, usage: AddressUse) -> u64 {
        self.spans.iter().filter(|span| span.usage == usage).map(Span::size).sum()
    }

    /// How many addresses Whereabouts may give away.
    pub fn usable(&self) -> u64 {
        self.spans.iter().filter(|span| span.usage.is_usable()).map(Span::size).sum()
    }

    /// The first and the last address that Whereabouts may give away.
    pub fn usable_ends(&self) -> Option<(Ipv4Addr, Ipv4Addr)> {
        let mut usable = self.spans.iter().filter(|span| span.usage.is_usable());
        let first = usable.next()?;
        Some((first.first, usable.next_back().unwrap_or(first).last))
    }

    /// The map in so many cells of equal size, fewer where there are fewer addresses: of each the use to show, which is
    /// one that someone should see if it has any, else what most of its addresses are.
    pub fn cells(&self, cells: u64) -> Vec<AddressUse> {
        let size = 1_u64 << (32 - self.net.prefix_len());
        let cells = cells.min(size);
        let start = u64::from(u32::from(self.net.network()));
        let mut spans = self.spans.iter().peekable();
        let mut shown = Vec::new();
        for cell in 0..cells {
            let (first, end) = (start + cell * size / cells, start + (cell + 1) * size / cells);
            let mut counts = [0_u64; AddressUse::ALL.len()];
            while let Some(span) = spans.peek() {
                let (from, to) = (u64::from(u32::from(span.first)), u64::from(u32::from(span.last)) + 1);
                counts[span.usage as usize] += to.min(end).saturating_sub(from.max(first));
                if to > end {
                    break;
                }
                spans.next();
            }
            let has = |usage: &AddressUse| counts[*usage as usize] > 0;
            let striking = [AddressUse::Node, AddressUse::Neighbour, AddressUse::Taken].into_iter().find(has);
            let most = || AddressUse::ALL.into_iter().rev().max_by_key(|it| counts[*it as usize]);
            shown.extend(striking.or_else(most));
        }
        shown
    }
}

/// The range before anything is marked.
fn unmarked(range: &AddressRange) -> Vec<Span> {
    let net = range.net();
    let (network, broadcast) = (u32::from(net.network()), u32::from(net.broadcast()));
    let mut spans = vec![span(network, network, AddressUse::Network)];
    // Between two runs everything is excluded. The broadcast address ends the last one.
    let mut before = network;
    for (first, last) in range.runs().chain((broadcast > network).then_some((broadcast, broadcast))) {
        if first - before > 1 {
            spans.push(span(before + 1, first - 1, AddressUse::Excluded));
        }
        let usage = if first == broadcast { AddressUse::Broadcast } else { AddressUse::Free };
        spans.push(span(first, last, usage));
        before = last;
    }
    spans
}

fn span(first: u32, last: u32, usage: AddressUse) -> Span {
    Span { first: first.into(), last: last.into(), usage }
}

/// Sorted intervals, those that overlap or touch made one.
fn merged(sorted: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut merged: Vec<(u32, u32)> = Vec::new();
    for (first, last) in sorted {
        match merged.last_mut() {
            Some(end) if u64::from(*first) <= u64::from(end.1) + 1 => end.1 = end.1.max(*last),
            _ => merged.push((*first, *last)),
        }
    }
    merged
}

/// Gives usable addresses of the base that lie in the layer another use.
fn overlay(base: &[Span], layer: &[(u32, u32)], usage: AddressUse) -> Vec<Span> {
    let mut spans = Vec::with_capacity(base.len() + 2 * layer.len());
    let mut push = |first: u64, end: u64, of: AddressUse| {
        let (Ok(first), Some(Ok(last))) = (u32::try_from(first), end.checked_sub(1).map(u32::try_from)) else { return };
        if first <= last {
            match spans.last_mut() {
                Some(Span { last: before, usage, .. }) if *usage == of => *before = last.into(),
                _ => spans.push(span(first, last, of)),
            }
        }
    };
    let mut layer = layer.iter().peekable();
    for below in base {
        let (mut from, end) = (u64::from(u32::from(below.first)), u64::from(u32::from(below.last)) + 1);
        while let Some((first, last)) = layer.peek().filter(|_| below.usage.is_usable()) {
            let (first, past) = (u64::from(*first).max(from), (u64::from(*last) + 1).min(end));
            if first >= end {
                break;
            }
            push(from, first.max(from), below.usage);
            push(first, past, usage);
            from = from.max(past);
            if u64::from(*last) + 1 > end {
                break;
            }
            layer.next();
        }
        push(from, end, below.usage);
    }
    spans
}

#[cfg(test)]
mod tests;
