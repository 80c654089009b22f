//! The addresses of the range: whose they are, and how many nodes they are for.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::{AddressPlan, UseCount, seen};
use crate::escape::Plain;
use crate::harvester::HARVESTER_SYSTEM;
use crate::pool::{AddressMap, AddressUse, Mark, WhereaboutsPool, pool_name};
use crate::setting::facts::SettingNetwork;
use crate::setting::go_json::{self, NetworkConfig};
use crate::setting::range::AddressRange;
use crate::setting::vlan::VlanId;
use crate::setting::{Facts, Policy, RWX_NETWORK, STORAGE_NETWORK};
use crate::status::{self, Observed};

pub(super) fn addresses(
    value: &str,
    facts: &Facts,
    policy: &Policy,
    observed: &Observed,
    unseen: &mut Vec<String>,
) -> Option<AddressPlan> {
    let config = go_json::network_config(value).ok()?;
    let range = status::range(value)?;
    let mut marks = Vec::new();
    of_nodes(facts, &mut marks, unseen);
    of_host_networks(&config, facts, &mut marks, unseen);
    of_neighbours(facts, policy, &mut marks, unseen);
    let pool = pool(&range, observed).unwrap_or_else(|why| {
        unseen.push(why);
        WhereaboutsPool::default()
    });
    if !pool.ignored.is_empty() {
        unseen.push(format!("IPPool {}: no addresses of the range: {}", pool_name(range.net()), pool.ignored));
    }
    marks.extend(pool.taken.iter().map(|it| {
        let owner =
            if it.podref.is_empty() { "a pod that is not named".to_owned() } else { Plain(&it.podref).to_string() };
        Mark::new(it.address, AddressUse::Taken, owner)
    }));
    let map = AddressMap::new(&range, &marks);
    // What the pods of virt-handler hold, the next ones get. Where they can't be seen their name tells.
    let virt_handlers: BTreeSet<&str> = observed.active_pods().map(|pod| &*pod.metadata.name).collect();
    let is_ours = |name: &str| match &observed.pods {
        Ok(_) => virt_handlers.contains(name),
        Err(_) => name.starts_with("virt-handler-"),
    };
    let foreign = pool.taken.iter().filter(|it| !matches!(it.pod(), Some((HARVESTER_SYSTEM, name)) if is_ours(name)));
    let foreign = foreign.map(|it| it.address).collect();
    let (usable, lost) = (map.usable(), lost(&map, &foreign));
    let needed = facts.nodes.as_ref().ok().map(|nodes| nodes.worker_count() as u64);
    let uses = AddressUse::ALL.into_iter().filter_map(|usage| {
        let count = map.count(usage);
        let owners = map.owners.get(&usage).map(ToString::to_string);
        (count > 0).then_some(UseCount { r#use: usage, count, owners })
    });
    Some(AddressPlan {
        range: map.net.to_string(),
        usable_ends: map.usable_ends(),
        usable,
        needed,
        lost,
        spare: needed.map(|needed| (usable - lost).saturating_sub(needed)),
        nodes_at_most: usable - lost,
        uses: uses.collect(),
        map,
    })
}

/// How many usable addresses virt-handler can't get.
fn lost(map: &AddressMap, foreign: &BTreeSet<Ipv4Addr>) -> u64 {
    let of = |usage| map.spans.iter().filter(move |span| span.usage == usage);
    let held = of(AddressUse::Taken).map(|span| foreign.range(span.first..=span.last).count() as u64);
    held.sum::<u64>() + map.count(AddressUse::Node) + map.count(AddressUse::Neighbour)
}

/// The nodes' own addresses.
pub(super) fn of_nodes(facts: &Facts, marks: &mut Vec<Mark>, unseen: &mut Vec<String>) {
    for node in seen(&facts.nodes, unseen).into_iter().flat_map(|nodes| nodes.iter()) {
        let owner = format!("node {}", Plain(&node.name));
        marks.extend(node.internal_ips.iter().map(|it| Mark::new(*it, AddressUse::Node, &owner)));
    }
}

/// What nodes have on the network's VLAN.
fn of_host_networks(config: &NetworkConfig<'_>, facts: &Facts, marks: &mut Vec<Mark>, unseen: &mut Vec<String>) {
    let vlan = VlanId::from(config.vlan);
    let networks = seen(&facts.host_networks, unseen).into_iter().flat_map(|networks| networks.iter());
    for network in networks.filter(|it| it.cluster_network == config.cluster_network && it.vlan == vlan) {
        for (node, address) in seen(&network.addresses, unseen).into_iter().flatten() {
            let owner = format!("HostNetworkConfig {} on {}", Plain(&network.name), Plain(node));
            marks.push(Mark::new(*address, AddressUse::Node, owner));
        }
    }
}

/// What no range may touch.
pub(super) fn of_neighbours(facts: &Facts, policy: &Policy, marks: &mut Vec<Mark>, unseen: &mut Vec<String>) {
    const USE: AddressUse = AddressUse::Neighbour;
    marks.extend(policy.reserved.iter().map(|it| Mark::new(*it, USE, format_args!("reserved {it}"))));
    for node in facts.nodes.iter().flat_map(|nodes| nodes.iter()) {
        let owner = format!("pods of node {}", Plain(&node.name));
        marks.extend(node.pod_cidrs.iter().map(|it| Mark::new(*it, USE, &owner)));
    }
    for it in seen(&facts.service_cidrs, unseen).into_iter().flat_map(|cidrs| cidrs.iter()) {
        marks.push(Mark::new(it.cidr, USE, format_args!("ServiceCIDR {}", Plain(&it.name))));
    }
    let Some(networks) = seen(&facts.networks, unseen) else { return };
    for name in [STORAGE_NETWORK, RWX_NETWORK] {
        match networks.get(name) {
            Some(SettingNetwork::On { range: Ok(Some(range)), .. }) => {
                let owner = format!("{name} {}", range.net());
                marks.extend(range.runs().map(|(first, last)| Mark {
                    addresses: (first.into(), last.into()),
                    usage: USE,
                    owner: owner.clone(),
                }));
            }
            Some(SettingNetwork::Unreadable(why) | SettingNetwork::On { range: Err(why), .. }) => {
                unseen.push(format!("{name} ({why})"));
            }
            _ => {}
        }
    }
}

/// Whereabouts' pool of the range, empty if there is none; or why that can't be told.
fn pool(range: &AddressRange, observed: &Observed) -> Result<WhereaboutsPool, String> {
    let Some(pool) = observed.pool(range.net()).map_err(ToString::to_string)? else {
        return Ok(WhereaboutsPool::default());
    };
    WhereaboutsPool::read(&pool.spec).map_err(|why| format!("IPPool {} ({why})", pool_name(range.net())))
}
