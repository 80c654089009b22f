//! Reports for CI systems, and previews of what clients show.
//!
//! A [`Record`] is one case of a suite or one object that was reviewed. Whoever judges fills them; here they are
//! written out, one document per format.

use std::io;

use serde::Serialize;

use crate::escape::printable_json;

mod finding;
pub mod github;
mod junit;
pub mod preview;
mod record;
mod repository;
mod sarif;

pub use finding::{Finding, Level, NOT_CANONICAL};
pub use record::{Difference, LocatedCause, LocatedWarning, Location, Record, Subject, SuiteCoverage, TestStatus};
pub use repository::Repository;

/// A format that CI systems take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportFormat {
    Junit,
    /// SARIF 2.1.0.
    Sarif,
    /// Workflow commands, of which GitHub makes annotations.
    Github,
    /// Our own, with everything in it.
    Json,
}

impl ReportFormat {
    /// The one document of this format, with a line break at its end.
    pub fn render(self, run: &RunReport<'_>, repository: &Repository) -> io::Result<String> {
        match self {
            Self::Junit => junit::render(run, repository),
            Self::Sarif => sarif::render(run, repository),
            Self::Github => Ok(github::render(run, repository)),
            Self::Json => json(run, repository),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct RunReport<'a> {
    /// `test` or `review`.
    pub command: &'static str,
    /// In the order of input.
    pub records: &'a [Record],
    /// What the cases reach, where that was asked for.
    pub coverage: Option<&'a SuiteCoverage>,
}

impl RunReport<'_> {
    pub fn count(&self, status: TestStatus) -> usize {
        self.records.iter().filter(|record| record.status == status).count()
    }

    /// Everything to show, errors first: CI systems show the first few only.
    pub fn findings(&self) -> Vec<Finding<'_>> {
        let mut findings: Vec<_> = self.records.iter().flat_map(Record::findings).collect();
        findings.sort_by_key(|finding| finding.level);
        findings
    }
}

const TOOL: (&str, &str) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));

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

fn json(run: &RunReport<'_>, repository: &Repository) -> io::Result<String> {
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
