//! The Settings that are guarded: what differs from one to the next, in one table.

use super::key::{self, Key};
use super::parsed_value::ParsedValue;
use super::rule_id::RuleId;
use super::validated_value::ValidatedValue;

#[derive(Debug)]
pub struct GuardedSetting {
    pub name: &'static str,
    /// The keys of its value, in canonical order.
    pub keys: &'static [&'static Key],
    /// Reads a submitted value that is not blank.
    pub parse: for<'a> fn(&'a str) -> ParsedValue<'a>,
    /// The canonical form of a value; none of one that breaks a rule about the value alone.
    pub canonical: fn(&ValidatedValue<'_>) -> Option<String>,
    /// The rules for a value that becomes enabled, in the order in which violations are reported.
    pub rules: &'static [RuleId],
    /// The rules for a value that becomes empty, which disables the network.
    pub disable_rules: &'static [RuleId],
    /// The annotation by which an operator overrides `migration-in-progress`.
    pub override_annotation: &'static str,
}

static VM_MIGRATION_NETWORK: GuardedSetting = GuardedSetting {
    name: super::SETTING,
    keys: &key::ALL,
    parse: |text| ParsedValue::read(text),
    canonical: |value| value.canonical(),
    rules: &RuleId::ALL,
    disable_rules: &[RuleId::MigrationInProgress],
    override_annotation: super::ALLOW_DURING_MIGRATION,
};

impl GuardedSetting {
    pub const ALL: [&'static Self; 1] = [&VM_MIGRATION_NETWORK];

    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.into_iter().find(|setting| setting.name == name)
    }
}
