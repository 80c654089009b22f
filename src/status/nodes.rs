//! The nodes: whether the cluster network reaches each, and the table by node.

use std::collections::BTreeMap;

use super::check_id::CheckId;
use super::context::{Context, Network};
use super::objects::VirtHandlerPod;
use super::report::{Check, CheckOutcome, CheckState, NodeRow};
use super::{rules, virt_handler};
use crate::escape::Plain;
use crate::setting::{self, MGMT, RuleId};

pub(super) fn check(context: &Context<'_>) -> Result<Vec<Check>, String> {
    let network = context.enabled()?;
    let name = &*network.config.cluster_network;
    let nodes = context.facts.nodes.as_ref().map_or(0, |nodes| nodes.worker_count());
    let (by, ready) = if name == MGMT {
        (format!("{MGMT} reaches every node and needs none"), format!("{MGMT} is the nodes' own network"))
    } else {
        (format!("they cover {nodes} of {nodes} nodes"), format!("ready on {nodes} of {nodes} nodes"))
    };
    let look = |config: CheckOutcome| match config.state {
        CheckState::Error => {
            config.hint("Which nodes each selects:").run("kubectl get vlanconfigs.network.harvesterhci.io -o yaml")
        }
        _ => config,
    };
    let config = rules::check(context, &[RuleId::VlanConfigMissing], by).map(look);
    let status = rules::check(context, &[RuleId::VlanStatusNotReady], ready);
    Ok(vec![Check::new(CheckId::NodesVlanConfig, config), Check::new(CheckId::NodesVlanStatus, status)])
}

pub(super) fn rows(context: &Context<'_>) -> Vec<NodeRow> {
    let Ok(nodes) = &context.facts.nodes else { return Vec::new() };
    let mut pods: BTreeMap<&str, &VirtHandlerPod> = BTreeMap::new();
    for pod in context.observed.active_pods() {
        // While one takes the place of another, the one that is ready counts.
        let known = pods.entry(&pod.spec.node_name).or_insert(pod);
        if pod.is_ready() {
            *known = pod;
        }
    }
    let vlan = vlan(context);
    nodes.workers().map(|node| row(context, &node.name, pods.get(&*node.name).copied(), vlan(&node.name))).collect()
}

/// How the cluster network is on a node.
fn vlan<'c>(context: &'c Context<'_>) -> impl Fn(&str) -> (&'static str, CheckState) + 'c {
    let network = match &context.network {
        Network::Enabled(network) => Some(&*network.config.cluster_network),
        _ => None,
    };
    let (configs, statuses) = (&context.facts.vlan_configs, &context.facts.vlan_statuses);
    let covered = network.zip(configs.as_ref().ok()).map(|(name, configs)| setting::rules::covered(configs, name));
    move |node| match (network, &covered, statuses) {
        (None, ..) => ("disabled", CheckState::Ok),
        (Some(MGMT), ..) => ("ready", CheckState::Ok),
        (Some(_), None, _) | (Some(_), _, Err(_)) => ("unknown", CheckState::Unknown),
        (Some(_), Some(covered), _) if !covered.contains(node) => ("no VlanConfig", CheckState::Error),
        (Some(name), _, Ok(statuses)) if statuses.get(name).is_some_and(|ready| ready.contains(node)) => {
            ("ready", CheckState::Ok)
        }
        _ => ("not ready", CheckState::Error),
    }
}

fn row(
    context: &Context<'_>,
    node: &str,
    pod: Option<&VirtHandlerPod>,
    (vlan, vlan_state): (&'static str, CheckState),
) -> NodeRow {
    let (virt_handler, pod_state) = match (&context.observed.pods, pod) {
        (Err(_), _) => ("unknown", CheckState::Unknown),
        (Ok(_), None) => ("none", CheckState::Error),
        (Ok(_), Some(pod)) if pod.is_ready() => ("ready", CheckState::Ok),
        (Ok(_), Some(_)) => ("not ready", CheckState::Error),
    };
    let address = pod.and_then(|pod| virt_handler::attached(pod).ok().flatten());
    let problem = pod.and_then(|pod| virt_handler::problem(context, pod));
    let problem_state = if problem.is_some() { CheckState::Error } else { CheckState::Ok };
    NodeRow {
        node: Plain(node).to_string(),
        vlan: vlan.to_owned(),
        virt_handler: virt_handler.to_owned(),
        pod: pod.map(|pod| Plain(&pod.metadata.name).to_string()),
        address: address.map(|(_, address)| address.to_string()),
        problem,
        state: vlan_state.max(pod_state).max(problem_state),
    }
}
