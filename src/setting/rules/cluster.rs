//! Rules about what the network stands on: `cluster-network-missing`, `vlan-config-missing`,
//! `vlan-status-not-ready`, `whereabouts-crd-missing`.

use std::collections::BTreeSet;

use super::super::facts::{Coverage, CrdState, NodeNames};
use super::super::list::Shortened;
use super::super::problem::Problem;
use super::super::slips;
use super::super::violation::{Key, Path};
use super::super::{MGMT, RuleId};
use super::{Checked, Judge};
use crate::escape::{Excerpt, Plain};

const FIELD: Path = Path::Key(Key::ClusterNetwork);

/// The three rules about the cluster network: each hides those after it where they would only say it again.
pub(super) fn cluster_network(judge: &mut Judge<'_, '_>, checked: &Checked<'_>) {
    let Some(name) = checked.cluster_network().filter(|name| *name != MGMT) else { return };
    let facts = judge.inquiry.facts;
    if let Some(networks) = judge.need(&facts.cluster_networks, RuleId::ClusterNetworkMissing) {
        judge.judged(RuleId::ClusterNetworkMissing);
        if !networks.contains(name) {
            let nearest = nearest(name, networks);
            return judge.report(FIELD, Problem::ClusterNetworkMissing { name: Excerpt::of(name), nearest });
        }
    }
    let Some(vlan_configs) = judge.need(&facts.vlan_configs, RuleId::VlanConfigMissing) else { return };
    judge.judged(RuleId::VlanConfigMissing);
    let Some(coverage) = vlan_configs.get(name) else {
        return judge.report(FIELD, Problem::NoVlanConfig { name: Excerpt::of(name) });
    };
    vlan_config_missing(judge, name, coverage);
    vlan_status_not_ready(judge, name, coverage);
}

/// Looks at each node, so its time grows with the nodes; it allocates only to report.
fn vlan_config_missing(judge: &mut Judge<'_, '_>, name: &str, coverage: &Coverage) {
    for unreadable in &coverage.unreadable {
        judge.report(
            FIELD,
            Problem::UnreadableMatchedNodes {
                name: Excerpt::of(name),
                vlan_config: unreadable.vlan_config.clone(),
                annotation: Excerpt::of(&unreadable.annotation),
            },
        );
    }
    let Some(nodes) = judge.nodes(RuleId::VlanConfigMissing) else { return };
    let mut covered = coverage.nodes.cursor();
    let missed: Shortened =
        nodes.workers().filter(|node| !covered.contains(&node.name)).map(|node| Plain(&node.name)).collect();
    if !missed.is_empty() {
        judge.report(FIELD, Problem::NodesNotCovered { name: Excerpt::of(name), nodes: missed });
    }
}

/// Looks at each node, so its time grows with the nodes; it allocates only to report.
fn vlan_status_not_ready(judge: &mut Judge<'_, '_>, name: &str, coverage: &Coverage) {
    const RULE: RuleId = RuleId::VlanStatusNotReady;
    static NONE: NodeNames = NodeNames::EMPTY;
    let facts = judge.inquiry.facts;
    let Some(statuses) = judge.need(&facts.vlan_statuses, RULE) else { return };
    let Some(nodes) = judge.nodes(RULE) else { return };
    judge.judged(RULE);
    let mut covered = coverage.nodes.cursor();
    let mut ready = statuses.get(name).unwrap_or(&NONE).cursor();
    let waiting: Shortened = nodes
        .workers()
        .filter(|node| covered.contains(&node.name) && !ready.contains(&node.name))
        .map(|node| Plain(&node.name))
        .collect();
    if !waiting.is_empty() {
        judge.report(FIELD, Problem::VlanNotReady { name: Excerpt::of(name), nodes: waiting });
    }
}

pub(super) fn whereabouts_crd_missing(judge: &mut Judge<'_, '_>) {
    let facts = judge.inquiry.facts;
    let Some(state) = judge.need(&facts.whereabouts_crd, RuleId::WhereaboutsCrdMissing) else { return };
    judge.judged(RuleId::WhereaboutsCrdMissing);
    if *state != CrdState::Established {
        judge.report(Path::Whole, Problem::WhereaboutsCrd { state: *state });
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
        .filter_map(|network| Some((slips::between(network, bridged)?, network)))
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, network)| network.clone())
}
