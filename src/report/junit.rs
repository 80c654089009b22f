//! `JUnit`'s XML: a test suite for each file, a test case for each record.

use std::io;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Level, NOT_JUDGED, Record, Repository, Run, Status, Subject, TOOL};

pub(super) fn render(run: &Run<'_>, repository: &Repository) -> io::Result<String> {
    let mut report = Report::new(format!("{} {}", TOOL.0, run.command));
    let mut suites: Vec<TestSuite> = Vec::new();
    for record in run.records {
        let file = repository.name(&record.place.path);
        // Records of one file follow each other.
        if suites.last().is_none_or(|last| last.name.as_str() != file) {
            suites.push(TestSuite::new(file.as_str()));
        }
        if let Some(suite) = suites.last_mut() {
            suite.add_test_case(test_case(record, &file));
        }
    }
    report.add_test_suites(suites);
    let mut xml = report.to_string().map_err(io::Error::other)?;
    xml.truncate(xml.trim_end().len());
    xml.push('\n');
    Ok(xml)
}

fn test_case(record: &Record, file: &str) -> TestCase {
    let mut case = TestCase::new(record.name.as_str(), status(record));
    case.set_classname(file);
    case.extra.insert("file".into(), file.into());
    case.extra.insert("line".into(), record.place.line.to_string().into());
    if record.subject == Subject::Object && record.status == Status::Passed && !record.warnings.is_empty() {
        let warnings: Vec<_> = record.warnings.iter().map(|it| format!("{}: {}", it.place, it.message)).collect();
        case.set_system_out(warnings.join("\n"));
    }
    case
}

fn status(record: &Record) -> TestCaseStatus {
    let kind = match record.status {
        Status::Passed => return TestCaseStatus::success(),
        Status::Failed => NonSuccessKind::Failure,
        Status::Error => NonSuccessKind::Error,
    };
    let findings = record.findings();
    let mut status = TestCaseStatus::non_success(kind);
    let errors: Vec<_> = findings.iter().filter(|it| it.level == Level::Error).collect();
    if let Some(first) = errors.first() {
        let more = errors.len() - 1;
        let message =
            first.field.map_or_else(|| first.message.to_owned(), |field| format!("{field}: {}", first.message));
        let message = if more == 0 { message } else { format!("{message} (and {more} more)") };
        status.set_message(message);
    }
    status.set_type(errors.first().map_or(NOT_JUDGED, |it| it.id));
    let mut text: Vec<_> = findings
        .iter()
        .map(|it| match it.field {
            Some(field) => format!("{}: {}: {field}: {}", it.place, it.id, it.message),
            None => format!("{}: {}", it.place, it.message),
        })
        .collect();
    if let Some(unmet) = &record.expectation {
        text.push(format!("this would have held:\n{}", unmet.would_hold));
    }
    status.set_description(text.join("\n"));
    status
}
