//! A [`Decision`] as the API server, kubectl and the Harvester UI take it.
//!
//! kubectl shows `details.causes` and drops the message; the UI, and kubectl with several objects, show the
//! message and drop the causes. So each problem is in both.

use std::fmt::Write;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::decision::{Decision, Mutation, Verdict};
use super::review::{API_VERSION, KIND};
use crate::network::draft::MAX_LISTED;
use crate::network::facts::Missing;
use crate::network::json::push_string;
use crate::network::rules::Violations;
use crate::network::{RuleSet, SETTING, Warning};

/// Bytes of `status.message` at most.
const LONGEST_MESSAGE: usize = 16 << 10;
/// Bytes that nearly every problem fits into: room is made for them once.
const USUAL_MESSAGE: usize = 320;
/// Bytes of an answer around its texts.
const USUAL_FRAME: usize = 640;
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

/// What the audit log keeps: stored under the webhook's name.
#[derive(Default)]
struct AuditAnnotations<'a> {
    decision: &'static str,
    rules: RuleSet,
    config_hash: Option<&'a str>,
    way_out_taken: bool,
}

/// Writes the answer to one decision.
#[must_use]
pub fn write(uid: &str, decision: &Decision) -> Vec<u8> {
    let status = Status::of(decision);
    let patch = patch(&decision.value, &decision.default);
    let annotations = AuditAnnotations {
        decision: verdict(&decision.verdict),
        rules: rules(decision),
        config_hash: decision.config_hash.as_deref(),
        way_out_taken: decision.way_out_taken,
    };
    to_json(uid, status.as_ref(), patch.as_deref(), &decision.warnings, &annotations)
}

/// Writes the refusal of a request that can't be judged.
#[must_use]
pub fn write_malformed(uid: &str, why: &str) -> Vec<u8> {
    let annotations = AuditAnnotations { decision: "malformed", ..AuditAnnotations::default() };
    to_json(uid, Some(&Status::malformed(why)), None, &[], &annotations)
}

/// Writes the refusal of a request that was not judged in time.
#[must_use]
pub fn write_late(uid: &str, budget: Duration) -> Vec<u8> {
    let annotations = AuditAnnotations { decision: "late", ..AuditAnnotations::default() };
    to_json(uid, Some(&Status::late(budget)), None, &[], &annotations)
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

/// RFC 6902, base64 as the API wants it; `None` when nothing changes. A string is only ever replaced, as one
/// that is absent stays so.
fn patch(value: &Mutation, default: &Mutation) -> Option<String> {
    /// Bytes around a text, those of escapes among them.
    const FRAME: usize = 96;
    let replacements = [value, default].map(|mutation| mutation.replacement().map_or(0, |text| FRAME + text.len()));
    let mut operations = String::with_capacity(replacements.iter().sum());
    for (before, mutation) in [
        (r#"{"op":"replace","path":"/value","value":"#, value),
        (r#"{"op":"replace","path":"/default","value":"#, default),
    ] {
        if let Some(replacement) = mutation.replacement() {
            operations.push(if operations.is_empty() { '[' } else { ',' });
            operations.push_str(before);
            push_string(&mut operations, replacement);
            operations.push('}');
        }
    }
    if operations.is_empty() {
        return None;
    }
    operations.push(']');
    Some(STANDARD.encode(operations))
}

/// Writes the review by hand: its shape is fixed, and every request waits for it. Only what is not from this crate can hold
/// anything that JSON escapes, messages and paths among it.
fn to_json(
    uid: &str,
    status: Option<&Status>,
    patch: Option<&str>,
    warnings: &[Warning],
    audit_annotations: &AuditAnnotations<'_>,
) -> Vec<u8> {
    // A refusal says everything twice.
    let refusal = status.map_or(0, |status| 3 * status.message.len());
    let mut json = String::with_capacity(USUAL_FRAME + refusal + patch.map_or(0, str::len));
    json.extend([r#"{"apiVersion":""#, API_VERSION, r#"","kind":""#, KIND, r#"","response":{"uid":"#]);
    push_string(&mut json, uid);
    json.push_str(if status.is_none() { r#","allowed":true"# } else { r#","allowed":false"# });
    if let Some(status) = status {
        push_status(&mut json, status);
    }
    if let Some(patch) = patch {
        json.extend([r#","patch":""#, patch, r#"","patchType":"JSONPatch""#]);
    }
    let mut text = String::new();
    for (index, warning) in warnings.iter().enumerate() {
        json.push_str(if index == 0 { r#","warnings":["# } else { "," });
        text.clear();
        text.reserve(USUAL_MESSAGE);
        let _ = write!(text, "{warning}");
        push_string(&mut json, &text);
    }
    if !warnings.is_empty() {
        json.push(']');
    }
    push_annotations(&mut json, audit_annotations);
    json.push_str("}}");
    json.into_bytes()
}

fn push_status(json: &mut String, status: &Status) {
    let Status { outcome, message, reason, details, code } = status;
    let Details { name, group, kind, causes } = details;
    json.extend([r#","status":{"status":""#, outcome, r#"","message":"#]);
    push_string(json, message);
    json.extend([r#","reason":""#, reason, r#"","details":{"name":""#, name, r#"","group":""#, group]);
    json.extend([r#"","kind":""#, kind, r#"""#]);
    for (index, cause) in causes.iter().enumerate() {
        json.push_str(if index == 0 { r#","causes":["# } else { "," });
        json.extend([r#"{"reason":""#, cause.reason, r#"","message":"#]);
        push_string(json, &cause.message);
        json.push_str(r#","field":"#);
        push_string(json, &cause.field);
        json.push('}');
    }
    json.push_str(if causes.is_empty() { "}" } else { "]}" });
    // Writing to a string can't fail.
    let _ = write!(json, r#","code":{code}}}"#);
}

fn push_annotations(json: &mut String, annotations: &AuditAnnotations<'_>) {
    json.extend([r#","auditAnnotations":{"decision":""#, annotations.decision, r#"""#]);
    for (index, rule) in annotations.rules.iter().enumerate() {
        json.extend([if index == 0 { r#","rules":""# } else { "," }, rule.as_str()]);
    }
    if !annotations.rules.is_empty() {
        json.push('"');
    }
    if let Some(hash) = annotations.config_hash {
        json.extend([r#","config-hash":""#, hash, r#"""#]);
    }
    if annotations.way_out_taken {
        json.push_str(r#","allow-during-migration":"used""#);
    }
    json.push('}');
}

#[cfg(test)]
mod tests;
