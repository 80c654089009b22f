//! How far Harvester has come with a change.

use super::observed::Observed;
use crate::harvester::{HASH, NET_ATTACH_DEF};
use crate::setting::hash;

/// What Harvester is doing now, in the order in which it does it, on one line that is safe to print.
#[must_use]
pub fn progress(observed: &Observed) -> String {
    let Ok(Some(setting)) = &observed.setting else { return "the Setting can't be seen".to_owned() };
    let handled = setting.metadata.annotations.get(HASH).is_some_and(|known| *known == hash(&setting.value));
    let named = setting.metadata.annotations.get(NET_ATTACH_DEF).filter(|named| !named.is_empty());
    let name = named.and_then(|named| named.split_once('/')).map(|(_, name)| name);
    let attachments = observed.attachments.as_deref().unwrap_or_default();
    let made = name.is_some_and(|name| attachments.iter().any(|it| it.metadata.name == name));
    let network = observed.kubevirt.as_ref().ok().and_then(Option::as_ref);
    let network = network.and_then(|kubevirt| kubevirt.spec.configuration.migrations.network.as_deref());
    let set = observed.daemon_set.as_ref().ok().and_then(Option::as_ref).map(|set| &set.status);
    let rollout = set.map_or_else(
        || "virt-handler can't be seen".to_owned(),
        |set| {
            let done = set.updated_number_scheduled.min(set.number_ready);
            format!("virt-handler {done} of {}", set.desired_number_scheduled)
        },
    );
    let step = |done: bool, what: &str, not: &str| if done { what.to_owned() } else { not.to_owned() };
    let attachment = if setting.value.is_empty() {
        step(name.is_none(), "NAD removed", "NAD not removed yet")
    } else {
        step(made, "NAD made", "NAD not made yet")
    };
    [
        step(handled, "value handled", "value not handled yet"),
        attachment,
        step(network == name, "KubeVirt updated", "KubeVirt not updated yet"),
        rollout,
    ]
    .join(", ")
}
