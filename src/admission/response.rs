//! A [`Decision`] as an admission response for the API server, kubectl and Harvester's UI.
//!
//! kubectl shows `details.causes` and drops the message; the UI, and kubectl with several objects, show the
//! message and drop the causes. So each problem is in both.

use std::fmt::Write as _;
use std::time::Duration;

use self::wire::AuditAnnotations;
use super::decision::{Decision, Verdict};
use crate::setting::facts::Missing;
use crate::setting::problem::MAX_LISTED;
use crate::setting::violation::Violations;
use crate::setting::{RuleSet, SETTING, Violation};

mod wire;

/// Bytes of `status.message` at most.
const LONGEST_MESSAGE: usize = 16 << 10;
/// Bytes kept free for the line that says how many problems were left out.
const LAST_LINE: usize = 64;

/// The kind of what is refused.
pub const SETTING_KIND: &str = "Setting";

const NOT_DELETABLE: &str = "the Setting vm-migration-network is never deleted; to disable the network set value to \"\". \
    kubectl apply --force turns a refused update into a delete: if you used it, the new value was probably refused, \
    retry without --force to see why";

/// A refusal, as `response.status` carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// One of Kubernetes' own reasons: kubectl hides causes under any other.
    pub reason: &'static str,
    /// The status code.
    pub code: u16,
    /// Everything, for those who see nothing else.
    pub message: String,
    /// The problems, each with its field.
    pub causes: Vec<Violation>,
}

impl Status {
    /// The refusal in a decision; `None` where it is none.
    pub fn of(decision: &Decision) -> Option<Self> {
        let code = code(&decision.verdict);
        match &decision.verdict {
            Verdict::Allowed => None,
            Verdict::NotDeletable => Some(Self::new(code, "MethodNotAllowed", NOT_DELETABLE.to_owned())),
            Verdict::Invalid(violations) => Some(Self::invalid(code, violations)),
            Verdict::FactsMissing(missing) => Some(Self::new(code, "ServiceUnavailable", unavailable(missing))),
        }
    }

    /// The refusal of a request that can't be judged.
    pub fn malformed(why: &str) -> Self {
        Self::new(400, "BadRequest", format!("the request can't be judged, so it is refused: {why}"))
    }

    /// The refusal of a request that was not judged in time.
    pub fn late(budget: Duration) -> Self {
        Self::new(504, "Timeout", late(budget))
    }

    fn new(code: u16, reason: &'static str, mut message: String) -> Self {
        message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
        Self { reason, code, message, causes: Vec::new() }
    }

    /// A line that sums up, then a line for each problem.
    fn invalid(code: u16, violations: &Violations) -> Self {
        let (listed, total) = (violations.listed(), violations.total());
        let shown = if total > MAX_LISTED { MAX_LISTED - 1 } else { total };
        let mut causes: Vec<_> = listed.iter().take(shown).cloned().collect();
        causes.extend(listed.get(shown).map(|next| next.and_more(more(total - shown))));
        let plural = if total == 1 { "problem" } else { "problems" };
        let mut message = format!("{SETTING} is refused, {total} {plural}:");
        for (index, cause) in causes.iter().enumerate() {
            let end = message.len();
            let _ = write!(message, "\n* {}: {}", cause.field, cause.block());
            if message.len() + LAST_LINE > LONGEST_MESSAGE {
                message.truncate(end);
                let _ = write!(message, "\n{}", more(total - index));
                break;
            }
        }
        Self { reason: "Invalid", code, message, causes }
    }
}

fn more(count: usize) -> String {
    format!("and {count} more problems")
}

/// Why there is no verdict, in words.
pub(super) fn late(budget: Duration) -> String {
    format!(
        "{SETTING} was not judged within the {budget:?} that this request was given, so the change is refused; nothing was \
         found about it. Retry; if it stays so, look at the webhook's log and load"
    )
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
pub fn write(uid: &str, decision: &Decision) -> Vec<u8> {
    let status = Status::of(decision);
    let patch = wire::patch(&decision.value, &decision.default);
    let annotations = AuditAnnotations {
        decision: verdict(&decision.verdict),
        rules: rules(decision),
        config_hash: decision.config_hash.as_deref(),
        allow_during_migration: decision.override_used.then_some("used"),
    };
    wire::review(uid, status.as_ref(), patch, &decision.warnings, annotations)
}

/// Writes the refusal of a request that can't be judged.
pub fn write_malformed(uid: &str, why: &str) -> Vec<u8> {
    let annotations = AuditAnnotations { decision: "malformed", ..AuditAnnotations::default() };
    wire::review(uid, Some(&Status::malformed(why)), None, &[], annotations)
}

/// Writes the refusal of a request that was not judged in time.
pub fn write_late(uid: &str, budget: Duration) -> Vec<u8> {
    let annotations = AuditAnnotations { decision: "late", ..AuditAnnotations::default() };
    wire::review(uid, Some(&Status::late(budget)), None, &[], annotations)
}

/// The verdict in one word, for logs, metrics and the audit log.
pub const fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "allowed",
        Verdict::NotDeletable | Verdict::Invalid(_) => "refused",
        Verdict::FactsMissing(_) => "unavailable",
    }
}

/// The status code.
pub const fn code(verdict: &Verdict) -> u16 {
    match verdict {
        Verdict::Allowed => 200,
        Verdict::NotDeletable => 405,
        Verdict::Invalid(_) => 422,
        Verdict::FactsMissing(_) => 503,
    }
}

/// The rules that refused.
pub fn rules(decision: &Decision) -> RuleSet {
    match &decision.verdict {
        Verdict::Invalid(violations) => violations.rules(),
        _ => RuleSet::default(),
    }
}

#[cfg(test)]
mod tests;
