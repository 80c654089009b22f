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
#[derive(Debug, PartialEq, Eq)]
pub struct Meaning<'a> {
    cluster_network: &'a str,
    vlan: VlanId,
    /// As text: a range that is no strict CIDR may still be stored, and must be left alone.
    range: &'a str,
    /// Sorted and distinct.
    excludes: Vec<Exclude<'a>>,
}

/// An entry of `exclude`: masked, as Whereabouts masks it, or as text where it is no strict CIDR.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
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
            cluster_network: draft.cluster_network.as_deref()?,
            vlan: vlan.into(),
            range: draft.range.as_deref()?,
            excludes: excludes(draft.exclude.as_ref()?.items.iter().flatten().map(Cow::as_ref)),
        })
    }

    /// The meaning of a stored value; `None` for one of newer, dual-stack Harvester, which equals nothing.
    #[must_use]
    pub fn of_stored(stored: &'a NetworkConfig) -> Option<Self> {
        (!stored.has_range_v6).then(|| Self {
            cluster_network: &stored.cluster_network,
            vlan: stored.vlan.into(),
            range: &stored.range,
            excludes: excludes(stored.exclude.iter().map(AsRef::as_ref)),
        })
    }
}

fn excludes<'a>(entries: impl Iterator<Item = &'a str>) -> Vec<Exclude<'a>> {
    let mut excludes: Vec<_> = entries
        .map(|entry| cidr::parse_strict(entry).map_or(Exclude::Text(entry), |net| Exclude::Net(net.trunc())))
        .collect();
    excludes.sort_unstable();
    excludes.dedup();
    excludes
}

#[cfg(test)]
mod tests;
