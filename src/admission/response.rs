//! A [`Decision`] as the API server, kubectl and the Harvester UI take it.
//!
//! kubectl shows `details.causes` and drops the message; the UI, and kubectl with several objects, show the
//! message and drop the causes. So each problem is in both.

use std::fmt::Write;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::decision::{Decision, Mutation, Verdict};
use super::review::{API_VERSION, KIND};
use crate::network::draft::MAX_LISTED;
use crate::network::facts::Missing;
use crate::network::rules::Violations;
use crate::network::{RuleSet, SETTING};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    #[serde(rename = "status")]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Details {
    /// Its name.
    pub name: &'static str,
    group: &'static str,
    /// Its kind.
    pub kind: &'static str,
    /// The problems, each with its field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
        match &decision.verdict {
            Verdict::Allowed => None,
            Verdict::NotDeletable => Some(Self::new(405, "MethodNotAllowed", NOT_DELETABLE.to_owned(), Vec::new())),
            Verdict::Invalid(violations) => {
                let causes = causes(violations);
                Some(Self::new(422, "Invalid", message(violations.total(), &causes), causes))
            }
            Verdict::FactsMissing(missing) => {
                Some(Self::new(503, "ServiceUnavailable", unavailable(missing), Vec::new()))
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireReview<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: WireResponse<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireResponse<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'a [String],
    audit_annotations: AuditAnnotations,
}

/// What the audit log keeps: stored under the webhook's name.
#[derive(Default, Serialize)]
#[serde(rename_all = "kebab-case")]
struct AuditAnnotations {
    decision: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    rules: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    config_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_during_migration: Option<&'static str>,
}

#[derive(Serialize)]
struct PatchOperation<'a> {
    op: &'static str,
    path: &'static str,
    value: &'a str,
}

/// Writes the answer to one decision.
#[must_use]
pub fn write(uid: &str, decision: &Decision) -> Vec<u8> {
    let status = Status::of(decision);
    let warnings: Vec<_> = decision.warnings.iter().map(ToString::to_string).collect();
    let patch = patch(&decision.value, &decision.default);
    let rules = rules(decision);
    let annotations = AuditAnnotations {
        decision: verdict(&decision.verdict),
        rules: rules.to_string(),
        config_hash: decision.config_hash.clone(),
        allow_during_migration: decision.way_out_taken.then_some("used"),
    };
    to_json(uid, status.as_ref(), patch, &warnings, annotations)
}

/// Writes the refusal of a request that can't be judged.
#[must_use]
pub fn write_malformed(uid: &str, why: &str) -> Vec<u8> {
    let annotations = AuditAnnotations { decision: "malformed", ..AuditAnnotations::default() };
    to_json(uid, Some(&Status::malformed(why)), None, &[], annotations)
}

/// Writes the refusal of a request that was not judged in time.
#[must_use]
pub fn write_late(uid: &str, budget: Duration) -> Vec<u8> {
    let annotations = AuditAnnotations { decision: "late", ..AuditAnnotations::default() };
    to_json(uid, Some(&Status::late(budget)), None, &[], annotations)
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
    let operations: Vec<_> = [("/value", value), ("/default", default)]
        .into_iter()
        .filter_map(|(path, mutation)| Some(PatchOperation { op: "replace", path, value: mutation.replacement()? }))
        .collect();
    if operations.is_empty() {
        return None;
    }
    serde_json::to_vec(&operations).ok().map(|json| STANDARD.encode(json))
}

fn to_json(
    uid: &str,
    status: Option<&Status>,
    patch: Option<String>,
    warnings: &[String],
    audit_annotations: AuditAnnotations,
) -> Vec<u8> {
    let patch_type = patch.is_some().then_some("JSONPatch");
    let response =
        WireResponse { uid, allowed: status.is_none(), status, patch, patch_type, warnings, audit_annotations };
    let review = WireReview { api_version: API_VERSION, kind: KIND, response };
    // A refusal says everything twice.
    let refusal = status.map_or(0, |status| 3 * status.message.len());
    let mut json = Vec::with_capacity(USUAL_FRAME + refusal);
    // Strings and numbers into memory: there is nothing that could fail. An empty body is a failed call, which refuses.
    if serde_json::to_writer(&mut json, &review).is_err() {
        json.clear();
    }
    json
}

#[cfg(test)]
mod tests;
