//! A verdict as a record for reports.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::judged::Judged;
use crate::escape::Plain;
use crate::input::Form;
use crate::manifest::{self, ManifestFile, Position};
use crate::report::{LocatedCause, LocatedWarning, Location, Record, Subject, TestStatus};
use crate::setting::field::{Field, StringField};
use crate::setting::{SETTING, Warning};

pub(super) fn of(judged: &Judged<'_>, file: &ManifestFile, warnings_fail: bool) -> Record {
    let origin = &judged.input.origin;
    let fields = Fields { judged, file };
    let start = fields.locate(&Field::whole(StringField::Value));
    let mut name = match &judged.input.form {
        Form::Manifest { .. } => format!("{} {SETTING}", judged.operation),
        Form::Review(_) | Form::Request(_) => format!("{} {}", judged.operation, Plain(&judged.uid)),
    };
    // Not the line: a problem is the same when its line moves.
    match judged.input.place.document {
        0 => {}
        document => name = format!("{name}, document {}", document + 1),
    }
    if let Some(item) = origin.item {
        name = format!("{name}, items[{item}]");
    }
    let status = judged.status();
    let causes = fields.causes();
    let warnings = fields.warnings();
    let fared = match judged.verdict() {
        "allowed" if !warnings_fail || warnings.is_empty() => TestStatus::Passed,
        "allowed" | "refused" => TestStatus::Failed,
        _ => TestStatus::Error,
    };
    let message = status.as_ref().map(|status| status.message.clone()).filter(|_| causes.is_empty());
    let (refusal, error) = if fared == TestStatus::Error { (None, message) } else { (message, None) };
    Record {
        verdict: Some(judged.verdict()),
        code: Some(status.map_or(200, |status| status.code)),
        causes,
        warnings,
        warnings_fail,
        stored: judged.stored().and_then(|stored| stored.value.bytes().map(ToOwned::to_owned)),
        refusal,
        error,
        ..Record::new(Subject::Object, name, start, fared)
    }
}

pub(super) fn unreadable(error: &manifest::Error) -> Record {
    not_judged(&error.path, error.at, error.to_string())
}

pub(super) fn nothing(paths: &[PathBuf], why: &str) -> Record {
    not_judged(paths.first().map_or(Path::new("."), PathBuf::as_path), Position::START, why.to_owned())
}

fn not_judged(path: &Path, at: Position, why: String) -> Record {
    Record::error(Subject::Object, "file".into(), Location::new(path, at), why)
}

/// An object and the file that it stands in.
struct Fields<'a> {
    judged: &'a Judged<'a>,
    file: &'a ManifestFile,
}

impl Fields<'_> {
    fn causes(&self) -> Vec<LocatedCause> {
        let all = |admission| LocatedCause::all(admission, |field| self.locate(field)).0;
        self.judged.admission().map(all).unwrap_or_default()
    }

    fn warnings(&self) -> Vec<LocatedWarning> {
        let lint = &self.judged.lint;
        // The lint says the same of a manifest, and how to mend it.
        let said = |warning: &&Warning| lint.is_some() && ["rewritten", "restored"].contains(&warning.kind());
        let warned = |warning| LocatedWarning::of(warning, |field| self.locate(field));
        let warnings = self.judged.warnings().into_iter().filter(|warning| !said(warning)).map(warned);
        let lint = lint.iter().map(|lint| LocatedWarning {
            kind: lint.kind,
            rule: None,
            message: lint.message.clone(),
            at: self.locate(&Field::whole(StringField::Value)),
        });
        let odd = self.judged.input.warnings.iter().map(|warning| LocatedWarning {
            kind: warning.kind,
            rule: None,
            message: warning.message.clone(),
            at: self.at(warning.at),
        });
        warnings.chain(lint).chain(odd).collect()
    }

    fn locate(&self, field: &Field) -> Location {
        let request = self.judged.outcome.as_ref().ok().map(|(request, _)| request);
        let text = request.and_then(|request| request.submitted(field.string));
        let inside = self.judged.input.strings.position(&self.file.text, field, text.unwrap_or_default());
        self.at(inside)
    }

    fn at(&self, position: Option<Position>) -> Location {
        let origin = &self.judged.input.origin;
        Location::new(Arc::clone(&origin.path), position.unwrap_or(Position { line: origin.line, column: 1 }))
    }
}
