//! Reports for CI systems, and previews of what clients show.
//!
//! A [`Record`] is one case of a suite or one object that was reviewed. Whoever judges fills them; here they are
//! written out, one document per format.

use std::str::FromStr;
use std::{fmt, io};

use crate::escape::Line;

mod coverage;
mod finding;
pub mod github;
mod json;
mod junit;
mod location;
pub mod preview;
mod record;
mod repository;
mod sarif;

pub use coverage::SuiteCoverage;
pub use finding::{Finding, Level, NOT_CANONICAL};
pub use location::Location;
pub use record::{Difference, LocatedCause, LocatedWarning, Record, Subject, TestStatus};
pub use repository::Repository;

/// A format that CI systems take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    Junit,
    Sarif,
    /// Workflow commands, of which GitHub makes annotations.
    Github,
    /// Our own, with everything in it.
    Json,
}

impl ReportFormat {
    pub const ALL: [Self; 4] = [Self::Junit, Self::Sarif, Self::Github, Self::Json];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Junit => "junit",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Json => "json",
        }
    }

    /// The one document of this format, with a line break at its end.
    pub fn render(self, run: &RunReport<'_>, repository: &Repository) -> io::Result<String> {
        match self {
            Self::Junit => junit::render(run, repository),
            Self::Sarif => sarif::render(run, repository),
            Self::Github => Ok(github::render(run, repository)),
            Self::Json => json::render(run, repository),
        }
    }
}

impl fmt::Display for ReportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ReportFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::as_str).join(", ");
        let format = Self::ALL.into_iter().find(|format| format.as_str() == name);
        format.ok_or_else(|| format!("there is no report {}; there are {}", Line(name), known()))
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

/// The name and version that reports carry.
const TOOL: (&str, &str) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
