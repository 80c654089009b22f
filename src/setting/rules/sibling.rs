//! Rules about Harvester's other networks: `network-overlap`, `vlan-exclusive`.

use super::super::facts::SettingNetwork;
use super::super::field::{FieldPath, Key};
use super::super::problem::Problem;
use super::super::{RWX_NETWORK, RuleId, STORAGE_NETWORK};
use super::{Judge, ValidatedValue};

pub(super) fn network_overlap(judge: &mut Judge<'_, '_>, checked: &ValidatedValue<'_>) {
    let addresses = checked.addresses();
    let facts = judge.context.facts;
    let Some(networks) = judge.need(&facts.networks, RuleId::NetworkOverlap) else { return };
    if addresses.is_some() {
        judge.judged(RuleId::NetworkOverlap);
    }
    for name in [STORAGE_NETWORK, RWX_NETWORK] {
        let sibling = networks.get(name).unwrap_or(&SettingNetwork::Off);
        match (sibling, addresses) {
            (SettingNetwork::Unreadable(why) | SettingNetwork::On { range: Err(why), .. }, _) => {
                let problem = Problem::UnreadableSibling { sibling: name, why: why.clone() };
                judge.report(FieldPath::Key(Key::Range), problem);
            }
            (SettingNetwork::On { range: Ok(Some(theirs)), .. }, Some(ours)) => {
                if let Some(first) = ours.first_shared(theirs) {
                    let (range, sibling_range) = (ours.net(), theirs.net());
                    let problem = Problem::NetworkOverlap { range, sibling: name, sibling_range, first };
                    judge.report(FieldPath::Key(Key::Range), problem);
                }
            }
            _ => {}
        }
    }
}

pub(super) fn vlan_exclusive(judge: &mut Judge<'_, '_>, checked: &ValidatedValue<'_>) {
    let Some(ours) = checked.vlan() else { return };
    let facts = judge.context.facts;
    let Some(networks) = judge.need(&facts.networks, RuleId::VlanExclusive) else { return };
    let storage = networks.get(STORAGE_NETWORK).unwrap_or(&SettingNetwork::Off);
    if matches!(storage, SettingNetwork::Unreadable(_)) {
        // `network-overlap` speaks of it.
        return;
    }
    judge.judged(RuleId::VlanExclusive);
    if let SettingNetwork::On { vlan, exclusive_vlan: true, .. } = storage
        && *vlan == ours
    {
        judge.report(FieldPath::Key(Key::Vlan), Problem::VlanExclusive { seen: checked.vlan_written() });
    }
}
