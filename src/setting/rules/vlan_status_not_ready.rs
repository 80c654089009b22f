//! `vlan-status-not-ready`: the VLAN is ready on every node that is covered.

use super::cluster_network_missing::existing;
use super::prelude::*;
use super::vlan_config_missing::covered;

pub(super) static RULE: Rule = Rule {
    id: RuleId::VlanStatusNotReady,
    field: "`value.clusterNetwork`",
    refuses: "a node that is covered has no `VlanStatus` of that cluster network with the condition `ready` being `True`",
    why: "The uplink was configured but is not working there: virt-handler would start without reaching the others, or not at all.",
    fix: "Read the condition's message with `kubectl get vlanstatuses.network.harvesterhci.io -o yaml`; usually a \
          network card is missing, down or in use.",
    example: Example {
        given: Some("the VlanStatus of vm-migration on node-1 has the condition ready: False"),
        refused: SOUND,
        instead: Instead::Then("the VlanStatus on node-1 has the condition ready: True"),
    },
    check,
};

/// Looks at each node, so its time grows with the nodes.
fn check(evaluation: &mut Evaluation<'_, '_>, value: &ValidatedValue<'_>) {
    let Some(name) = existing(evaluation, value) else { return };
    let facts = evaluation.context.facts;
    let Some(vlan_configs) = evaluation.need(&facts.vlan_configs) else { return };
    let covered = covered(vlan_configs, name);
    if !vlan_configs.iter().any(|it| it.label.as_deref() == Some(name)) {
        return;
    }
    let Some(statuses) = evaluation.need(&facts.vlan_statuses) else { return };
    let Some(nodes) = evaluation.nodes() else { return };
    evaluation.judged();
    let ready = statuses.get(name);
    let waiting: Truncated = nodes
        .workers()
        .filter(|node| covered.contains(&*node.name) && !ready.is_some_and(|ready| ready.contains(&*node.name)))
        .map(|node| Plain(&node.name))
        .collect();
    if !waiting.is_empty() {
        let message = format!(
            "{}: the VLAN is not ready on {waiting}; \
             see kubectl get vlanstatuses.network.harvesterhci.io -o yaml",
            Excerpt::of(name)
        );
        evaluation.report_key(&key::CLUSTER_NETWORK, Reason::Invalid, message);
    }
}
