//! Rules about what the network stands on: `cluster-network-missing`, `vlan-config-missing`,
//! `vlan-status-not-ready`, `whereabouts-crd-missing`.

use std::collections::BTreeSet;

use super::super::facts::{CrdState, MatchedNodes, VlanConfigFact};
use super::super::field::{FieldPath, Key};
use super::super::list::Truncated;
use super::super::problem::Problem;
use super::super::suggest;
use super::super::{MGMT, RuleId};
use super::{Judge, ValidatedValue};
use crate::escape::{Excerpt, Plain};

const FIELD: FieldPath = FieldPath::Key(Key::ClusterNetwork);

/// The three rules about the cluster network: each hides those after it where they would only say it again.
pub(super) fn cluster_network(judge: &mut Judge<'_, '_>, checked: &ValidatedValue<'_>) {
    let Some(name) = checked.cluster_network().filter(|name| *name != MGMT) else { return };
    let facts = judge.context.facts;
    if let Some(networks) = judge.need(&facts.cluster_networks, RuleId::ClusterNetworkMissing) {
        judge.judged(RuleId::ClusterNetworkMissing);
        if !networks.contains(name) {
            let nearest = nearest(name, networks);
            return judge.report(FIELD, Problem::ClusterNetworkMissing { name: Excerpt::of(name), nearest });
        }
    }
    let Some(vlan_configs) = judge.need(&facts.vlan_configs, RuleId::VlanConfigMissing) else { return };
    judge.judged(RuleId::VlanConfigMissing);
    let ours: Vec<_> = vlan_configs.iter().filter(|it| it.label.as_deref() == Some(name)).collect();
    if ours.is_empty() {
        return judge.report(FIELD, Problem::NoVlanConfig { name: Excerpt::of(name) });
    }
    let covered = vlan_config_missing(judge, name, &ours);
    vlan_status_not_ready(judge, name, &covered);
}

/// Gives the nodes that are covered.
fn vlan_config_missing<'a>(judge: &mut Judge<'a, '_>, name: &str, ours: &[&'a VlanConfigFact]) -> BTreeSet<&'a str> {
    let mut covered = BTreeSet::new();
    for vlan_config in ours {
        match &vlan_config.matched {
            MatchedNodes::Absent => {}
            MatchedNodes::Nodes(nodes) => covered.extend(nodes.iter().map(String::as_str)),
            MatchedNodes::Unreadable(annotation) => judge.report(
                FIELD,
                Problem::UnreadableMatchedNodes {
                    name: Excerpt::of(name),
                    vlan_config: vlan_config.name.clone(),
                    annotation: Excerpt::of(annotation),
                },
            ),
        }
    }
    if let Some(nodes) = judge.nodes(RuleId::VlanConfigMissing) {
        let missed: Truncated =
            nodes.workers().filter(|node| !covered.contains(&*node.name)).map(|node| Plain(&node.name)).collect();
        if !missed.is_empty() {
            judge.report(FIELD, Problem::NodesNotCovered { name: Excerpt::of(name), nodes: missed });
        }
    }
    covered
}

fn vlan_status_not_ready(judge: &mut Judge<'_, '_>, name: &str, covered: &BTreeSet<&str>) {
    const RULE: RuleId = RuleId::VlanStatusNotReady;
    let facts = judge.context.facts;
    let Some(statuses) = judge.need(&facts.vlan_statuses, RULE) else { return };
    let Some(nodes) = judge.nodes(RULE) else { return };
    judge.judged(RULE);
    let ready = statuses.get(name);
    let waiting: Truncated = nodes
        .workers()
        .filter(|node| covered.contains(&*node.name) && !ready.is_some_and(|ready| ready.contains(&*node.name)))
        .map(|node| Plain(&node.name))
        .collect();
    if !waiting.is_empty() {
        judge.report(FIELD, Problem::VlanNotReady { name: Excerpt::of(name), nodes: waiting });
    }
}

pub(super) fn whereabouts_crd_missing(judge: &mut Judge<'_, '_>) {
    let facts = judge.context.facts;
    let Some(state) = judge.need(&facts.whereabouts_crd, RuleId::WhereaboutsCrdMissing) else { return };
    judge.judged(RuleId::WhereaboutsCrdMissing);
    if *state != CrdState::Established {
        judge.report(FieldPath::Whole, Problem::WhereaboutsCrd { state: *state });
    }
}

/// A cluster network that the name was probably meant to be: the one whose bridge it names, or one a slip away.
fn nearest(name: &str, networks: &BTreeSet<String>) -> Option<String> {
    /// Cluster networks have at most 12 characters, so nothing much longer is a slip.
    const LONGEST: usize = 32;
    if name.len() > LONGEST {
        return None;
    }
    let bridged = name.strip_suffix("-br").unwrap_or(name);
    networks
        .iter()
        .filter(|network| network.len() <= LONGEST)
        .filter_map(|network| Some((suggest::distance(network, bridged)?, network)))
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, network)| network.clone())
}
