//! The result of one case or one reviewed object, with places in files.

use std::path::Path;
use std::sync::Arc;
use std::{fmt, iter};

use serde::{Serialize, Serializer};

use super::Repository;
use crate::admission::{Admission, Verdict};
use crate::escape::Line;
use crate::manifest::Position;
use crate::setting::field::Field;
use crate::setting::{RuleId, Violation, Warning};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A case: it says itself what it should be.
    Case,
    /// An object: it should be allowed.
    Object,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TestStatus {
    Passed,
    /// Not as it should be: refused, or not what was expected.
    Failed,
    Error,
}

/// One case of a suite, or one object that was reviewed. Every text is safe to print.
///
/// In JSON it is an interface for scripts: keys keep their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    #[serde(skip)]
    pub subject: Subject,
    #[serde(flatten)]
    pub at: Location,
    /// Its name: the case's, or what the object calls itself.
    pub name: String,
    pub status: TestStatus,
    /// `allowed`, `refused` or `notSent`; of an object also `unavailable` or `malformed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<&'static str>,
    /// The status code of the answer: 200 when allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// Why it is refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<LocatedCause>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<LocatedWarning>,
    /// Whether warnings count as problems: they do where the user asked for it.
    #[serde(skip)]
    pub warnings_fail: bool,
    /// The value that Harvester would see afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored: Option<String>,
    /// The text of a refusal that no cause explains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// What is not as expected, of a case that failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// The `expect` block that would have held, as YAML, with a line break at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_hold: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LocatedCause {
    #[serde(flatten)]
    pub cause: Violation,
    #[serde(flatten)]
    pub at: Location,
}

impl LocatedCause {
    /// The causes that are listed, and how many there are beyond.
    pub fn all(admission: &Admission, at: impl Fn(&Field) -> Location) -> (Vec<Self>, usize) {
        let Verdict::Invalid(violations) = &admission.decision().verdict else { return (Vec::new(), 0) };
        let located = |it: &Violation| Self { cause: it.clone(), at: at(&it.field) };
        (violations.listed().iter().map(located).collect(), violations.total() - violations.listed().len())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LocatedWarning {
    pub kind: &'static str,
    /// The rule, where one would refuse.
    #[serde(skip)]
    pub rule: Option<RuleId>,
    pub message: String,
    #[serde(flatten)]
    pub at: Location,
}

impl LocatedWarning {
    pub fn of(warning: &Warning, at: impl Fn(&Field) -> Location) -> Self {
        Self { kind: warning.kind(), rule: warning.rule, message: warning.to_string(), at: at(&warning.field) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub message: String,
    /// Where: of a cause, its field; else the expectation.
    #[serde(flatten)]
    pub at: Location,
}

impl Record {
    /// A record that says nothing yet but how it fared.
    pub const fn new(subject: Subject, name: String, at: Location, status: TestStatus) -> Self {
        Self {
            subject,
            at,
            name,
            status,
            verdict: None,
            code: None,
            causes: Vec::new(),
            warnings: Vec::new(),
            warnings_fail: false,
            stored: None,
            refusal: None,
            differences: Vec::new(),
            would_hold: None,
            error: None,
        }
    }

    pub fn error(subject: Subject, name: String, at: Location, why: String) -> Self {
        Self { error: Some(why), ..Self::new(subject, name, at, TestStatus::Error) }
    }

    /// The record with files named from the root of the repository.
    pub(super) fn in_repository(&self, repository: &Repository) -> Self {
        let mut record = self.clone();
        let causes = record.causes.iter_mut().map(|it| &mut it.at);
        let warnings = record.warnings.iter_mut().map(|it| &mut it.at);
        let differences = record.differences.iter_mut().map(|it| &mut it.at);
        for at in iter::once(&mut record.at).chain(causes).chain(warnings).chain(differences) {
            at.path = Path::new(&repository.name(&at.path)).into();
        }
        record
    }
}

/// A place in a file. Line and column count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Location {
    /// The file, as the user named it.
    #[serde(rename = "file", serialize_with = "lossy")]
    pub path: Arc<Path>,
    pub line: usize,
    pub column: usize,
}

impl Location {
    pub fn new(path: impl Into<Arc<Path>>, Position { line, column }: Position) -> Self {
        Self { path: path.into(), line, column }
    }
}

/// `path:line:column`, which editors and terminals make a link of.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", Line(&self.path.to_string_lossy()), self.line, self.column)
    }
}

fn lossy<S: Serializer>(path: &Arc<Path>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// What a run's cases reach of all that can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SuiteCoverage {
    pub reached: usize,
    pub points: usize,
    /// In whole percent, rounded down.
    pub percent: usize,
    /// The points that no case reaches, in words.
    pub missing: Vec<String>,
}
