//! `exclude-invalid`: every entry of `exclude` is an IPv4 CIDR inside the range, disjoint from the others.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: RuleId::ExcludeInvalid,
    field: "`value.exclude[i]`; `value.exclude` when there are too many",
    refuses: "an entry is not an IPv4 CIDR inside the range, covers the whole range, or overlaps another entry that is not the \
              same; or there are more than 10,000 entries",
    why: "Whereabouts masks each entry, so an address written with the range's own prefix excludes everything and no \
          virt-handler gets an address; overlapping entries are nearly always a mistake in one of the two.",
    fix: "Write a single address as a /32. Of two entries that overlap keep the larger one.",
    example: Example {
        given: None,
        refused: r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24","exclude":["192.168.1.1/24"]}"#,
        instead: Instead::Value(
            r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24","exclude":["192.168.1.1/32"]}"#,
        ),
    },
    check,
};

fn check(evaluation: &mut Evaluation<'_, '_>, value: &ValidatedValue<'_>) {
    let Some(excludes) = &value.excludes else { return };
    evaluation.judged();
    if let Err(problems) = excludes {
        evaluation.report_all(problems);
    }
}
