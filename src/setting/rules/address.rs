//! Rules about whose addresses the range holds: `range-reserved`, `range-contains-node-address`,
//! `range-too-small`.

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use ipnet::Ipv4Net;

use super::super::facts::{FactKind, HostNetwork, Missing};
use super::super::field::{FieldPath, Key};
use super::super::list::Truncated;
use super::super::problem::Problem;
use super::super::warning::owner;
use super::super::{RuleId, Warning};
use super::{Judge, ValidatedValue};
use crate::escape::Plain;

/// Ranges whose addresses no interface may have, or none that virt-handler would use, and what they are for.
/// <https://www.iana.org/assignments/iana-ipv4-special-registry>
const SPECIAL_PURPOSE: [([u8; 4], u8, &str); 5] = [
    ([0, 0, 0, 0], 8, "this host"),
    ([127, 0, 0, 0], 8, "loopback"),
    ([169, 254, 0, 0], 16, "link-local"),
    ([224, 0, 0, 0], 4, "multicast"),
    ([240, 0, 0, 0], 4, "reserved for future use"),
];

/// Looks at each node's pod CIDRs, so its time grows with the nodes; it allocates only to report.
pub(super) fn range_reserved(judge: &mut Judge<'_, '_>, checked: &ValidatedValue<'_>) {
    const RULE: RuleId = RuleId::RangeReserved;
    let Some(range) = checked.range() else { return };
    let context = judge.context;
    let mut others = Truncated::default();
    for reserved in context.policy.reserved.iter().filter(|reserved| overlap(range, **reserved)) {
        others.push(format_args!("{reserved} (reserved for the cluster's pods and services)"));
    }
    for (address, prefix, purpose) in SPECIAL_PURPOSE {
        let special = Ipv4Net::new_assert(Ipv4Addr::from(address), prefix);
        if overlap(range, special) {
            others.push(format_args!("{special} ({purpose})"));
        }
    }
    if let Some(services) = judge.need(&context.facts.service_cidrs, RULE) {
        for service in services.iter().filter(|service| overlap(range, service.cidr)) {
            others.push(format_args!("{} (ServiceCIDR {})", service.cidr, Plain(&service.name)));
        }
    }
    if let Some(nodes) = judge.nodes(RULE) {
        judge.judged(RULE);
        for node in nodes.iter() {
            for pods in node.pod_cidrs.iter().filter(|pods| overlap(range, **pods)) {
                others.push(format_args!("{pods} (pod CIDR of node {})", Plain(&node.name)));
            }
        }
    }
    if !others.is_empty() {
        judge.report(FieldPath::Key(Key::Range), Problem::RangeReserved { range, others });
    }
}

/// Two networks overlap only when one holds the other: when they are the same as far as both prefixes go.
fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    let shared = one.prefix_len().min(other.prefix_len());
    (u32::from(one.addr()) ^ u32::from(other.addr())).leading_zeros() >= u32::from(shared)
}

/// Looks at each node's addresses, so its time grows with the nodes; it allocates only to report.
pub(super) fn range_contains_node_address(judge: &mut Judge<'_, '_>, checked: &ValidatedValue<'_>) {
    const RULE: RuleId = RuleId::RangeContainsNodeAddress;
    let Some(addresses) = checked.addresses() else { return };
    let range = addresses.net();
    let facts = judge.context.facts;
    let (mut usable, mut excluded) = (Taken::default(), Truncated::default());
    if let Some(nodes) = judge.nodes(RULE) {
        judge.judged(RULE);
        for node in nodes.iter() {
            for address in node.internal_ips.iter().copied().filter(|address| range.contains(address)) {
                if addresses.contains(address) {
                    usable.push(address, owner(&node.name, address));
                } else {
                    excluded.push(owner(&node.name, address));
                }
            }
        }
    }
    if let Some(segment) = checked.segment()
        && let Some(host_networks) = judge.need(&facts.host_networks, RULE)
    {
        let same =
            |network: &&HostNetwork| network.cluster_network == segment.cluster_network && network.vlan == segment.vlan;
        for network in host_networks.iter().filter(same) {
            let theirs = match &network.addresses {
                Ok(theirs) => theirs,
                Err(why) => {
                    let missing = Missing { kind: FactKind::HostNetworkConfigs, why: Arc::clone(why) };
                    judge.note_missing::<()>(missing, RULE);
                    continue;
                }
            };
            for (node, address) in theirs.iter().filter(|(_, address)| addresses.contains(*address)) {
                let owner = owner(node, *address);
                usable.push(*address, format_args!("{owner} (HostNetworkConfig {})", Plain(&network.name)));
            }
        }
    }
    let Taken { owners, excludes, .. } = usable;
    if !owners.is_empty() {
        judge.report(FieldPath::Key(Key::Range), Problem::NodeAddress { range, owners, excludes });
    }
    if !excluded.is_empty() {
        judge.warn(Warning::NodeAddressExcluded { root: judge.root, owners: excluded });
    }
}

/// Usable addresses that are someone's.
#[derive(Default)]
struct Taken {
    owners: Truncated,
    /// What to exclude: an address that two have is one entry.
    excludes: Truncated,
    seen: BTreeSet<Ipv4Addr>,
}

impl Taken {
    fn push(&mut self, address: Ipv4Addr, owner: impl fmt::Display) {
        self.owners.push(owner);
        if self.seen.insert(address) {
            self.excludes.push(format_args!("\"{address}/32\""));
        }
    }
}

pub(super) fn range_too_small(judge: &mut Judge<'_, '_>, checked: &ValidatedValue<'_>) {
    let Some(addresses) = checked.addresses() else { return };
    let Some(nodes) = judge.nodes(RuleId::RangeTooSmall) else { return };
    judge.judged(RuleId::RangeTooSmall);
    let (usable, nodes) = (addresses.capacity(), nodes.worker_count());
    let Some(spare) = usable.checked_sub(nodes as u64) else {
        let range = addresses.net();
        return judge.report(FieldPath::Key(Key::Range), Problem::RangeTooSmall { range, usable, nodes });
    };
    if spare == 0 || spare * 4 < nodes as u64 {
        judge.warn(Warning::FewSpareAddresses { root: judge.root, spare, nodes });
    }
}
