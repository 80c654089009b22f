//! What Harvester does about the stored value.

use std::fmt::Write as _;

use super::{HarvesterSteps, NadState};
use crate::escape::Plain;
use crate::harvester::{
    HARVESTER_SYSTEM, HASH, Handled, HandledValue, LabelledNad, NAD_GENERATE_NAME, NET_ATTACH_DEF, NadAfter, Reaction,
};
use crate::setting::Facts;
use crate::status::Observed;
use crate::status::objects::Attachment;

/// The steps; `None` where the Setting can't be seen, as everything depends on its annotations.
pub(super) fn steps(
    value: &str,
    facts: &Facts,
    observed: &Observed,
    unseen: &mut Vec<String>,
) -> Option<HarvesterSteps> {
    let setting = match &observed.setting {
        Ok(setting) => setting.as_ref(),
        Err(why) => {
            unseen.push(why.to_string());
            return None;
        }
    };
    let annotations = setting.map(|setting| &setting.metadata.annotations);
    let annotation = |key| annotations.and_then(|them| them.get(key)).map(String::as_str).filter(|it| !it.is_empty());
    let handled = Handled {
        has_annotations: annotations.is_some_and(|them| !them.is_empty()),
        hash: annotation(HASH),
        nad: annotation(NET_ATTACH_DEF),
    };
    let attachments = observed.attachments.as_deref().unwrap_or_else(|why| {
        unseen.push(why.to_string());
        &[]
    });
    let labelled: Vec<_> = attachments
        .iter()
        .filter_map(|it| Some(LabelledNad { name: &it.metadata.name, hash: it.metadata.labels.get(HASH)? }))
        .collect();
    let kubevirt = observed.kubevirt.as_ref().unwrap_or_else(|why| {
        unseen.push(why.to_string());
        &None
    });
    let network = kubevirt.as_ref().and_then(|it| it.spec.configuration.migrations.network.as_deref());
    let network = network.filter(|network| !network.is_empty());
    let annotated = handled.nad.map(|name| NadState {
        name: Plain(name).to_string(),
        config: name.split_once('/').and_then(|(_, name)| config(attachments, name)),
    });
    let (nad_before, gone) = match annotated {
        Some(NadState { name, config: None }) if observed.attachments.is_ok() => (None, Some(name)),
        annotated => (annotated, None),
    };
    let network_before = network.map(|network| Plain(network).to_string());
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
    match (HandledValue { value, handled }.reaction(&labelled)) {
        Reaction::Nothing => nothing(handled).clone_into(&mut steps.summary),
        Reaction::Fails(why) => steps.summary = format!("Harvester's condition \"configured\" becomes False: {why}"),
        Reaction::Configures { .. } if matches!(&observed.kubevirt, Ok(None)) => {
            steps.summary = format!(
                "Harvester's condition \"configured\" becomes False: there is no KubeVirt in {HARVESTER_SYSTEM}"
            );
        }
        Reaction::Configures { nad, removed } => {
            configures = true;
            steps.summary = match &nad {
                None => "Harvester disables the network".to_owned(),
                Some(NadAfter::Made { .. }) => "Harvester makes a new NetworkAttachmentDefinition".to_owned(),
                Some(NadAfter::Found { .. }) => {
                    "Harvester takes a NetworkAttachmentDefinition that is there".to_owned()
                }
            };
            let (after, name) = match nad {
                None => (None, None),
                Some(NadAfter::Made { config, .. }) => (Some(config), Some(format!("{NAD_GENERATE_NAME}*"))),
                Some(NadAfter::Found { name }) => (config(attachments, &name), Some(Plain(&name).to_string())),
            };
            steps.nad_after =
                name.as_ref().map(|name| NadState { name: format!("{HARVESTER_SYSTEM}/{name}"), config: after });
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
    match &facts.migrations {
        Ok(migrations) => {
            let names = migrations.iter().map(|it| format!("{}/{}", Plain(&it.namespace), Plain(&it.name)));
            steps.migrations = names.collect();
        }
        Err(missing) => unseen.push(missing.to_string()),
    }
    Some(steps)
}

/// Why Harvester does nothing.
const fn nothing(handled: Handled<'_>) -> &'static str {
    match handled.hash {
        Some(_) => "Harvester does nothing: it has handled these bytes",
        None => "Harvester does nothing: it has never handled the Setting, and the value is empty",
    }
}

fn config(attachments: &[Attachment], name: &str) -> Option<String> {
    attachments.iter().find(|it| it.metadata.name == name).map(|it| it.spec.config.clone())
}

/// The nodes that have a virt-handler, else those that should have one.
fn restarts(facts: &Facts, observed: &Observed, unseen: &mut Vec<String>) -> Vec<String> {
    let of_pods = observed.pods.as_ref().map(|pods| {
        let active = pods.iter().filter(|pod| pod.is_active() && !pod.spec.node_name.is_empty());
        active.map(|pod| Plain(&pod.spec.node_name).to_string()).collect::<Vec<_>>()
    });
    let mut nodes = match (of_pods, &facts.nodes) {
        (Ok(nodes), _) if !nodes.is_empty() => nodes,
        (_, Ok(nodes)) => nodes.workers().map(|node| Plain(&node.name).to_string()).collect(),
        (_, Err(missing)) => {
            unseen.push(missing.to_string());
            Vec::new()
        }
    };
    nodes.sort();
    nodes.dedup();
    nodes
}
