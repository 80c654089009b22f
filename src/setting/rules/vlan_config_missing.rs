//! `vlan-config-missing`: the cluster network's `VlanConfig`s reach every node.

use std::collections::BTreeSet;

use super::cluster_network_missing::existing;
use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: RuleId::VlanConfigMissing,
    field: "`value.clusterNetwork`",
    refuses: "the `VlanConfig`s of the cluster network don't cover every node, witnesses not counted; or there is none, or one \
              can't be read",
    why: "On a node that no VlanConfig covers there is no uplink and no bridge, so virt-handler does not start there.",
    fix: "Create a VlanConfig that selects the nodes which the message names, or widen one. Harvester counts a VlanConfig for the \
          network of its label `network.harvesterhci.io/clusternetwork`. `mgmt` needs none. Harvester up to 1.8 is stricter: it refuses \
          the change while any VlanConfig has no `matched-nodes`.",
    example: Example {
        given: Some("the only VlanConfig of vm-migration selects node-0, and the cluster has node-1 too"),
        refused: SOUND,
        instead: Instead::Then("a VlanConfig of vm-migration selects node-1 as well"),
    },
    check,
};

/// Said of what Harvester has not handled yet, and of what `kubectl apply` would send, where what the API server holds is
/// wanted.
const NOT_LIVE: &str = "Harvester adds label and annotation when it handles a VlanConfig; offline, give the live objects, as \
                        capture or kubectl get -o yaml prints them, not manifests";

fn check(evaluation: &mut Evaluation<'_, '_>, value: &ValidatedValue<'_>) {
    let Some(name) = existing(evaluation, value) else { return };
    let Some(all) = evaluation.need(&evaluation.context.facts.vlan_configs) else { return };
    evaluation.judged();
    let shown = Excerpt::of(name);
    if !all.iter().any(|it| belongs_to(it, name)) {
        let message = match strays(all, name) {
            Some(strays) => format!("{shown}: no VlanConfig is labelled with this cluster network; {strays}"),
            None => {
                format!("{shown}: no VlanConfig belongs to this cluster network; create one that covers all nodes")
            }
        };
        return evaluation.report_key(&key::CLUSTER_NETWORK, Reason::Invalid, message);
    }
    for vlan_config in all.iter().filter(|it| belongs_to(it, name)) {
        if let MatchedNodes::Unreadable(annotation) = &vlan_config.matched {
            let (vlan_config, annotation) = (Plain(&vlan_config.name), Excerpt::of(annotation));
            let message = format!(
                "{shown}: VlanConfig {vlan_config} can't be read: its annotation {MATCHED_NODES} is {annotation}, \
                 not a JSON list of node names"
            );
            evaluation.report_key(&key::CLUSTER_NETWORK, Reason::Invalid, message);
        }
    }
    let Some(nodes) = evaluation.nodes() else { return };
    let covered = covered(all, name);
    let missed: Truncated =
        nodes.workers().filter(|node| !covered.contains(&*node.name)).map(|node| Plain(&node.name)).collect();
    if !missed.is_empty() {
        let hint = match strays(all, name) {
            Some(strays) => format!("; {strays}"),
            None if all.iter().filter(|it| belongs_to(it, name)).all(|it| it.matched == MatchedNodes::Absent) => {
                format!("; none has the annotation {MATCHED_NODES}. {NOT_LIVE}")
            }
            None => String::new(),
        };
        let message = format!(
            "{shown}: no VlanConfig of this cluster network covers {missed}; virt-handler would not start there{hint}"
        );
        evaluation.report_key(&key::CLUSTER_NETWORK, Reason::Invalid, message);
    }
}

/// Whether Harvester counts a `VlanConfig` for the cluster network: it goes by the label.
fn belongs_to(vlan_config: &VlanConfigFact, name: &str) -> bool {
    vlan_config.label.as_deref() == Some(name)
}

/// The nodes that the `VlanConfig`s of a cluster network match together.
#[must_use]
pub fn covered<'a>(all: &'a [VlanConfigFact], name: &str) -> BTreeSet<&'a str> {
    let matched = all.iter().filter(|it| belongs_to(it, name)).filter_map(|it| match &it.matched {
        MatchedNodes::Nodes(nodes) => Some(nodes),
        MatchedNodes::Absent | MatchedNodes::Unreadable(_) => None,
    });
    matched.flatten().map(String::as_str).collect()
}

/// The `VlanConfig`s that were meant for the cluster network but are not counted for it, and what to do about them.
fn strays(all: &[VlanConfigFact], name: &str) -> Option<String> {
    let is_stray = |it: &&VlanConfigFact| it.cluster_network.as_deref() == Some(name) && !belongs_to(it, name);
    let strays: Vec<_> = all.iter().filter(is_stray).collect();
    let first = strays.first()?;
    let named: Truncated = strays.iter().map(|it| Plain(&it.name)).collect();
    if strays.iter().all(|it| it.label.is_none() && it.matched == MatchedNodes::Absent) {
        return Some(format!("spec.clusterNetwork of VlanConfig {named} names it. {NOT_LIVE}"));
    }
    let label = match &first.label {
        Some(label) => format!("is {}", Excerpt::of(label)),
        None => "is absent".to_owned(),
    };
    Some(format!(
        "spec.clusterNetwork of VlanConfig {named} names it, but the label network.harvesterhci.io/clusternetwork {label}: \
         set the label to the same name"
    ))
}

