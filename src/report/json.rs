//! The JSON report, which contains everything.

use std::io;

use serde::Serialize;

use super::{Record, Repository, RunReport, SuiteCoverage, TOOL, TestStatus};
use crate::escape::printable_json;

#[derive(Serialize)]
struct JsonReport<'a> {
    tool: &'static str,
    version: &'static str,
    command: &'static str,
    summary: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<&'a SuiteCoverage>,
    results: Vec<Record>,
}

#[derive(Serialize)]
struct Counts {
    passed: usize,
    failed: usize,
    errors: usize,
}

pub(super) fn render(run: &RunReport<'_>, repository: &Repository) -> io::Result<String> {
    let report = JsonReport {
        tool: TOOL.0,
        version: TOOL.1,
        command: run.command,
        summary: Counts {
            passed: run.count(TestStatus::Passed),
            failed: run.count(TestStatus::Failed),
            errors: run.count(TestStatus::Error),
        },
        coverage: run.coverage,
        results: run.records.iter().map(|record| record.in_repository(repository)).collect(),
    };
    let json = serde_json::to_string(&report)?;
    Ok(format!("{}\n", printable_json(&json)))
}
