//! Reasons to refuse a value.

use std::fmt;

use serde::Serialize;

use super::field::{Field, StringField};
use super::problem::{MAX_LISTED, Problem, Reason};
use super::rule_id::{RuleId, RuleSet};

/// One reason to refuse a value: the rule that is broken, where, and what. Reports hold it as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    rule: RuleId,
    pub field: Field,
    reason: &'static str,
    /// What was seen, what is accepted, and the fix where one is obvious, on one line.
    pub message: String,
    /// The same with its commands on lines of their own, indented; none where it has no commands.
    #[serde(skip)]
    block: Option<String>,
}

impl Violation {
    pub(crate) fn new(rule: RuleId, string: StringField, problem: Problem) -> Self {
        let Problem { path, reason, message: block } = problem;
        let message = one_line(&block);
        let block = (block != message).then_some(block);
        Self { rule, field: Field { string, path }, reason: reason.as_str(), message, block }
    }

    /// Says that there are others, this the first of them.
    pub(crate) fn and_more(&self, message: String) -> Self {
        let field = Field::whole(self.field.string);
        Self { rule: self.rule, field, reason: Reason::Invalid.as_str(), message, block: None }
    }

    pub const fn rule(&self) -> RuleId {
        self.rule
    }

    pub const fn reason(&self) -> &'static str {
        self.reason
    }

    pub fn block(&self) -> &str {
        self.block.as_ref().unwrap_or(&self.message)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

fn one_line(block: &str) -> String {
    let mut message = String::with_capacity(block.len());
    let mut after = "";
    for line in block.lines() {
        message.push_str(after);
        message.push_str(line.trim_start());
        after = if line.starts_with("    ") { ". " } else { " " };
    }
    message
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
