//! Warnings on allowed changes.

use std::fmt;

use super::field::Field;
use super::rule_id::RuleId;
use super::violation::Violation;

/// An admission warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// One of [`Self::KINDS`], or the name of a rule that only warns.
    kind: &'static str,
    pub(crate) field: Field,
    /// The rule that would refuse, where it only warns.
    pub(crate) rule: Option<RuleId>,
    /// One line, without control characters: the API server drops others.
    text: String,
}

impl Warning {
    /// The kinds, beside the names of the rules: a rule that only warns is a kind of its own.
    pub const KINDS: [&str; 8] = [
        "rewritten",
        "restored",
        "mgmt",
        "few-spare-addresses",
        "node-address-excluded",
        "host-network-dhcp",
        "migration-in-progress",
        "not-judged",
    ];

    pub(crate) fn new(kind: &'static str, field: Field, text: String) -> Self {
        debug_assert!(Self::KINDS.contains(&kind), "{kind}");
        Self { kind, field, rule: None, text }
    }

    /// What a rule would refuse that only warns here.
    pub(super) fn of(violation: &Violation) -> Self {
        let (rule, field) = (violation.rule(), violation.field.clone());
        let text = format!("{rule} (only warns here): {field}: {violation}");
        Self { kind: rule.as_str(), field, rule: Some(rule), text }
    }

    /// A stable name for the kind of warning.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::field::{FieldPath, StringField};
    use crate::setting::key;
    use crate::setting::problem::{Problem, Reason};

    #[test]
    fn a_warning_of_a_rule_tells_its_rule_and_its_field() {
        let problem = Problem::new(FieldPath::Key(&key::VLAN), Reason::Invalid, "5000");
        let warning = Warning::of(&Violation::new(RuleId::VlanRange, StringField::Default, problem));
        assert_eq!((warning.rule, warning.kind()), (Some(RuleId::VlanRange), "vlan-range"));
        assert_eq!(warning.field.to_string(), "default.vlan");
        assert_eq!(warning.to_string(), "vlan-range (only warns here): default.vlan: Invalid value: 5000");
    }
}
