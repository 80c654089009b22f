//! A reason to refuse a value: which problem, and in which field.

use std::fmt;

use super::field::Field;
use super::problem::Problem;
use super::rule::RuleId;

/// One reason to refuse a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where.
    pub field: Field,
    /// What.
    pub problem: Problem,
}

impl Violation {
    /// The rule that is broken.
    #[must_use]
    pub const fn rule(&self) -> RuleId {
        self.problem.rule()
    }

    /// The reason of the API's `causes[]`.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        self.problem.reason()
    }
}

/// The message alone, on one line: what was seen, what is accepted, and the fix where one is obvious.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}
