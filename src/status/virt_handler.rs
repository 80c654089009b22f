//! virt-handler: whether it runs on every node, and with which address on the network.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::Deserialize;

use super::check_id::CheckId;
use super::context::{Context, EnabledNetwork, Network};
use super::objects::{NETWORK_STATUS, VirtHandlerPod};
use super::report::{Check, CheckOutcome, Checked, error, ok};
use crate::escape::{Plain, Quoted, Quoting, ShellWord};
use crate::harvester::{HARVESTER_SYSTEM, INTERFACE};
use crate::setting::list::Truncated;

/// One of the networks in Multus' annotation.
#[derive(Default, Deserialize)]
#[serde(default)]
struct AttachedNetwork {
    name: String,
    interface: String,
    ips: Option<Vec<String>>,
}

pub(super) fn check(context: &Context<'_>) -> Vec<Check> {
    let mut checks = vec![Check::new(CheckId::VirtHandlerRollout, rollout(context))];
    let is_known = matches!(context.network, Network::Enabled(_) | Network::Disabled);
    if is_known || context.observed.pods.is_err() {
        let pods = active(context);
        checks.push(Check::new(CheckId::VirtHandlerNetworks, pods.clone().map(|pods| networks(context, &pods))));
        checks.push(Check::new(CheckId::VirtHandlerAddresses, pods.map(|pods| addresses(&pods))));
    }
    checks
}

fn active<'a>(context: &Context<'a>) -> Result<Vec<&'a VirtHandlerPod>, String> {
    let pods: Vec<_> = context.observed.pods.as_ref()?.iter().filter(|pod| pod.is_active()).collect();
    if pods.is_empty() { Err("there is no pod of virt-handler to look at".to_owned()) } else { Ok(pods) }
}

fn rollout(context: &Context<'_>) -> Checked {
    let Some(set) = context.observed.daemon_set.as_ref()? else {
        return Ok(error(format!("there is no DaemonSet {HARVESTER_SYSTEM}/virt-handler"))
            .hint("KubeVirt's operator makes it:")
            .run("kubectl -n harvester-system logs deployment/virt-operator --tail=100"));
    };
    let pods = context.observed.pods.as_ref()?;
    let nodes = context.facts.nodes.as_ref().map_err(|missing| format!("needs {missing}"))?;
    let (desired, updated, ready) =
        (set.status.desired_number_scheduled, set.status.updated_number_scheduled, set.status.number_ready);
    let mut ready_on: BTreeMap<&str, bool> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| pod.is_active()) {
        *ready_on.entry(&pod.spec.node_name).or_default() |= pod.is_ready();
    }
    let lacking: Truncated = nodes
        .workers()
        .filter(|node| ready_on.get(&*node.name) != Some(&true))
        .map(|node| {
            let what = if ready_on.contains_key(&*node.name) { "not ready" } else { "no pod" };
            format!("{} ({what})", Plain(&node.name))
        })
        .collect();
    let counted = format!("{desired} wanted, {updated} up to date, {ready} ready on {} nodes", nodes.worker_count());
    let stale = set.status.observed_generation < set.metadata.generation;
    if lacking.is_empty() && updated == desired && ready == desired && !stale {
        return Ok(ok(counted));
    }
    let seen = match (lacking.is_empty(), stale) {
        (false, _) => format!("{counted}; lacking: {lacking}"),
        (true, true) => format!("{counted}; the newest change is not rolled out yet"),
        (true, false) => format!("{counted}; it is being rolled out"),
    };
    Ok(error(seen)
        .hint("Look at the pods that are not ready, and at their events:")
        .run("kubectl -n harvester-system get pods -l kubevirt.io=virt-handler -o wide")
        .run("kubectl -n harvester-system describe pods -l kubevirt.io=virt-handler"))
}

