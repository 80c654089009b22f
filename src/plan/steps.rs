//! What Harvester does about the stored value.

use std::fmt::Write as _;

use super::{HarvesterSteps, NadState, seen};
use crate::escape::Plain;
use crate::harvester::{
    HARVESTER_SYSTEM, HASH, Handled, LabelledNad, NAD_GENERATE_NAME, NET_ATTACH_DEF, NadAfter, Reaction,
};
use crate::setting::Facts;
use crate::status::Observed;
use crate::status::objects::{Attachment, KubeVirt};

/// The steps; `None` where the Setting can't be seen, as everything depends on its annotations.
pub(super) fn steps(
    value: &str,
    facts: &Facts,
    observed: &Observed,
    unseen: &mut Vec<String>,
) -> Option<HarvesterSteps> {
    let setting = seen(&observed.setting, unseen)?.as_ref();
    let annotation = |key| setting.and_then(|setting| setting.annotation(key));
    let handled = Handled {
        has_annotations: setting.is_some_and(|setting| !setting.metadata.annotations.is_empty()),
        hash: annotation(HASH),
        nad: annotation(NET_ATTACH_DEF),
    };
    let attachments = seen(&observed.attachments, unseen).map(Vec::as_slice).unwrap_or_default();
    let labelled: Vec<_> = attachments
        .iter()
        .filter_map(|it| Some(LabelledNad { name: &it.metadata.name, hash: it.metadata.labels.get(HASH)? }))
        .collect();
    let kubevirt = seen(&observed.kubevirt, unseen).and_then(Option::as_ref);
    let network_before = kubevirt.and_then(KubeVirt::network).map(|network| Plain(network).to_string());
    let annotated = handled.nad.map(|name| NadState {
        name: Plain(name).to_string(),
        config: name.split_once('/').and_then(|(_, name)| config(attachments, name)),
    });
    let (nad_before, gone) = match annotated {
        Some(NadState { name, config: None }) if observed.attachments.is_ok() => (None, Some(name)),
        annotated => (annotated, None),
    };
    let mut steps = HarvesterSteps {
        summary: String::new(),
        nad_after: nad_before.clone(),
        nad_before,
        nad_removed: None,
        kubevirt_seen: observed.kubevirt.is_ok(),
        network_after: network_before.clone(),
        network_before,
        restarts: Vec::new(),
        migrations: Vec::new(),
    };
    let mut configures = false;
    match handled.reaction(value, &labelled) {
        Reaction::Nothing => {
            let why = match handled.hash {
                Some(_) => "it has handled these bytes",
                None => "it has never handled the Setting, and the value is empty",
            };
            steps.summary = format!("Harvester does nothing: {why}");
        }
        Reaction::Fails(why) => steps.summary = format!("Harvester's condition \"configured\" becomes False: {why}"),
        Reaction::Configures { .. } if matches!(&observed.kubevirt, Ok(None)) => {
            steps.summary = format!(
                "Harvester's condition \"configured\" becomes False: there is no KubeVirt in {HARVESTER_SYSTEM}"
            );
        }
        Reaction::Configures { nad, removed } => {
            configures = true;
            let (summary, name, config) = match nad {
                None => ("Harvester disables the network", None, None),
                Some(NadAfter::Made { config, .. }) => (
                    "Harvester makes a new NetworkAttachmentDefinition",
                    Some(format!("{NAD_GENERATE_NAME}*")),
                    Some(config),
                ),
                Some(NadAfter::Found { name }) => (
                    "Harvester takes a NetworkAttachmentDefinition that is there",
                    Some(Plain(&name).to_string()),
                    config(attachments, &name),
                ),
            };
            summary.clone_into(&mut steps.summary);
            steps.nad_after = name.as_ref().map(|name| NadState { name: format!("{HARVESTER_SYSTEM}/{name}"), config });
            steps.nad_removed = removed.filter(|_| gone.is_none()).map(|removed| Plain(&removed).to_string());
            steps.network_after = name;
        }
    }
    if let Some(gone) = gone {
        let _ = write!(steps.summary, "; {gone}, which the Setting names, does not exist");
    }
    if setting.is_none() {
        steps.summary.push_str("; there is no Setting vm-migration-network yet");
    }
    // KubeVirt rolls virt-handler only where its own configuration changes.
    if !configures || steps.network_after == steps.network_before && steps.kubevirt_seen {
        steps.summary.push_str("; virt-handler does not restart");
        return Some(steps);
    }
    steps.restarts = restarts(facts, observed, unseen);
    let migrations = seen(&facts.migrations, unseen).into_iter().flat_map(|migrations| migrations.iter());
    steps.migrations = migrations.map(|it| format!("{}/{}", Plain(&it.namespace), Plain(&it.name))).collect();
    Some(steps)
}

fn config(attachments: &[Attachment], name: &str) -> Option<String> {
    attachments.iter().find(|it| it.metadata.name == name).map(|it| it.spec.config.clone())
}

/// The nodes that have a virt-handler, else those that should have one.
fn restarts(facts: &Facts, observed: &Observed, unseen: &mut Vec<String>) -> Vec<String> {
    let pods = observed.active_pods().filter(|pod| !pod.spec.node_name.is_empty());
    let mut nodes: Vec<_> = pods.map(|pod| Plain(&pod.spec.node_name).to_string()).collect();
    if nodes.is_empty() {
        let workers = seen(&facts.nodes, unseen).into_iter().flat_map(|nodes| nodes.workers());
        nodes.extend(workers.map(|node| Plain(&node.name).to_string()));
    }
    nodes.sort();
    nodes.dedup();
    nodes
}
