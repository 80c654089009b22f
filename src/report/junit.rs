//! `JUnit`'s XML: a test suite for each file, a test case for each record.

use std::io;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::finding::NOT_JUDGED;
use super::{Level, Record, Repository, RunReport, Subject, TOOL, TestStatus};
use crate::escape::write_unicode;

pub(super) fn render(run: &RunReport<'_>, repository: &Repository) -> io::Result<String> {
    let mut report = Report::new(format!("{} {}", TOOL.0, run.command));
    let mut suites: Vec<TestSuite> = Vec::new();
    for record in run.records {
        let file = repository.name(&record.at.path);
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
    Ok(characters(&xml))
}

/// The document with whatever is no character of XML 1.0 escaped: markup has none, so it stands in a text.
fn characters(xml: &str) -> String {
    let mut text = String::with_capacity(xml.len());
    for char in xml.chars() {
        match char {
            '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => text.push(char),
            // Writing to a string can't fail.
            _ => {
                let _ = write_unicode(char, &mut text);
            }
        }
    }
    text
}

fn test_case(record: &Record, file: &str) -> TestCase {
    let mut case = TestCase::new(record.name.as_str(), status(record));
    case.set_classname(file);
    case.extra.insert("file".into(), file.into());
    case.extra.insert("line".into(), record.at.line.to_string().into());
    if record.subject == Subject::Object && record.status == TestStatus::Passed && !record.warnings.is_empty() {
        let warnings: Vec<_> = record.warnings.iter().map(|it| format!("{}: {}", it.at, it.message)).collect();
        case.set_system_out(warnings.join("\n"));
    }
    case
}

fn status(record: &Record) -> TestCaseStatus {
    let kind = match record.status {
        TestStatus::Passed => return TestCaseStatus::success(),
        TestStatus::Failed => NonSuccessKind::Failure,
        TestStatus::Error => NonSuccessKind::Error,
    };
    let findings = record.findings();
    let mut status = TestCaseStatus::non_success(kind);
    let errors: Vec<_> = findings.iter().filter(|it| it.level == Level::Error).collect();
    if let Some(first) = errors.first() {
        let more = errors.len() - 1;
        let message = first.text();
        status.set_message(if more == 0 { message } else { format!("{message} (and {more} more)") });
    }
    status.set_type(errors.first().map_or(NOT_JUDGED, |it| it.id));
    let mut text: Vec<_> = findings
        .iter()
        .map(|it| match it.field {
            Some(field) => format!("{}: {}: {field}: {}", it.at, it.id, it.message),
            None => format!("{}: {}", it.at, it.message),
        })
        .collect();
    if let Some(would_hold) = &record.would_hold {
        text.push(format!("this would have held:\n{would_hold}"));
    }
    status.set_description(text.join("\n"));
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_has_no_character_for_is_escaped() {
        assert_eq!(characters("a\u{fffe}\u{ffff}\u{1}\u{85}\t\u{10ffff}"), "a\\ufffe\\uffff\\u0001\u{85}\t\u{10ffff}");
    }
}
