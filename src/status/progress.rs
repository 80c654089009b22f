//! How far Harvester has come with a change.

use super::objects::{DaemonSet, KubeVirt};
use super::observed::Observed;
use crate::harvester::{HASH, NET_ATTACH_DEF};
use crate::setting::hash;

/// What Harvester is doing now, in the order in which it does it, on one line that is safe to print.
pub fn progress(observed: &Observed) -> String {
    let Ok(Some(setting)) = &observed.setting else { return "the Setting can't be seen".to_owned() };
    let of_value = hash(&setting.value);
    let attachments = observed.attachments.as_deref().unwrap_or_default();
    // Harvester finds by its label what it has made, and names it in the annotation last.
    let made =
        attachments.iter().find(|it| it.metadata.labels.get(HASH) == Some(&of_value)).map(|it| &*it.metadata.name);
    let kubevirt = observed.kubevirt.as_ref().ok().and_then(Option::as_ref);
    let network = kubevirt.and_then(KubeVirt::network);
    let rollout = match &observed.daemon_set {
        Ok(Some(DaemonSet { status, .. })) => {
            let done = status.updated_number_scheduled.min(status.number_ready);
            format!("virt-handler {done} of {}", status.desired_number_scheduled)
        }
        _ => "virt-handler can't be seen".to_owned(),
    };
    let step = |done: bool, what: &str, not: &str| if done { what.to_owned() } else { not.to_owned() };
    let (attachment, updated) = if setting.value.is_empty() {
        (step(setting.annotation(NET_ATTACH_DEF).is_none(), "NAD removed", "NAD not removed yet"), network.is_none())
    } else {
        (step(made.is_some(), "NAD made", "NAD not made yet"), made.is_some() && network == made)
    };
    [
        attachment,
        step(updated, "KubeVirt updated", "KubeVirt not updated yet"),
        step(setting.annotation(HASH) == Some(&of_value), "value handled", "value not handled yet"),
        rollout,
    ]
    .join(", ")
}
