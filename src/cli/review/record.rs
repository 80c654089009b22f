//! A verdict as a record for reports.

use std::path::{Path, PathBuf};

use super::judged::{Judged, RESTORED};
use crate::escape::Plain;
use crate::input::Form;
use crate::manifest::{self, Position};
use crate::report::{LocatedCause, LocatedWarning, Location, NOT_CANONICAL, Record, Subject, TestStatus};
use crate::setting::field::{Field, StringField};
use crate::setting::{SETTING, Warning};

pub(super) fn of(judged: &Judged<'_>, warnings_fail: bool) -> Record {
    let origin = &judged.input.origin;
    let start = judged.locate(&Field::whole(StringField::Value));
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
    let listed = |admission| LocatedCause::all(admission, |field| judged.locate(field)).0;
    let causes = judged.admission().map(listed).unwrap_or_default();
    let warnings = warnings(judged);
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

fn warnings(judged: &Judged<'_>) -> Vec<LocatedWarning> {
    // A lint says the same of a manifest, and how to mend it.
    let is_linted = judged.lints.iter().any(|lint| matches!(lint.kind, RESTORED | NOT_CANONICAL));
    let said = |warning: &&Warning| is_linted && ["rewritten", "restored"].contains(&warning.kind());
    let warned = |warning| LocatedWarning::of(warning, |field| judged.locate(field));
    let warnings = judged.warnings().into_iter().filter(|warning| !said(warning)).map(warned);
    let lints = judged.lints.iter().map(|lint| LocatedWarning {
        kind: lint.kind,
        rule: None,
        message: lint.message.clone(),
        at: judged.at(lint.at),
    });
    warnings.chain(lints).collect()
}
