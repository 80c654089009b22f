//! The answer as JSON.
//!
//! The structs are our own, as kube's writes the patch as an array of numbers where the API wants base64.

use data_encoding::BASE64;
use serde::Serialize;

use super::{SETTING_KIND, Status};
use crate::admission::Mutation;
use crate::admission::review::{API_VERSION, KIND};
use crate::setting::field::Field;
use crate::setting::{RuleSet, SETTING, Warning};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReviewResponse<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: AdmissionResponse<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AdmissionResponse<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<StatusBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    audit_annotations: AuditAnnotations<'a>,
}

#[derive(Serialize)]
struct StatusBody<'a> {
    status: &'static str,
    message: &'a str,
    reason: &'static str,
    details: StatusDetails<'a>,
    code: u16,
}

#[derive(Serialize)]
struct StatusDetails<'a> {
    name: &'static str,
    group: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<StatusCause<'a>>,
}

#[derive(Serialize)]
struct StatusCause<'a> {
    reason: &'static str,
    message: &'a str,
    field: &'a Field,
}

/// What the audit log keeps: stored under the webhook's name.
#[derive(Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct AuditAnnotations<'a> {
    pub(super) decision: &'static str,
    #[serde(skip_serializing_if = "RuleSet::is_empty")]
    pub(super) rules: RuleSet,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) config_hash: Option<&'a str>,
    /// `used`, where migrations were let pass by the annotation of that name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) allow_during_migration: Option<&'static str>,
}

#[derive(Serialize)]
struct PatchOperation<'a> {
    op: &'static str,
    path: &'static str,
    value: &'a str,
}

/// RFC 6902, base64; `None` when nothing changes. A string is only ever replaced, as one that is absent stays so.
pub(super) fn patch(value: &Mutation, default: &Mutation) -> Option<String> {
    let operations: Vec<_> = [("/value", value), ("/default", default)]
        .into_iter()
        .filter_map(|(path, mutation)| Some(PatchOperation { op: "replace", path, value: mutation.replacement()? }))
        .collect();
    (!operations.is_empty()).then(|| BASE64.encode(&json(&operations)))
}

/// The whole review.
pub(super) fn review(
    uid: &str,
    status: Option<&Status>,
    patch: Option<String>,
    warnings: &[Warning],
    audit_annotations: AuditAnnotations<'_>,
) -> Vec<u8> {
    let response = AdmissionResponse {
        uid,
        allowed: status.is_none(),
        status: status.map(body),
        patch_type: patch.as_ref().map(|_| "JSONPatch"),
        patch,
        warnings: warnings.iter().map(ToString::to_string).collect(),
        audit_annotations,
    };
    json(&ReviewResponse { api_version: API_VERSION, kind: KIND, response })
}

fn body(status: &Status) -> StatusBody<'_> {
    let causes = status.causes.iter();
    let causes = causes.map(|it| StatusCause { reason: it.reason(), message: &it.message, field: &it.field });
    StatusBody {
        status: "Failure",
        message: &status.message,
        reason: status.reason,
        details: StatusDetails {
            name: SETTING,
            group: "harvesterhci.io",
            kind: SETTING_KIND,
            causes: causes.collect(),
        },
        code: status.code,
    }
}

/// Strings and numbers always have their JSON.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
