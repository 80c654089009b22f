//! `network-overlap`: the usable addresses are not those of another Harvester network.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: RuleId::NetworkOverlap,
    field: "`value.range`",
    refuses: "a usable address is usable in `storage-network` or `rwx-network` too; or one of these Settings can't be read",
    why: "Each network hands out addresses on its own: two pods would get the same one, and storage or migration traffic would \
          reach the wrong one of them.",
    fix: "Choose another range, or exclude the shared addresses in one of the two networks. If a Setting can't be read, repair it first.",
    example: Example {
        given: Some("storage-network has the range 192.168.1.0/24"),
        refused: SOUND,
        instead: Instead::Value(r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.2.0/24"}"#),
    },
    check,
};

/// The Settings whose networks must stay apart, in the order in which they are reported.
const NETWORKS: [&str; 3] = [SETTING, STORAGE_NETWORK, RWX_NETWORK];

fn check(evaluation: &mut Evaluation<'_, '_>, value: &ValidatedValue<'_>) {
    let ours = value.addresses();
    let Some(networks) = evaluation.need(&evaluation.context.facts.networks) else { return };
    if ours.is_some() {
        evaluation.judged();
    }
    let this = evaluation.context.setting.name;
    for other in NETWORKS.into_iter().filter(|name| *name != this) {
        match (networks.get(other), ours) {
            (Some(SettingNetwork::Unreadable(why) | SettingNetwork::On { range: Err(why), .. }), _) => {
                let message = format!(
                    "the Setting {other} can't be read, so an overlap can't be ruled out: {why}; repair it first"
                );
                evaluation.report_key(&key::RANGE, Reason::Forbidden, message);
            }
            (Some(SettingNetwork::On { range: Ok(Some(theirs)), .. }), Some(ours)) => {
                if let Some(first) = ours.first_shared(theirs) {
                    let message = format!(
                        "\"{}\": {first} is usable in {other} ({}) too; \
                         choose another range or exclude what both share",
                        ours.net(),
                        theirs.net()
                    );
                    evaluation.report_key(&key::RANGE, Reason::Invalid, message);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::setting::rules::tests::*;

    #[test]
    fn usable_addresses_are_not_those_of_a_sibling() {
        let overlap = "network-overlap value.range";
        let storage = |sibling| Facts { networks: siblings(sibling, SettingNetwork::Off), ..ready() };
        for (theirs, exclude, range, ours, expected) in [
            ("192.168.1.0/24", &[] as &[&str], "192.168.1.0/24", &[] as &[&str], &[overlap] as &[&str]),
            ("192.168.1.0/24", &[], "192.168.1.64/26", &[], &[overlap]),
            ("192.168.0.0/16", &[], "192.168.1.0/24", &[], &[overlap]),
            ("192.168.2.0/24", &[], "192.168.1.0/24", &[], &[]),
            (
                "192.168.1.0/24",
                &[],
                "192.168.1.0/24",
                &["192.168.1.0/25", "192.168.1.128/25"],
                &["range-too-small value.range"],
            ),
            ("192.168.1.0/24", &["192.168.1.0/25"], "192.168.1.0/24", &["192.168.1.128/25"], &[]),
            ("192.168.1.0/24", &["192.168.1.0/25"], "192.168.1.0/24", &["192.168.1.192/26"], &[overlap]),
            // Neither network nor broadcast address is handed out.
            ("192.168.1.0/24", &["192.168.1.128/25"], "192.168.1.127/32", &[], &["range-too-small value.range"]),
            ("0.0.0.0/0", &[], "192.168.1.0/24", &[], &[overlap]),
        ] {
            let facts = storage(sibling(7, false, Ok(Some((theirs, exclude)))));
            assert_eq!(
                broken(&value("net", 100, range, ours), &facts),
                expected,
                "{theirs} {exclude:?} {range} {ours:?}"
            );
        }
        let both = siblings(
            sibling(7, false, Ok(Some(("192.168.1.0/24", &[])))),
            sibling(8, false, Ok(Some(("192.168.1.128/25", &[])))),
        );
        let facts = Facts { networks: both, ..ready() };
        assert_eq!(broken(&value("net", 100, "192.168.1.0/24", &[]), &facts), [overlap, overlap]);
        assert_eq!(broken(&value("net", 100, "192.168.1.0/25", &[]), &facts), [overlap]);
    }

    #[test]
    fn a_sibling_that_cannot_be_read_is_named_whatever_the_range() {
        let unreadable = siblings(SettingNetwork::Unreadable("why".to_owned()), sibling(7, false, Err("why")));
        let facts = Facts { networks: unreadable, ..ready() };
        let overlap = "network-overlap value.range";
        assert_eq!(broken(&value("net", 100, "192.168.1.0/24", &[]), &facts), [overlap, overlap]);
        assert_eq!(
            broken(&value("net", 100, "192.168.1.1/24", &[]), &facts),
            ["range-not-ipv4-network value.range", overlap, overlap]
        );
        let off = Facts { networks: siblings(sibling(7, false, Ok(None)), SettingNetwork::Off), ..ready() };
        assert_eq!(broken(&value("net", 100, "192.168.1.0/24", &[]), &off), NOTHING);
    }
}
