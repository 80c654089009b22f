//! JSON of our own, with everything in it: what other reports are made from.

use std::io;

use serde::Serialize;

use super::{Coverage, Place, Record, Repository, Run, Status, TOOL};
use crate::escape::printable_json;

#[derive(Serialize)]
struct Document<'a> {
    tool: &'static str,
    version: &'static str,
    command: &'static str,
    summary: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<&'a Coverage>,
    results: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Summary {
    passed: usize,
    failed: usize,
    errors: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(flatten)]
    at: At,
    name: &'a str,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<Cause<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warned<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<Difference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    would_hold: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct At {
    file: String,
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct Cause<'a> {
    rule: &'static str,
    field: &'a str,
    reason: &'static str,
    message: &'a str,
    #[serde(flatten)]
    at: At,
}

#[derive(Serialize)]
struct Warned<'a> {
    kind: &'static str,
    message: &'a str,
    #[serde(flatten)]
    at: At,
}

#[derive(Serialize)]
struct Difference<'a> {
    message: &'a str,
    #[serde(flatten)]
    at: At,
}

pub(super) fn render(run: &Run<'_>, repository: &Repository) -> io::Result<String> {
    let document = Document {
        tool: TOOL.0,
        version: TOOL.1,
        command: run.command,
        summary: Summary {
            passed: run.count(Status::Passed),
            failed: run.count(Status::Failed),
            errors: run.count(Status::Error),
        },
        coverage: run.coverage,
        results: run.records.iter().map(|record| entry(record, repository)).collect(),
    };
    let json = serde_json::to_string(&document)?;
    Ok(format!("{}\n", printable_json(&json)))
}

fn entry<'a>(record: &'a Record, repository: &Repository) -> Entry<'a> {
    let at = |place: &Place| At { file: repository.name(&place.path), line: place.line, column: place.column };
    let unmet = record.expectation.as_ref();
    Entry {
        at: at(&record.place),
        name: &record.name,
        status: record.status,
        verdict: record.verdict,
        code: record.code,
        causes: record
            .causes
            .iter()
            .map(|it| Cause {
                rule: it.rule.as_str(),
                field: &it.field,
                reason: it.reason,
                message: &it.message,
                at: at(&it.place),
            })
            .collect(),
        warnings: record
            .warnings
            .iter()
            .map(|it| Warned { kind: it.kind, message: &it.message, at: at(&it.place) })
            .collect(),
        stored: record.stored.as_deref(),
        refusal: record.refusal.as_deref(),
        differences: unmet
            .iter()
            .flat_map(|unmet| &unmet.differences)
            .map(|it| Difference { message: &it.message, at: at(&it.place) })
            .collect(),
        would_hold: unmet.map(|unmet| unmet.would_hold.as_str()),
        error: record.error.as_deref(),
    }
}
