//! One reason of a refusal, the same in answers, reports and suites.

use serde::Serialize;

use crate::setting::field::Field;
use crate::setting::{RuleId, Violation};

/// One problem, as `details.causes` carries it, with the rule that reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The rule; of the line that counts what is not listed, that of the first of these.
    pub rule: RuleId,
    /// The field.
    pub field: Field,
    /// One of Kubernetes' own.
    pub reason: &'static str,
    /// What is wrong, on one line.
    pub message: String,
}

impl From<&Violation> for Cause {
    fn from(violation: &Violation) -> Self {
        Self {
            rule: violation.rule(),
            field: violation.field.clone(),
            reason: violation.reason(),
            message: violation.to_string(),
        }
    }
}