/// What a pod has on the network: an address, nothing, or what is wrong, safe to print.
pub(super) fn attached(pod: &VirtHandlerPod) -> Result<Option<(String, Ipv4Addr)>, String> {
    let Some(text) = pod.metadata.annotations.get(NETWORK_STATUS) else { return Ok(None) };
    let networks: Vec<AttachedNetwork> = serde_json::from_str(text)
        .map_err(|error| format!("the annotation network-status can't be read: {}", Quoting(&error.to_string())))?;
    let Some(network) = networks.into_iter().find(|network| network.interface == INTERFACE) else { return Ok(None) };
    let ips = network.ips.unwrap_or_default();
    // KubeVirt takes the first that is no link-local one, and Whereabouts gives one.
    match ips.iter().find_map(|ip| ip.parse::<Ipv4Addr>().ok()) {
        Some(address) => Ok(Some((network.name, address))),
        None if ips.is_empty() => Err(format!("{INTERFACE} has no address")),
        None => Err(format!("{INTERFACE} has no IPv4 address but {}", Quoted(&ips.join(" ")))),
    }
}

/// What is wrong with the pod's network, safe to print.
pub(super) fn problem(context: &Context<'_>, pod: &VirtHandlerPod) -> Option<String> {
    let attached = match attached(pod) {
        Ok(attached) => attached,
        Err(why) => return Some(why),
    };
    match (&context.network, attached) {
        (Network::Enabled(network), Some((name, address))) => misplaced(context, network, &name, address),
        (Network::Enabled(_), None) => Some(format!("no interface {INTERFACE}")),
        (Network::Disabled, Some((name, _))) if context.was_handled() => {
            Some(format!("still has {INTERFACE} of {}", Quoted(&name)))
        }
        _ => None,
    }
}

fn misplaced(context: &Context<'_>, network: &EnabledNetwork<'_>, name: &str, address: Ipv4Addr) -> Option<String> {
    if context.attachment().is_some_and(|wanted| wanted != name) {
        return Some(format!("{INTERFACE} is of {}", Quoted(name)));
    }
    if network.addresses.contains(address) {
        return None;
    }
    let net = network.addresses.net();
    Some(if net.contains(&address) { format!("{address} is excluded") } else { format!("{address} is not in {net}") })
}

fn networks(context: &Context<'_>, pods: &[&VirtHandlerPod]) -> CheckOutcome {
    let problems: Vec<_> = pods.iter().filter_map(|pod| Some((pod, problem(context, pod)?))).collect();
    let [(first, _), ..] = &*problems else {
        let count = pods.len();
        return ok(match context.network {
            Network::Enabled(_) => format!("{count} pods have {INTERFACE} with an address in the range"),
            _ => format!("{count} pods, none with {INTERFACE} of the Setting"),
        });
    };
    let problems = problems.iter().map(|(VirtHandlerPod { metadata, spec, .. }, problem)| {
        format!("{} on {}: {problem}", Plain(&metadata.name), Plain(&spec.node_name))
    });
    let first = ShellWord(&first.metadata.name);
    error(problems.collect::<Truncated>().to_string())
        .hint("Look at the pod's annotations and events; while no virtual machine migrates, restart it:")
        .run(format_args!("kubectl -n {HARVESTER_SYSTEM} describe pod {first}"))
        .run(format_args!("kubectl -n {HARVESTER_SYSTEM} delete pod {first}"))
}

fn addresses(pods: &[&VirtHandlerPod]) -> CheckOutcome {
    let mut owners: BTreeMap<Ipv4Addr, Vec<&str>> = BTreeMap::new();
    for pod in pods {
        if let Ok(Some((_, address))) = attached(pod) {
            owners.entry(address).or_default().push(&pod.metadata.name);
        }
    }
    let count = owners.len();
    owners.retain(|_, pods| pods.len() > 1);
    if owners.is_empty() {
        return ok(format!("{count} addresses, each of one pod"));
    }
    let shared: Truncated = owners
        .iter()
        .map(|(address, pods)| format!("{address} of {}", pods.iter().map(|pod| Plain(pod)).collect::<Truncated>()))
        .collect();
    error(format!("shared: {shared}"))
        .hint("While no virtual machine migrates, restart the pod for which the address is not recorded: see addresses-recorded.")
}
