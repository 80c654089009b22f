//! Rules about Harvester's other networks: `network-overlap`, `vlan-exclusive`.

use super::super::facts::Sibling;
use super::super::problem::Problem;
use super::super::violation::{Key, Path};
use super::super::{RWX_NETWORK, RuleId, STORAGE_NETWORK};
use super::{Checked, Judge};

pub(super) fn network_overlap(judge: &mut Judge<'_, '_>, checked: &Checked<'_>) {
    let addresses = checked.addresses();
    let facts = judge.inquiry.facts;
    let Some(siblings) = judge.need(&facts.siblings, RuleId::NetworkOverlap) else { return };
    if addresses.is_some() {
        judge.judged(RuleId::NetworkOverlap);
    }
    for (name, sibling) in [(STORAGE_NETWORK, &siblings.storage), (RWX_NETWORK, &siblings.rwx)] {
        match (sibling, addresses) {
            (Sibling::Unreadable(why) | Sibling::On { range: Err(why), .. }, _) => {
                let problem = Problem::UnreadableSibling { sibling: name, why: why.clone() };
                judge.report(Path::Key(Key::Range), problem);
            }
            (Sibling::On { range: Ok(Some(theirs)), .. }, Some(ours)) => {
                if let Some(first) = ours.first_shared(theirs) {
                    let (range, sibling_range) = (ours.net(), theirs.net());
                    let problem = Problem::NetworkOverlap { range, sibling: name, sibling_range, first };
                    judge.report(Path::Key(Key::Range), problem);
                }
            }
            _ => {}
        }
    }
}

pub(super) fn vlan_exclusive(judge: &mut Judge<'_, '_>, checked: &Checked<'_>) {
    let Some(ours) = checked.vlan() else { return };
    let facts = judge.inquiry.facts;
    let Some(siblings) = judge.need(&facts.siblings, RuleId::VlanExclusive) else { return };
    if matches!(siblings.storage, Sibling::Unreadable(_)) {
        // `network-overlap` speaks of it.
        return;
    }
    judge.judged(RuleId::VlanExclusive);
    if let Sibling::On { vlan, exclusive_vlan: true, .. } = siblings.storage
        && vlan == ours
    {
        judge.report(Path::Key(Key::Vlan), Problem::VlanExclusive { seen: checked.vlan_written() });
    }
}
