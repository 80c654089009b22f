//! The rules, one file each: every one runs and every violation is reported, in table order.
//!
//! A rule that can't be judged because facts are missing says so instead; one that has no sound input (a range that is
//! none) stays silent, as the rule that reports that input speaks for it.

use super::evaluation::{Evaluation, Findings, RuleContext};
use super::field::StringField;
use super::rule::Rule;
use super::rule_id::RuleId;
use super::validated_value::ValidatedValue;

mod cluster_network_missing;
mod exclude_invalid;
mod migration_in_progress;
mod network_overlap;
mod prelude;
mod range_contains_node_address;
mod range_not_ipv4_network;
mod range_reserved;
mod range_too_small;
mod value_syntax;
mod vlan_config_missing;
mod vlan_exclusive;
mod vlan_range;
mod vlan_status_not_ready;
mod vlan_untagged_on_mgmt;
mod whereabouts_crd_missing;

pub use vlan_config_missing::covered;

/// Every rule, in the order of [`RuleId::ALL`].
pub static ALL: [&Rule; RuleId::ALL.len()] = [
    &value_syntax::RULE,
    &vlan_range::RULE,
    &vlan_untagged_on_mgmt::RULE,
    &range_not_ipv4_network::RULE,
    &range_reserved::RULE,
    &range_contains_node_address::RULE,
    &exclude_invalid::RULE,
    &range_too_small::RULE,
    &migration_in_progress::RULE,
    &cluster_network_missing::RULE,
    &vlan_config_missing::RULE,
    &vlan_status_not_ready::RULE,
    &whereabouts_crd_missing::RULE,
    &network_overlap::RULE,
    &vlan_exclusive::RULE,
];

/// The rule of this name.
pub fn rule(id: RuleId) -> &'static Rule {
    ALL[id as usize]
}

/// Evaluates a value by these rules.
pub fn evaluate(
    rules: &[RuleId],
    string: StringField,
    value: &ValidatedValue<'_>,
    context: RuleContext<'_>,
    findings: &mut Findings,
) {
    for rule in rules {
        (self::rule(*rule).check)(&mut Evaluation { string, rule: *rule, context, findings }, value);
    }
}

/// The rules as a Markdown table.
pub fn markdown_table() -> String {
    let rows = ALL.map(|Rule { id, field, refuses, .. }| format!("| `{id}` | {field} | {refuses} |\n"));
    format!("| rule | field | refused when |\n| --- | --- | --- |\n{}", rows.concat())
}

#[cfg(test)]
mod tests;
