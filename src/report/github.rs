//! GitHub's workflow commands, and the summary of a step.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use std::fmt::Write as _;

use super::{Finding, Level, Location, Repository, RunReport, Subject, TestStatus};
use crate::manifest::{BARE_VALUE, STANDARD_INPUT};

/// How many annotations of each level GitHub shows for a step.
const SHOWN: usize = 10;
/// How many rows the summary has: a page may be large, but nobody reads more.
const ROWS: usize = 100;

pub(super) fn render(run: &RunReport<'_>, repository: &Repository) -> String {
    let mut commands = String::new();
    let findings = run.findings();
    for finding in &findings {
        let command = match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        let _ = writeln!(
            commands,
            "::{command} {}title={}::{}",
            at(finding.at, repository),
            property(title(finding)),
            data(&finding.text()),
        );
    }
    let hidden: usize = [Level::Error, Level::Warning]
        .map(|level| findings.iter().filter(|finding| finding.level == level).count().saturating_sub(SHOWN))
        .iter()
        .sum();
    if hidden > 0 {
        let more = format!("{hidden} more than GitHub shows as annotations; all are in the log of this step");
        let _ = writeln!(commands, "::notice::{}", data(&more));
    }
    commands
}

/// Where it is; nothing for what is no file of the repository.
fn at(at: &Location, repository: &Repository) -> String {
    if [STANDARD_INPUT, BARE_VALUE].iter().any(|none| &*at.path == *none) {
        return String::new();
    }
    format!("file={},line={},col={},", property(&repository.name(&at.path)), at.line, at.column)
}

/// What it is: for a case its name, for an object the rule.
fn title<'a>(finding: &Finding<'a>) -> &'a str {
    match finding.record.subject {
        Subject::Case => &finding.record.name,
        Subject::Object => finding.id,
    }
}

/// Text after the `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text of a property, which a comma or colon would end.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

pub fn summary(run: &RunReport<'_>, repository: &Repository) -> String {
    let mut text = format!("### migration-network-webhook {}\n\n", run.command);
    let [passed, failed, errors] =
        [TestStatus::Passed, TestStatus::Failed, TestStatus::Error].map(|status| run.count(status));
    let _ = writeln!(text, "{passed} passed, {failed} failed, {errors} could not be judged\n");
    let findings = run.findings();
    if !findings.is_empty() {
        text.push_str("| | where | what |\n| --- | --- | --- |\n");
    }
    for finding in findings.iter().take(ROWS) {
        let sign = if finding.level == Level::Error { "❌" } else { "⚠️" };
        let at = format!("{}:{}:{}", repository.name(&finding.at.path), finding.at.line, finding.at.column);
        let name = cell(&finding.record.name);
        let _ = writeln!(text, "| {sign} | <code>{}</code> | {name}<br>{} |", cell(&at), cell(&finding.text()));
    }
    if findings.len() > ROWS {
        let _ = writeln!(text, "\nand {} more", findings.len() - ROWS);
    }
    if let Some(coverage) = run.coverage {
        let _ = writeln!(text, "\nCoverage {} % ({} of {})\n", coverage.percent, coverage.reached, coverage.points);
        for missing in &coverage.missing {
            let _ = writeln!(text, "- {}", cell(missing));
        }
    }
    text.push('\n');
    text
}

/// Text in a cell of a table: whatever it holds, it is text.
fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '<' => cell.push_str("&lt;"),
            '>' => cell.push_str("&gt;"),
            '&' => cell.push_str("&amp;"),
            '\n' | '\r' => cell.push(' '),
            // A mention, an emphasis, a link, the end of a cell.
            '@' | '*' | '_' | '`' | '|' | '[' | ']' | '\\' | '#' | '~' | '!' => {
                let _ = write!(cell, "&#{};", u32::from(char));
            }
            _ => cell.push(char),
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{LocatedWarning, Record};
    use super::*;

    fn record(path: &str, name: &str, status: TestStatus) -> Record {
        let at = Location { path: Path::new(path).into(), line: 3, column: 7 };
        Record::new(Subject::Object, name.into(), at, status)
    }

    #[test]
    fn what_has_a_meaning_in_a_command_is_escaped() {
        let warned = Record {
            warnings: vec![LocatedWarning {
                kind: "mgmt",
                rule: None,
                message: "50%, of: it".into(),
                at: record("a", "", TestStatus::Passed).at,
            }],
            ..record("a", "", TestStatus::Passed)
        };
        let unread = Record { error: Some("one%\r\ntwo: a,b".into()), ..record("a,b:%.yaml", "x", TestStatus::Error) };
        let records = [warned, unread];
        let run = RunReport { command: "review", records: &records, coverage: None };
        assert_eq!(
            render(&run, &Repository::default()),
            "::error file=a%2Cb%3A%25.yaml,line=3,col=7,title=could-not-be-judged::one%25%0D%0Atwo: a,b\n\
             ::warning file=a,line=3,col=7,title=mgmt::50%25, of: it\n"
        );
    }

    #[test]
    fn standard_input_is_no_file_of_the_repository() {
        let unread = Record { error: Some("why".into()), ..record("-", "x", TestStatus::Error) };
        let run = RunReport { command: "review", records: &[unread], coverage: None };
        assert_eq!(render(&run, &Repository::default()), "::error title=could-not-be-judged::why\n");
    }

    #[test]
    fn a_cell_holds_text_whatever_is_in_it() {
        assert_eq!(
            cell("a|b\n<img src=x> @all [x](y) `c`"),
            "a&#124;b &lt;img src=x&gt; &#64;all &#91;x&#93;(y) &#96;c&#96;"
        );
        let many = vec![Record { error: Some("e".into()), ..record("a", "x", TestStatus::Error) }; 101];
        let text = summary(&RunReport { command: "test", records: &many, coverage: None }, &Repository::default());
        assert_eq!(text.lines().filter(|line| line.starts_with("| ❌")).count(), 100);
        assert!(text.ends_with("\nand 1 more\n\n"), "{text}");
    }
}