#[cfg(test)]
mod tests {
    use crate::setting::rules::tests::*;

    #[test]
    fn vlan_configs_reach_every_node_and_statuses_are_ready_where_they_do() {
        let (config, status) =
            ("vlan-config-missing value.clusterNetwork", "vlan-status-not-ready value.clusterNetwork");
        let unreadable = || vlan_config("vc", MatchedNodes::Unreadable("x".to_owned()));
        for (covered, mut vlan_configs, ready_on, expected) in [
            (&["node-0", "node-1"] as &[&str], vec![], &["node-0", "node-1"] as &[&str], vec![]),
            (&["node-0", "node-1", "node-2", "gone"], vec![], &["node-0", "node-1"], vec![]),
            (&["node-0", "node-1"], vec![], &["node-0"], vec![status]),
            (&["node-0", "node-1"], vec![], &[], vec![status]),
            (&["node-0"], vec![], &["node-0"], vec![config]),
            (&["node-0"], vec![], &["node-1"], vec![config, status]),
            (&["node-1"], vec![], &["node-1"], vec![config]),
            (&[], vec![], &[], vec![config]),
            (&["node-0", "node-1"], vec![unreadable()], &["node-0", "node-1"], vec![config]),
            (&["node-0"], vec![unreadable(), unreadable()], &[], vec![config, config, config, status]),
        ] {
            let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
            vlan_configs.extend(covered.iter().map(|node| vlan_config(node, MatchedNodes::Nodes(set(&[node])))));
            vlan_configs.push(vlan_config("none", MatchedNodes::Absent));
            let facts = Facts {
                vlan_configs: known(vlan_configs),
                vlan_statuses: known(BTreeMap::from([("net".to_owned(), set(ready_on))])),
                ..ready()
            };
            assert_eq!(broken(&value("net", 100, "192.168.1.0/24", &[]), &facts), expected, "{covered:?} {ready_on:?}");
        }
        let no_status = Facts { vlan_statuses: known(BTreeMap::new()), ..ready() };
        assert_eq!(broken(&value("net", 100, "192.168.1.0/24", &[]), &no_status), [status]);
    }

    #[test]
    fn what_is_wrong_with_the_vlan_configs_is_said() {
        let on = |node: &str| MatchedNodes::Nodes(BTreeSet::from([node.to_owned()]));
        let labelled = |name: &str, label: Option<&str>, matched| VlanConfigFact {
            label: label.map(str::to_owned),
            ..vlan_config(name, matched)
        };
        let counted = |matched| labelled("a", Some("net"), matched);
        let not_live = "Harvester adds label and annotation when it handles a VlanConfig; offline, give the live objects, \
                        as capture or kubectl get -o yaml prints them, not manifests";
        let not_labelled = "no VlanConfig is labelled with this cluster network; spec.clusterNetwork of VlanConfig";
        let label = "but the label network.harvesterhci.io/clusternetwork";
        let uncovered = "no VlanConfig of this cluster network covers";
        let no_start = "virt-handler would not start there";
        for (vlan_configs, expected) in [
            (vec![], "no VlanConfig belongs to this cluster network; create one that covers all nodes".to_owned()),
            (
                vec![labelled("a", None, MatchedNodes::Absent), labelled("b", None, MatchedNodes::Absent)],
                format!("{not_labelled} a, b names it. {not_live}"),
            ),
            (
                vec![labelled("a", None, MatchedNodes::Absent), labelled("b", Some("x"), MatchedNodes::Absent)],
                format!("{not_labelled} a, b names it, {label} is absent: set the label to the same name"),
            ),
            (
                vec![labelled("a", None, on("node-0"))],
                format!("{not_labelled} a names it, {label} is absent: set the label to the same name"),
            ),
            (
                vec![labelled("a", Some("x"), on("node-0"))],
                format!("{not_labelled} a names it, {label} is \"x\": set the label to the same name"),
            ),
            (vec![counted(on("node-0"))], format!("{uncovered} node-1; {no_start}")),
            (
                vec![counted(on("node-0")), labelled("b", Some("x"), on("node-1"))],
                format!(
                    "{uncovered} node-1; {no_start}; spec.clusterNetwork of VlanConfig b names it, {label} is \"x\": set the \
                     label to the same name"
                ),
            ),
            (
                vec![counted(MatchedNodes::Absent), counted(MatchedNodes::Absent)],
                format!(
                    "{uncovered} node-0, node-1; {no_start}; none has the annotation \
                     network.harvesterhci.io/matched-nodes. {not_live}"
                ),
            ),
            (vec![counted(MatchedNodes::Absent), counted(on("node-0"))], format!("{uncovered} node-1; {no_start}")),
        ] {
            let facts = Facts { vlan_configs: known(vlan_configs), ..ready() };
            let findings = judged(&value("net", 100, "192.168.1.0/24", &[]), &facts, &Policy::default());
            let told = findings.violations.listed()[0].to_string();
            assert_eq!(told, format!("Invalid value: \"net\": {expected}"));
        }
    }
}
