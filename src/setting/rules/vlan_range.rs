//! `vlan-range`: the VLAN is 0 to 4094.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: RuleId::VlanRange,
    field: "`value.vlan`",
    refuses: "`vlan` is not between 0 and 4094",
    why: "IEEE 802.1Q has no other VLANs: the bridge plugin refuses the number when virt-handler restarts, on every node at once.",
    fix: "Use the VLAN that the switches carry for migration, 2 to 4094; 0 and 1 mean untagged.",
    example: Example {
        given: None,
        refused: r#"{"clusterNetwork":"vm-migration","vlan":4095,"range":"192.168.1.0/24"}"#,
        instead: Instead::Value(SOUND),
    },
    check,
};

fn check(evaluation: &mut Evaluation<'_, '_>, value: &ValidatedValue<'_>) {
    let Some(vlan) = &value.vlan else { return };
    evaluation.judged();
    if let Err(problem) = vlan {
        evaluation.report(problem.clone());
    }
}

#[cfg(test)]
mod tests {
    use crate::setting::rules::tests::*;

    #[test]
    fn vlan_range_is_0_to_4094() {
        for (vlan, refused) in [
            ("0", false),
            ("1", false),
            ("4094", false),
            ("4095", true),
            ("65535", true),
            ("65536", true),
            ("-1", true),
            ("-100", true),
            ("18446744073709551616", true),
        ] {
            let value = format!(r#"{{"clusterNetwork":"net","vlan":{vlan},"range":"192.168.1.0/24"}}"#);
            let expected: &[&str] = if refused { &["vlan-range value.vlan"] } else { &[] };
            assert_eq!(broken(&value, &ready()), expected, "{vlan}");
        }
    }
}
