//! Results for machines and other programs' users: what CI systems show, and what clients would.
//!
//! A [`Record`] is one case of a suite or one object that was reviewed. Whoever judges fills them; here they are
//! written out, one document per format.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::{fmt, io};

use serde::Serialize;

use crate::escape::Line;
use crate::setting::RuleId;

pub mod github;
mod json;
mod junit;
pub mod preview;
mod repository;
mod sarif;

pub use repository::Repository;

/// A format that CI systems take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `JUnit`'s XML.
    Junit,
    /// SARIF 2.1.0.
    Sarif,
    /// Workflow commands, of which GitHub makes annotations.
    Github,
    /// Our own, with everything in it.
    Json,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Junit, Self::Sarif, Self::Github, Self::Json];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Junit => "junit",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Json => "json",
        }
    }

    /// The one document of this format, with a line break at its end.
    ///
    /// # Errors
    ///
    /// None that depends on what is reported.
    pub fn render(self, run: &Run<'_>, repository: &Repository) -> io::Result<String> {
        match self {
            Self::Junit => junit::render(run, repository),
            Self::Sarif => sarif::render(run, repository),
            Self::Github => Ok(github::render(run, repository)),
            Self::Json => json::render(run, repository),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::as_str).join(", ");
        let format = Self::ALL.into_iter().find(|format| format.as_str() == name);
        format.ok_or_else(|| format!("there is no report {}; there are {}", Line(name), known()))
    }
}

/// A place in a file. Line and column count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as the user named it.
    pub path: Arc<Path>,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// `path:line:column`, which editors and terminals make a link of.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", Line(&self.path.to_string_lossy()), self.line, self.column)
    }
}

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A case: it says itself what it should be.
    Case,
    /// An object: it should be allowed.
    Object,
}

/// How one case or object fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Passed,
    /// Not as it should be: refused, or not what was expected.
    Failed,
    /// It could not be judged.
    Error,
}

/// One case of a suite, or one object that was reviewed. Every text is safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub subject: Subject,
    /// Where it stands.
    pub place: Place,
    /// Its name: the case's, or what the object calls itself.
    pub name: String,
    /// How it fared.
    pub status: Status,
    /// `allowed`, `refused` or `notSent`; of an object also `unavailable` or `malformed`.
    pub verdict: Option<&'static str>,
    /// The status code of the answer: 200 when allowed.
    pub code: Option<u16>,
    /// Why it is refused.
    pub causes: Vec<Cause>,
    /// What an admitted change is told.
    pub warnings: Vec<Warned>,
    /// Whether warnings count as problems: they do where the user asked for it.
    pub warnings_fail: bool,
    /// The value that Harvester would see afterwards.
    pub stored: Option<String>,
    /// The text of a refusal that no cause explains.
    pub refusal: Option<String>,
    /// What was expected, for a case that did not meet it.
    pub expectation: Option<Unmet>,
    /// Why it could not be judged.
    pub error: Option<String>,
}

/// One reason of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The rule.
    pub rule: RuleId,
    /// The field path as API clients know it: `value.exclude[1]`.
    pub field: String,
    /// One of Kubernetes' own reasons.
    pub reason: &'static str,
    /// What is wrong, on one line.
    pub message: String,
    /// The field in its file.
    pub place: Place,
}

/// One warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warned {
    /// Its kind, by a stable name.
    pub kind: &'static str,
    /// The rule, where one would refuse.
    pub rule: Option<RuleId>,
    /// The warning.
    pub message: String,
    /// What it is about.
    pub place: Place,
}

/// An expectation that was not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// Each thing that is not as expected.
    pub differences: Vec<Difference>,
    /// The `expect` block that would have held, as YAML, with a line break at its end.
    pub would_hold: String,
}

/// One thing that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What was expected and what was seen.
    pub message: String,
    /// Where: of a cause, its field; else the expectation.
    pub place: Place,
}

/// Everything that a report tells.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// `test` or `review`.
    pub command: &'static str,
    /// In the order of input.
    pub records: &'a [Record],
    /// What the cases reach, where that was asked for.
    pub coverage: Option<&'a Coverage>,
}

/// What a run's cases reach of all that can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// How many points are reached.
    pub reached: usize,
    /// Of how many.
    pub points: usize,
    /// In whole percent, rounded down.
    pub percent: usize,
    /// The points that no case reaches, in words.
    pub missing: Vec<String>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It fails the run.
    Error,
    /// It does not.
    Warning,
}

/// One thing to show at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding<'a> {
    /// How bad it is.
    pub level: Level,
    /// A stable name for what it is: a rule's, or a kind of warning.
    pub id: &'static str,
    /// The record that it is part of.
    pub record: &'a Record,
    /// The field, where it is about one.
    pub field: Option<&'a str>,
    /// What is wrong, on one line.
    pub message: &'a str,
    /// Where.
    pub place: &'a Place,
}

/// The id of an expectation that was not met.
pub const EXPECTATION: &str = "expectation-not-met";
/// The id of a refusal that no rule explains.
pub const REFUSED: &str = "refused";
/// The id of a value that is sound, but not in canonical form.
pub const NOT_CANONICAL: &str = "not-canonical";
/// The id of what could not be judged.
pub const NOT_JUDGED: &str = "could-not-be-judged";

impl Record {
    /// A record that says nothing yet but how it fared.
    #[must_use]
    pub const fn new(subject: Subject, name: String, place: Place, status: Status) -> Self {
        Self {
            subject,
            place,
            name,
            status,
            verdict: None,
            code: None,
            causes: Vec::new(),
            warnings: Vec::new(),
            warnings_fail: false,
            stored: None,
            refusal: None,
            expectation: None,
            error: None,
        }
    }

    /// What there is to show of it.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding<'_>> {
        let error =
            |id, field, message, place| Finding { level: Level::Error, id, record: self, field, message, place };
        if let Some(why) = &self.error {
            return vec![error(NOT_JUDGED, None, why, &self.place)];
        }
        if let Some(unmet) = &self.expectation {
            let differences = unmet.differences.iter();
            return differences.map(|it| error(EXPECTATION, None, it.message.as_str(), &it.place)).collect();
        }
        // A case that holds is nothing to show: it was meant to be refused, or warned of.
        if self.subject == Subject::Case {
            return Vec::new();
        }
        let refusal = self.refusal.iter().map(|why| error(REFUSED, None, why.as_str(), &self.place));
        let causes = self
            .causes
            .iter()
            .map(|it| error(it.rule.as_str(), Some(it.field.as_str()), it.message.as_str(), &it.place));
        let level = if self.warnings_fail { Level::Error } else { Level::Warning };
        let warnings = self.warnings.iter().map(|it| Finding {
            level,
            id: it.rule.map_or(it.kind, RuleId::as_str),
            record: self,
            field: None,
            message: &it.message,
            place: &it.place,
        });
        refusal.chain(causes).chain(warnings).collect()
    }
}

impl Run<'_> {
    /// How many records fared so.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        self.records.iter().filter(|record| record.status == status).count()
    }

    /// Everything to show, errors first: CI systems show the first few only.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding<'_>> {
        let mut findings: Vec<_> = self.records.iter().flat_map(Record::findings).collect();
        findings.sort_by_key(|finding| finding.level);
        findings
    }
}

/// The name and version that reports carry.
const TOOL: (&str, &str) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
