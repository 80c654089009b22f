//! The answer as JSON, written by hand: its shape is fixed, and every request waits for it.
//!
//! Only words of this crate's own and field paths stand there as they are, as none of them holds what JSON escapes.

use std::fmt::Write;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{SETTING_KIND, Status};
use crate::admission::decision::Mutation;
use crate::admission::review::{API_VERSION, KIND};
use crate::setting::json::{push_escaped, push_string};
use crate::setting::{RuleSet, SETTING, Warning};

/// Bytes that nearly every warning fits into.
const USUAL_WARNING: usize = 320;
/// Bytes of an answer around its texts.
const USUAL_FRAME: usize = 640;

/// Adds texts one after the other: what is fixed takes no call.
macro_rules! push {
    ($json:expr, $($text:expr),+) => {
        $($json.push_str($text);)+
    };
}

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
    let refusal = status.map_or(0, |status| 3 * status.message().len());
    let mut json = String::with_capacity(USUAL_FRAME + refusal + patch.map_or(0, str::len));
    push!(json, r#"{"apiVersion":""#, API_VERSION, r#"","kind":""#, KIND, r#"","response":{"uid":"#);
    push_string(&mut json, uid);
    json.push_str(if status.is_none() { r#","allowed":true"# } else { r#","allowed":false"# });
    if let Some(status) = status {
        push_status(&mut json, status);
    }
    if let Some(patch) = patch {
        push!(json, r#","patch":""#, patch, r#"","patchType":"JSONPatch""#);
    }
    let mut text = String::new();
    for (index, warning) in warnings.iter().enumerate() {
        json.push_str(if index == 0 { r#","warnings":["# } else { "," });
        text.clear();
        text.reserve(USUAL_WARNING);
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
    json.push_str(r#","status":{"status":"Failure","message":""#);
    let told = push_message(json, status);
    push!(json, r#"","reason":""#, status.reason, r#"","details":{"name":""#, SETTING);
    push!(json, r#"","group":"harvesterhci.io","kind":""#, SETTING_KIND, r#"""#);
    for (index, cause) in status.causes().enumerate() {
        json.push_str(if index == 0 { r#","causes":["# } else { "," });
        push!(json, r#"{"reason":""#, cause.reason, r#"","message":""#);
        match told.get(index) {
            Some(place) => json.extend_from_within(place.clone()),
            None => push_escaped(json, cause.message),
        }
        push!(json, r#"","field":""#, cause.field, r#""}"#);
    }
    json.push_str(if status.problems.is_empty() { "}" } else { "]}" });
    // Writing to a string can't fail.
    let _ = write!(json, r#","code":{}}}"#, status.code);
}

/// Adds the message. Each problem is told once more, as a cause, so this gives where those stand that are in it.
fn push_message(json: &mut String, status: &Status) -> Vec<Range<usize>> {
    let message = status.message();
    let mut told = Vec::with_capacity(status.problems.len());
    let mut written = 0;
    for problem in status.problems.iter().map(|it| &it.message).take_while(|it| it.end <= message.len()) {
        push_escaped(json, &message[written..problem.start]);
        let start = json.len();
        push_escaped(json, &message[problem.clone()]);
        told.push(start..json.len());
        written = problem.end;
    }
    push_escaped(json, &message[written..]);
    told
}

fn push_annotations(json: &mut String, annotations: &AuditAnnotations<'_>) {
    push!(json, r#","auditAnnotations":{"decision":""#, annotations.decision, r#"""#);
    for (index, rule) in annotations.rules.iter().enumerate() {
        push!(json, if index == 0 { r#","rules":""# } else { "," }, rule.as_str());
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
