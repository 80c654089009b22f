//! The answer as JSON, written by hand: its shape is fixed, and every request waits for it.
//!
//! Only words of this crate's own stand there as they are, as none of them holds what JSON escapes.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Details, Status, USUAL_MESSAGE};
use crate::admission::decision::Mutation;
use crate::admission::review::{API_VERSION, KIND};
use crate::network::json::push_string;
use crate::network::{RuleSet, Warning};

/// Bytes of an answer around its texts.
const USUAL_FRAME: usize = 640;

/// What the audit log keeps: stored under the webhook's name.
#[derive(Default)]
pub(super) struct AuditAnnotations<'a> {
    pub(super) decision: &'static str,
    pub(super) rules: RuleSet,
    pub(super) config_hash: Option<&'a str>,
    pub(super) way_out_taken: bool,
}

/// RFC 6902, base64 as the API wants it; `None` when nothing changes. A string is only ever replaced, as one
/// that is absent stays so.
pub(super) fn patch(value: &Mutation, default: &Mutation) -> Option<String> {
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

/// The whole review.
pub(super) fn review(
    uid: &str,
    status: Option<&Status>,
    patch: Option<&str>,
    warnings: &[Warning],
    annotations: &AuditAnnotations<'_>,
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
        // Writing to a string can't fail.
        let _ = write!(text, "{warning}");
        push_string(&mut json, &text);
    }
    if !warnings.is_empty() {
        json.push(']');
    }
    push_annotations(&mut json, annotations);
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
        json.push_str(r#","config-hash":"#);
        push_string(json, hash);
    }
    if annotations.way_out_taken {
        json.push_str(r#","allow-during-migration":"used""#);
    }
    json.push('}');
}
