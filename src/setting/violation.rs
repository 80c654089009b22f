//! Reasons to refuse a value.

use std::fmt;

use super::field::{Field, StringField};
use super::problem::{MAX_LISTED, Problem, Reason};
use super::rule_id::{RuleId, RuleSet};

/// One reason to refuse a value: the rule that is broken, where, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub field: Field,
    rule: RuleId,
    reason: Reason,
    message: String,
}

impl Violation {
    pub(super) fn new(rule: RuleId, string: StringField, problem: Problem) -> Self {
        let Problem { path, reason, message } = problem;
        Self { field: Field { string, path }, rule, reason, message }
    }

    pub const fn rule(&self) -> RuleId {
        self.rule
    }

    pub const fn reason(&self) -> &'static str {
        self.reason.as_str()
    }

    /// The message with its commands on lines of their own, indented.
    pub fn block(&self) -> &str {
        &self.message
    }
}

/// The message alone, on one line: what was seen, what is accepted, and the fix where one is obvious.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut after_command = false;
        for (index, line) in self.message.lines().enumerate() {
            f.write_str(if index == 0 {
                ""
            } else if after_command {
                ". "
            } else {
                " "
            })?;
            after_command = line.starts_with("    ");
            f.write_str(line.trim_start())?;
        }
        Ok(())
    }
}

/// Violations in the order reported: the first few, how many more, and which rules in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    listed: Vec<Violation>,
    more: usize,
    rules: RuleSet,
}

impl Violations {
    pub fn listed(&self) -> &[Violation] {
        &self.listed
    }

    pub const fn total(&self) -> usize {
        self.listed.len() + self.more
    }

    /// The rules broken, those of unlisted violations too.
    pub const fn rules(&self) -> RuleSet {
        self.rules
    }

    /// Counts violations that are not worth listing: there are others of the same rule.
    pub(super) fn count(&mut self, more: usize, rule: RuleId) {
        if more > 0 {
            self.rules.insert(rule);
            self.more += more;
        }
    }

    pub(super) fn push(&mut self, violation: Violation) {
        self.rules.insert(violation.rule());
        if self.listed.len() < MAX_LISTED { self.listed.push(violation) } else { self.more += 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::field::FieldPath;

    #[test]
    fn commands_stand_on_lines_of_their_own_or_in_the_one_line() {
        let message = "a:\n    do this\n  b:\n    do that";
        let problem = Problem::new(FieldPath::Whole, Reason::Forbidden, message);
        let violation = Violation::new(RuleId::MigrationInProgress, StringField::Value, problem);
        assert_eq!(violation.to_string(), "Forbidden: a: do this. b: do that");
        assert_eq!(violation.block(), format!("Forbidden: {message}"));
    }
}
