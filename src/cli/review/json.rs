//! A verdict as one JSON record: an interface for scripts, whose keys stay.

use std::borrow::Cow;

use serde::Serialize;

use super::judged::Judged;
use crate::admission::setting::Text;
use crate::admission::{Request, Verdict};
use crate::input::{Form, OldSide};
use crate::manifest::Error;
use crate::setting::{RuleId, Violation};

/// Every key is always there.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonVerdict<'a> {
    /// The path as it was given or found; `-` for standard input.
    input: Cow<'a, str>,
    line: Option<usize>,
    item: Option<usize>,
    /// The line of `value` in the file, from 1, where there is a `value`.
    value_line: Option<usize>,
    /// `review`, `request` or `manifest`.
    form: Option<&'static str>,
    /// `CREATE`, `UPDATE`, `DELETE` or `unknown`.
    operation: &'static str,
    /// Of a manifest, where its old side is from.
    old: Option<OldSide>,
    uid: &'a str,
    user: &'a str,
    /// `allowed`, `refused`, `unavailable` or `malformed`.
    verdict: &'static str,
    /// The status code of the refusal, 200 where there is none.
    code: u16,
    message: Option<String>,
    rules: Vec<&'static str>,
    causes: &'a [Violation],
    more_causes: usize,
    /// The facts for want of which there is no verdict.
    missing: Vec<String>,
    warnings: Vec<String>,
    warning_kinds: Vec<&'static str>,
    /// What is stored; `null` where nothing is.
    value: Option<String>,
    default: Option<String>,
    /// What became of `value`: `kept`, `emptied`, `restored` or `rewritten`.
    mutation: Option<&'static str>,
    default_mutation: Option<&'static str>,
    config_hash: Option<&'a str>,
    /// What is to be said of a manifest that the cluster would not say.
    lint: Vec<String>,
}

pub(super) fn of(judged: &Judged<'_>) -> serde_json::Result<String> {
    let origin = &judged.input.origin;
    let status = judged.status();
    let stored = judged.stored();
    let text = |text: &Text<'_>| text.bytes().map(ToOwned::to_owned);
    let warnings = judged.warnings();
    let mut record = JsonVerdict {
        input: origin.path.to_string_lossy(),
        line: Some(origin.line),
        item: origin.item,
        value_line: judged.input.strings.value.as_ref().map(|value| value.start.line),
        operation: judged.operation,
        uid: &judged.uid,
        user: &judged.user,
        verdict: judged.verdict(),
        code: status.as_ref().map_or(200, |status| status.code),
        message: status.map(|status| status.message),
        warnings: warnings.iter().map(ToString::to_string).collect(),
        warning_kinds: warnings.iter().map(|warning| warning.kind()).collect(),
        value: stored.as_ref().and_then(|stored| text(&stored.value)),
        default: stored.as_ref().and_then(|stored| text(&stored.default)),
        lint: judged.lints.iter().map(|lint| lint.message.clone()).collect(),
        ..JsonVerdict::default()
    };
    (record.form, record.old) = match judged.input.form {
        Form::Review(_) => (Some("review"), None),
        Form::Request(_) => (Some("request"), None),
        Form::Manifest { old, .. } => (Some("manifest"), old),
    };
    if let Ok((request, admission)) = &judged.outcome {
        match &admission.decision().verdict {
            Verdict::Invalid(violations) => {
                record.rules = violations.rules().iter().map(RuleId::as_str).collect();
                record.more_causes = violations.total() - violations.listed().len();
                record.causes = violations.listed();
            }
            Verdict::FactsMissing(missing) => record.missing = missing.iter().map(ToString::to_string).collect(),
            Verdict::Allowed | Verdict::NotDeletable => {}
        }
        if admission.is_allowed() && *request != Request::NotOurs {
            record.mutation = Some(admission.mutated.value.name());
            record.default_mutation = Some(admission.mutated.default.name());
            record.config_hash = admission.mutated.config_hash.as_deref();
        }
    }
    serde_json::to_string(&record)
}

pub(super) fn of_unreadable(error: &Error) -> serde_json::Result<String> {
    serde_json::to_string(&JsonVerdict {
        input: error.path.to_string_lossy(),
        operation: "unknown",
        verdict: "malformed",
        code: 400,
        message: Some(error.to_string()),
        ..JsonVerdict::default()
    })
}
