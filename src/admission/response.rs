//! A [`Decision`] as the API server, kubectl and the Harvester UI take it.
//!
//! kubectl shows `details.causes` and drops the message; the UI, and kubectl with several objects, show the
//! message and drop the causes. So each problem is in both.

use std::fmt::Write;
use std::ops::Range;
use std::time::Duration;

use self::wire::AuditAnnotations;
use super::decision::{Decision, Verdict};
use crate::setting::draft::MAX_LISTED;
use crate::setting::facts::Missing;
use crate::setting::rules::Violations;
use crate::setting::{Root, RuleSet, SETTING, Violation};

mod wire;

/// Bytes of `status.message` at most.
const LONGEST_MESSAGE: usize = 16 << 10;
/// Bytes that a problem takes: room is made for as many, and seldom more is needed.
const USUAL_LINE: usize = 192;
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
    /// The message, and after it what does not fit into it: of problems the first such, and all that follow.
    text: String,
    /// Where the message ends.
    message: usize,
    problems: Vec<Place>,
}

/// One problem, as `details.causes` carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause<'a> {
    /// One of Kubernetes' own.
    pub reason: &'static str,
    /// The field path.
    pub field: &'a str,
    /// On one line.
    pub message: &'a str,
}

/// Where in the text of a refusal a problem stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    reason: &'static str,
    field: Range<usize>,
    message: Range<usize>,
}

/// A line of the message.
enum Line<'a> {
    Problem(&'a Violation),
    /// How many there are that are not listed, and in which string the next of them is.
    More(usize, Root),
}

impl Line<'_> {
    /// Adds the line.
    fn push(&self, text: &mut String) -> Place {
        text.push('\n');
        let start = text.len();
        let reason = match self {
            Self::Problem(violation) => {
                violation.push_field(text);
                violation.reason()
            }
            Self::More(_, root) => {
                text.push_str(root.as_str());
                "FieldValueInvalid"
            }
        };
        let field = start..text.len();
        text.push_str(": ");
        let start = text.len();
        // Writing to a string can't fail.
        let _ = match self {
            Self::Problem(violation) => write!(text, "{violation}"),
            Self::More(more, _) => write!(text, "and {more} more problems"),
        };
        Place { reason, field, message: start..text.len() }
    }
}

impl Status {
    /// The refusal in a decision; `None` where it is none.
    #[must_use]
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
    #[must_use]
    pub fn malformed(why: &str) -> Self {
        Self::new(400, "BadRequest", format!("the request can't be judged, so it is refused: {why}"))
    }

    /// The refusal of a request that was not judged in time.
    #[must_use]
    pub fn late(budget: Duration) -> Self {
        Self::new(504, "Timeout", late(budget))
    }

    /// Everything, for those who see nothing else.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.text[..self.message]
    }

    /// The problems, each with its field.
    #[must_use]
    pub fn causes(&self) -> impl ExactSizeIterator<Item = Cause<'_>> {
        self.problems.iter().map(|Place { reason, field, message }| Cause {
            reason,
            field: &self.text[field.clone()],
            message: &self.text[message.clone()],
        })
    }

    fn new(code: u16, reason: &'static str, text: String) -> Self {
        let message = text.floor_char_boundary(LONGEST_MESSAGE);
        Self { reason, code, text, message, problems: Vec::new() }
    }

    /// A line that sums up, then a line for each problem.
    fn invalid(code: u16, violations: &Violations) -> Self {
        let (listed, total) = (violations.listed(), violations.total());
        let shown = if total > MAX_LISTED { MAX_LISTED - 1 } else { total };
        let more = listed.get(shown).map(|next| Line::More(total - shown, next.root));
        let lines = listed.iter().take(shown).map(Line::Problem).chain(more);

        let plural = if total == 1 { "problem" } else { "problems" };
        let mut text = String::with_capacity(LAST_LINE + listed.len() * USUAL_LINE);
        let mut problems = Vec::with_capacity(listed.len());
        let mut message = None;
        let _ = write!(text, "{SETTING} is refused, {total} {plural}:");
        for (index, line) in lines.enumerate() {
            let end = text.len();
            let mut place = line.push(&mut text);
            if message.is_none() && text.len() + LAST_LINE > LONGEST_MESSAGE {
                text.truncate(end);
                let _ = write!(text, "\nand {} more problems", total - index);
                message = Some(text.len());
                place = line.push(&mut text);
            }
            problems.push(place);
        }
        let message = message.unwrap_or(text.len());
        Self { reason: "Invalid", code, text, message, problems }
    }
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
