//! Decides whether two values configure the same network.
//!
//! The yardstick is the `NetworkAttachmentDefinition` that Harvester would make: what leaves it as it is,
//! is no reason to restart every virt-handler.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;

use super::cidr;
use super::go_json::NetworkConfig;
use super::parsed_value::ParsedValue;
use super::vlan::VlanId;

/// What a value means to Harvester. Two values are equal when their meanings are.
#[derive(Debug, PartialEq, Eq)]
pub struct Meaning<'a> {
    cluster_network: &'a str,
    vlan: VlanId,
    /// As text: a range that is no strict CIDR may still be stored, and must be left alone.
    range: &'a str,
    exclude: BTreeSet<Exclude<'a>>,
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
    pub fn of_submitted(value: &'a ParsedValue<'_>) -> Option<Self> {
        if !value.syntax.is_empty() {
            return None;
        }
        let vlan: u16 = value.vlan?.parse().ok()?;
        Some(Self {
            cluster_network: value.cluster_network.as_deref()?,
            vlan: vlan.into(),
            range: value.range.as_deref()?,
            exclude: value.exclude.as_ref()?.items.iter().flatten().map(|entry| Exclude::read(entry)).collect(),
        })
    }

    /// The meaning of a stored value; `None` for one of newer, dual-stack Harvester, which equals nothing.
    pub fn of_stored(stored: &'a NetworkConfig<'_>) -> Option<Self> {
        (!stored.is_dual_stack).then(|| Self {
            cluster_network: &stored.cluster_network,
            vlan: stored.vlan.into(),
            range: &stored.range,
            exclude: stored.exclude.iter().map(|entry| Exclude::read(entry)).collect(),
        })
    }
}

impl<'a> Exclude<'a> {
    fn read(entry: &'a str) -> Self {
        cidr::parse_strict(entry).map_or(Self::Text(entry), |net| Self::Net(net.trunc()))
    }
}

#[cfg(test)]
mod tests;
