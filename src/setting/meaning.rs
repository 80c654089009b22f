//! When two values configure the same network.
//!
//! The yardstick is the `NetworkAttachmentDefinition` that Harvester would make: what leaves it as it is,
//! is no reason to restart every virt-handler.

use std::borrow::Cow;

use ipnet::Ipv4Net;

use super::cidr;
use super::draft::Draft;
use super::golang::NetworkConfig;
use super::vlan::VlanId;

/// What a value means to Harvester. Two values are equal when their meanings are.
#[derive(Debug)]
pub struct Meaning<'a> {
    /// As text: a range that is no strict CIDR may still be stored, and must be left alone.
    range: &'a str,
    cluster_network: &'a str,
    vlan: VlanId,
    exclude: Entries<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Entries<'a> {
    Submitted(&'a [Option<Cow<'a, str>>]),
    Stored(&'a [Cow<'a, str>]),
}

/// An entry of `exclude`: masked, as Whereabouts masks it, or as text where it is no strict CIDR.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Exclude<'a> {
    Net(Ipv4Net),
    Text(&'a str),
}

impl<'a> Meaning<'a> {
    /// The meaning of a submitted value; `None` when it breaks `value-syntax`, or its `vlan` is a number that
    /// Harvester can't read, so that it means nothing.
    #[must_use]
    pub fn of_submitted(draft: &'a Draft<'_>) -> Option<Self> {
        if !draft.syntax.is_empty() {
            return None;
        }
        let vlan: u16 = draft.vlan?.parse().ok()?;
        Some(Self {
            range: draft.range.as_deref()?,
            cluster_network: draft.cluster_network.as_deref()?,
            vlan: vlan.into(),
            exclude: Entries::Submitted(&draft.exclude.as_ref()?.items),
        })
    }

    /// The meaning of a stored value; `None` for one of newer, dual-stack Harvester, which equals nothing.
    #[must_use]
    pub fn of_stored(stored: &'a NetworkConfig<'_>) -> Option<Self> {
        (!stored.has_range_v6).then(|| Self {
            range: &stored.range,
            cluster_network: &stored.cluster_network,
            vlan: stored.vlan.into(),
            exclude: Entries::Stored(&stored.exclude),
        })
    }
}

/// What costs least is compared first: mostly something else than `exclude` differs.
impl PartialEq for Meaning<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.range == other.range
            && self.cluster_network == other.cluster_network
            && self.vlan == other.vlan
            && self.exclude.distinct() == other.exclude.distinct()
    }
}

impl<'a> Entries<'a> {
    /// Sorted, each once.
    fn distinct(self) -> Vec<Exclude<'a>> {
        let mut distinct: Vec<_> = match self {
            Self::Submitted(entries) => entries.iter().flatten().map(|entry| Exclude::read(entry)).collect(),
            Self::Stored(entries) => entries.iter().map(|entry| Exclude::read(entry)).collect(),
        };
        distinct.sort_unstable();
        distinct.dedup();
        distinct
    }
}

impl<'a> Exclude<'a> {
    fn read(entry: &'a str) -> Self {
        cidr::parse_strict(entry).map_or(Self::Text(entry), |net| Self::Net(net.trunc()))
    }
}

#[cfg(test)]
mod tests;
