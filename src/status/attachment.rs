//! The `NetworkAttachmentDefinition` that Harvester makes of the value.

use std::collections::BTreeSet;

use super::check_id::CheckId;
use super::context::{Context, Network};
use super::objects::{Attachment, NETWORKS, ObservedMetadata, VirtHandlerPod};
use super::report::{Check, CheckOutcome, Checked, error, ok, warning};
use super::setting::again;
use super::virt_handler;
use crate::escape::{Line, Plain, Quoted, Quoting, ShellWord};
use crate::harvester::{self, HARVESTER_SYSTEM, HASH, NAD_GENERATE_NAME};
use crate::setting::list::Truncated;

const RESOURCE: &str = "network-attachment-definitions.k8s.cni.cncf.io";

pub(super) fn check(context: &Context<'_>) -> Result<Vec<Check>, String> {
    if let Network::Absent | Network::Unseen(_) = context.network {
        return context.enabled().map(|_| Vec::new());
    }
    let attachments = context.observed.attachments.as_ref().map_err(ToString::to_string);
    let named = context.attachment().and_then(|named| named.split_once('/'));
    let found = attachments
        .iter()
        .copied()
        .flatten()
        .find(|it| named.is_some_and(|named| named == (&*it.metadata.namespace, &*it.metadata.name)));
    let mut checks = vec![Check::new(CheckId::AttachmentExists, attachments.clone().map(|_| exists(context, found)))];
    if let (Some(found), Network::Enabled(_), Some(setting)) = (found, &context.network, context.setting()) {
        checks.push(Check::new(CheckId::AttachmentConfig, config(context, &setting.value, found)));
    }
    let orphans = attachments.and_then(|attachments| orphans(context, attachments, found));
    checks.push(Check::new(CheckId::AttachmentOrphans, orphans));
    Ok(checks)
}

fn exists(context: &Context<'_>, found: Option<&Attachment>) -> CheckOutcome {
    let disabled = matches!(context.network, Network::Disabled);
    let again = |check| {
        let hint = "While no virtual machine migrates, make Harvester handle the value again (virt-handler restarts):";
        again(context, check, hint)
    };
    match (context.attachment(), found) {
        (None, _) if disabled => ok("the Setting names none, as the network is disabled"),
        (None, _) => again(error("the Setting names no NetworkAttachmentDefinition")),
        (Some(named), _) if disabled => {
            again(error(format!("the network is disabled, and the Setting still names {}", Plain(named))))
        }
        (Some(named), Some(found)) if found.metadata.namespace == HARVESTER_SYSTEM => {
            ok(format!("{} exists", Plain(named)))
        }
        (Some(named), _) if !named.starts_with("harvester-system/") => again(error(format!(
            "the Setting names {}, and virt-handler takes one of {HARVESTER_SYSTEM} only",
            Quoted(named)
        ))),
        (Some(named), _) => again(error(format!("{} does not exist", Plain(named)))),
    }
}

fn config(context: &Context<'_>, value: &str, found: &Attachment) -> Checked {
    let expected = harvester::nad_config(value).map_err(|why| Quoting(&why).to_string())?;
    if harvester::is_same_config(&found.spec.config, &expected) {
        return Ok(ok("the configuration is what Harvester makes of the value"));
    }
    let check = error(format!("the configuration is {}", Line(&found.spec.config)))
        .hint(format!("Harvester makes of the value: {}", Line(&expected)))
        .hint("While no virtual machine migrates, delete it (virt-handler restarts):")
        .run(format_args!("kubectl -n {HARVESTER_SYSTEM} delete {RESOURCE} {}", ShellWord(&found.metadata.name)));
    Ok(again(context, check, "Then have it made again:"))
}

/// Those that Harvester made and nothing names: what it makes has the label, and else its name tells.
fn orphans(context: &Context<'_>, attachments: &[Attachment], found: Option<&Attachment>) -> Checked {
    let (kubevirt, pods) = (&context.observed.kubevirt, &context.observed.pods);
    let network = kubevirt.iter().flatten().filter_map(|it| it.spec.configuration.migrations.network.clone());
    // What KubeVirt or a pod of virt-handler still names is in use, whatever the Setting says.
    let used: BTreeSet<String> = pods.iter().flatten().flat_map(named_by).chain(network).collect();
    let is_orphan = |it: &&Attachment| {
        let ObservedMetadata { name, labels, .. } = &it.metadata;
        (labels.contains_key(HASH) || name.starts_with(NAD_GENERATE_NAME)) && found != Some(*it) && !used.contains(name)
    };
    let orphans: Vec<_> = attachments.iter().filter(is_orphan).collect();
    let [first, ..] = &*orphans else { return Ok(ok("none is left from earlier values")) };
    if let Some(unseen) = kubevirt.as_ref().err().or(pods.as_ref().err()) {
        return Err(unseen.to_string());
    }
    let names: Truncated = orphans.iter().map(|it| Plain(&it.metadata.name)).collect();
    Ok(warning(format!("nothing names {names}: left from earlier values"))
        .hint("If no virtual machine uses it:")
        .run(format_args!("kubectl -n {HARVESTER_SYSTEM} delete {RESOURCE} {}", ShellWord(&first.metadata.name))))
}

/// The networks of `harvester-system` that a pod has, or asks for as `NAME@INTERFACE` while it starts.
fn named_by(pod: &VirtHandlerPod) -> impl Iterator<Item = String> {
    let asked = pod.metadata.annotations.get(NETWORKS).into_iter().flat_map(|text| text.split(','));
    let asked = asked.map(|asked| asked.split('@').next().unwrap_or_default().trim().to_owned());
    let attached = virt_handler::attached(pod).ok().flatten().map(|(name, _)| name);
    asked.chain(attached).map(|name| name.trim_start_matches("harvester-system/").to_owned())
}
