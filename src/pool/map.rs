//! The map of a range: what each of its addresses is.

use std::collections::{BTreeMap, BTreeSet};
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
    pub const ALL: [Self; 7] =
        [Self::Network, Self::Broadcast, Self::Excluded, Self::Node, Self::Neighbour, Self::Taken, Self::Free];

    /// Whether Whereabouts may give it away.
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Node | Self::Neighbour | Self::Taken | Self::Free)
    }
}

impl fmt::Display for AddressUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Network => "network address",
            Self::Broadcast => "broadcast address",
            Self::Excluded => "excluded",
            Self::Node => "a node's own",
            Self::Neighbour => "another network's",
            Self::Taken => "held by a pod",
            Self::Free => "free",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The first and the last.
    pub addresses: (Ipv4Addr, Ipv4Addr),
    pub usage: AddressUse,
    /// Whose they are, safe to print.
    pub owner: String,
}

impl Mark {
    /// On a network, or one address.
    pub fn new(net: impl Into<Ipv4Net>, usage: AddressUse, owner: impl fmt::Display) -> Self {
        let net = net.into();
        Self { addresses: (net.network(), net.broadcast()), usage, owner: owner.to_string() }
    }
}

/// Neighbouring addresses of one use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub first: Ipv4Addr,
    pub last: Ipv4Addr,
    pub usage: AddressUse,
}

impl Span {
    pub fn size(&self) -> u64 {
        u64::from(u32::from(self.last) - u32::from(self.first)) + 1
    }
}

/// The whole of a range, as spans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressMap {
    pub net: Ipv4Net,
    /// Its addresses, in order: neighbours differ in their use.
    pub spans: Vec<Span>,
    /// Whose usable addresses are marked.
    pub owners: BTreeMap<AddressUse, Truncated>,
}

impl AddressMap {
    /// The map of a range on which these marks lie, in any order; they may overlap, and lie outside.
    pub fn new(range: &AddressRange, marks: &[Mark]) -> Self {
        let mut marks: Vec<&Mark> =
            marks.iter().filter(|mark| range.shares(mark.addresses.0, mark.addresses.1)).collect();
        marks.sort_by_key(|mark| mark.addresses);
        let mut owners: BTreeMap<AddressUse, Truncated> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for mark in &marks {
            if known.insert((mark.usage, &*mark.owner)) {
                owners.entry(mark.usage).or_default().push(&mark.owner);
            }
        }
        Self { net: range.net(), spans: spans(range, &marks), owners }
    }

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

/// Counts for each address what covers it, from the first to the last: of several uses the first counts.
fn spans(range: &AddressRange, marks: &[&Mark]) -> Vec<Span> {
    let (network, broadcast) = (range.net().network(), range.net().broadcast());
    // By the address from which on more or fewer of a use cover.
    let mut changes: BTreeMap<u32, [i64; AddressUse::ALL.len()]> = BTreeMap::new();
    let mut cover = |first: Ipv4Addr, last: Ipv4Addr, usage: AddressUse, by: i64| {
        changes.entry(first.max(network).into()).or_default()[usage as usize] += by;
        if last < broadcast {
            changes.entry(u32::from(last) + 1).or_default()[usage as usize] -= by;
        }
    };
    cover(network, network, AddressUse::Network, 1);
    cover(broadcast, broadcast, AddressUse::Broadcast, 1);
    cover(network, broadcast, AddressUse::Excluded, 1);
    for (first, last) in range.runs() {
        cover(first.into(), last.into(), AddressUse::Excluded, -1);
    }
    for mark in marks {
        cover(mark.addresses.0, mark.addresses.1, mark.usage, 1);
    }

    let mut covering = [0; AddressUse::ALL.len()];
    let mut spans: Vec<Span> = Vec::new();
    let ends = changes.keys().skip(1).map(|next| next - 1).chain([broadcast.into()]);
    for ((first, change), last) in changes.iter().zip(ends) {
        covering.iter_mut().zip(change).for_each(|(count, by)| *count += by);
        let usage = AddressUse::ALL.into_iter().find(|usage| covering[*usage as usize] > 0);
        let (usage, last) = (usage.unwrap_or(AddressUse::Free), last.into());
        match spans.last_mut() {
            Some(before) if before.usage == usage => before.last = last,
            _ => spans.push(Span { first: (*first).into(), last, usage }),
        }
    }
    spans
}

#[cfg(test)]
mod tests;
