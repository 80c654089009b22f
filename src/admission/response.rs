//! A [`Decision`] as the API server, kubectl and the Harvester UI take it.
//!
//! kubectl shows `details.causes` and drops the message; the UI, and kubectl with several objects, show the
//! message and drop the causes. So each problem is in both.

use std::fmt::Write;
use std::time::Duration;

use self::wire::AuditAnnotations;
use super::decision::{Decision, Verdict};
use crate::network::draft::MAX_LISTED;
use crate::network::facts::Missing;
use crate::network::rules::Violations;
use crate::network::{RuleSet, SETTING};

mod wire;

/// Bytes of `status.message` at most.
const LONGEST_MESSAGE: usize = 16 << 10;
/// Bytes that nearly every problem fits into: room is made for them once.
const USUAL_MESSAGE: usize = 320;
/// Bytes kept free for the line that says how many problems were left out.
const LAST_LINE: usize = 64;

const NOT_DELETABLE: &str = "the Setting vm-migration-network is never deleted; to disable the network set value to \"\". \
    kubectl apply --force turns a refused update into a delete: if you used it, the new value was probably refused, \
    retry without --force to see why";

/// A refusal, as `response.status` carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    outcome: &'static str,
    /// Everything, for those who see nothing else.
    pub message: String,
    /// One of Kubernetes' own reasons: kubectl hides causes under any other.
    pub reason: &'static str,
    /// What was refused.
    pub details: Details,
    /// The status code.
    pub code: u16,
}

/// `status.details`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// Its name.
    pub name: &'static str,
    group: &'static str,
    /// Its kind.
    pub kind: &'static str,
    /// The problems, each with its field.
    pub causes: Vec<Cause>,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// One of Kubernetes' own.
    pub reason: &'static str,
    /// On one line.
    pub message: String,
    /// The field path.
    pub field: String,
}

impl Status {
    /// The refusal in a decision; `None` where it is none.
    #[must_use]
    pub fn of(decision: &Decision) -> Option<Self> {
        let code = code(&decision.verdict);
        match &decision.verdict {
            Verdict::Allowed => None,
            Verdict::NotDeletable => Some(Self::new(code, "MethodNotAllowed", NOT_DELETABLE.to_owned(), Vec::new())),
            Verdict::Invalid(violations) => {
                let causes = causes(violations);
                Some(Self::new(code, "Invalid", message(violations.total(), &causes), causes))
            }
            Verdict::FactsMissing(missing) => {
                Some(Self::new(code, "ServiceUnavailable", unavailable(missing), Vec::new()))
            }
        }
    }

    /// The refusal of a request that can't be judged.
    #[must_use]
    pub fn malformed(why: &str) -> Self {
        Self::new(400, "BadRequest", format!("the request can't be judged, so it is refused: {why}"), Vec::new())
    }

    /// The refusal of a request that was not judged in time.
    #[must_use]
    pub fn late(budget: Duration) -> Self {
        Self::new(504, "Timeout", late(budget), Vec::new())
    }

    fn new(code: u16, reason: &'static str, mut message: String, causes: Vec<Cause>) -> Self {
        message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
        let details = Details { name: SETTING, group: "harvesterhci.io", kind: "Setting", causes };
        Self { outcome: "Failure", message, reason, details, code }
    }
}

/// Why there is no verdict, in words.
pub(super) fn late(budget: Duration) -> String {
    format!(
        "{SETTING} was not judged within the {budget:?} that this request was given, so the change is refused; nothing was \
         found about it. Retry; if it stays so, look at the webhook's log and load"
    )
}

fn causes(violations: &Violations) -> Vec<Cause> {
    let total = violations.total();
    let shown = if total > MAX_LISTED { MAX_LISTED - 1 } else { total };
    let mut causes: Vec<_> = violations
        .listed()
        .iter()
        .take(shown)
        .map(|it| {
            let mut message = String::with_capacity(USUAL_MESSAGE);
            let _ = write!(message, "{it}");
            Cause { reason: it.reason(), message, field: it.field() }
        })
        .collect();
    if let Some(last) = violations.listed().get(shown) {
        let message = format!("and {} more problems", total - shown);
        causes.push(Cause { reason: "FieldValueInvalid", message, field: last.root.to_string() });
    }
    causes
}

/// A line that sums up, then a line for each problem.
fn message(total: usize, causes: &[Cause]) -> String {
    let plural = if total == 1 { "problem" } else { "problems" };
    let lines = causes.iter().map(|cause| cause.field.len() + cause.message.len() + 3).sum::<usize>();
    let mut message = String::with_capacity(LAST_LINE + lines.min(LONGEST_MESSAGE));
    let _ = write!(message, "{SETTING} is refused, {total} {plural}:");
    for (index, cause) in causes.iter().enumerate() {
        let line = ["\n", &cause.field, ": ", &cause.message];
        if message.len() + line.iter().map(|it| it.len()).sum::<usize>() + LAST_LINE > LONGEST_MESSAGE {
            let _ = write!(message, "\nand {} more problems", total - index);
            break;
        }
        message.extend(line);
    }
    message
}

fn unavailable(missing: &[Missing]) -> String {
    let missing: Vec<_> = missing.iter().map(ToString::to_string).collect();
    format!(
        "{SETTING} can't be judged now, so the change is refused; missing: {}. Retry shortly; if it stays so, look at the \
         webhook's log",
        missing.join(", ")
    )
}

/// Writes the answer to one decision.
#[must_use]
pub fn write(uid: &str, decision: &Decision) -> Vec<u8> {
    let status = Status::of(decision);
    let patch = wire::patch(&decision.value, &decision.default);
    let annotations = AuditAnnotations {
        decision: verdict(&decision.verdict),
        rules: rules(decision),
        config_hash: decision.config_hash.as_deref(),
        way_out_taken: decision.way_out_taken,
    };
    wire::review(uid, status.as_ref(), patch.as_deref(), &decision.warnings, &annotations)
}

/// Writes the refusal of a request that can't be judged.
#[must_use]
pub fn write_malformed(uid: &str, why: &str) -> Vec<u8> {
    let annotations = AuditAnnotations { decision: "malformed", ..AuditAnnotations::default() };
    wire::review(uid, Some(&Status::malformed(why)), None, &[], &annotations)
}

/// Writes the refusal of a request that was not judged in time.
#[must_use]
pub fn write_late(uid: &str, budget: Duration) -> Vec<u8> {
    let annotations = AuditAnnotations { decision: "late", ..AuditAnnotations::default() };
    wire::review(uid, Some(&Status::late(budget)), None, &[], &annotations)
}

/// The verdict in one word, for logs, metrics and the audit log.
#[must_use]
pub const fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "allowed",
        Verdict::NotDeletable | Verdict::Invalid(_) => "refused",
        Verdict::FactsMissing(_) => "unavailable",
    }
}

/// The status code.
#[must_use]
pub const fn code(verdict: &Verdict) -> u16 {
    match verdict {
        Verdict::Allowed => 200,
        Verdict::NotDeletable => 405,
        Verdict::Invalid(_) => 422,
        Verdict::FactsMissing(_) => 503,
    }
}

/// The rules that refused.
#[must_use]
pub fn rules(decision: &Decision) -> RuleSet {
    match &decision.verdict {
        Verdict::Invalid(violations) => violations.rules(),
        _ => RuleSet::default(),
    }
}

#[cfg(test)]
mod tests;
