//! `test`: runs policy suites.

use std::collections::HashSet;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::builder::RangedU64ValueParser;
use regex_lite::Regex;

use super::Exit;
use super::output::{ColorArgs, Paint, complain, counted};
use super::policy::PolicyArgs;
use super::progress::RunProgress;
use super::reports::ReportArgs;
use crate::escape::Line;
use crate::manifest::{Position, tree};
use crate::report::{Difference, Location, Record, RunReport, Subject, SuiteCoverage, TestStatus};
use crate::setting::Policy;
use crate::suite::{self, Suite, Tally};

/// Run policy suites: cases of what the webhook must allow and refuse, and why
///
/// A suite (*.suite.yaml) names a cluster and cases; `schema suite` prints the format for editors. Each case goes through
/// both webhooks, as in the API server. The result is compared with what the case expects: the verdict, the causes, the
/// stored value, the warnings. A run that proves nothing fails: no suite, no case, no expectation, a refusal without a
/// reason, a request that the API server never sends to the webhook.
///
/// Exit codes: 0 every case holds; 1 one does not, or coverage is too low; 2 something could not be run.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Suites, and directories to search for *.suite.yaml; each suite runs once
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// Run only cases whose name, or whose suite's path, matches this regular expression
    #[arg(long, value_name = "PATTERN", value_parser = suite::compile)]
    run: Option<Regex>,

    /// Print which rules, operations and outcomes the passing cases reach
    #[arg(long)]
    coverage: bool,

    /// Fail if the passing cases reach less than this percentage of all rules, operations and outcomes
    #[arg(long, value_name = "PERCENT", conflicts_with = "run", value_parser = RangedU64ValueParser::<u8>::new().range(1..=100))]
    min_coverage: Option<u8>,

    /// Print passing cases too
    #[arg(short, long)]
    verbose: bool,

    #[command(flatten)]
    color: ColorArgs,
    #[command(flatten)]
    reports: ReportArgs,
    #[command(flatten)]
    policy: PolicyArgs,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let reports = self.reports.open()?;
        let paint = if reports.take_stdout() { Paint::NEVER } else { self.color.paint() };
        let (suites, mut records) = load(&self.paths);
        let not_cases = records.len();
        let mut tally = Tally::default();
        let wanted = |suite: &Suite, name: &str| {
            self.run.as_ref().is_none_or(|run| run.is_match(name) || run.is_match(&suite.path.to_string_lossy()))
        };
        let mut progress = RunProgress::new(Some(suites.iter().map(|suite| suite.cases.len()).sum()));
        for suite in &suites {
            for unknown in &suite.cluster.unknown_kinds {
                complain(format_args!("warning: {}: {unknown}", Line(&suite.path.to_string_lossy())));
            }
            let policy: Policy = suite.policy(&self.policy.over(suite.cluster.policy.as_ref()));
            for case in &suite.cases {
                progress.step();
                if wanted(suite, case.name()) {
                    records.push(suite.run(case, &policy, &mut tally));
                }
            }
        }
        progress.finish();
        let cases = records.len() - not_cases;
        if records.is_empty() {
            let run = self.run.as_ref().map_or("", Regex::as_str);
            let why = format!("no case matches --run {}, so nothing was run", Line(run));
            records.push(unreadable(&self.paths[0], "--run", why));
        }

        let mut out = TestPrinter { text: String::new(), verbose: self.verbose, paint };
        for record in &records {
            out.record(record);
        }
        let coverage = tally.coverage();
        let asked_for = self.coverage || self.min_coverage.is_some();
        let run = RunReport { command: "test", records: &records, coverage: asked_for.then_some(&coverage) };
        if self.coverage {
            out.text.push_str(&tally.table());
        }
        let too_low = self.min_coverage.is_some_and(|least| coverage.percent < usize::from(least));
        if asked_for {
            out.coverage(&coverage, self.min_coverage);
        }
        out.summary(&run, cases, suites.len());
        reports.say(&out.text)?;
        reports.write(&run)?;
        Ok(match (run.count(TestStatus::Error), run.count(TestStatus::Failed)) {
            (0, 0) if !too_low => Exit::Ok,
            (0, _) => Exit::Refused,
            _ => Exit::Error,
        })
    }
}

/// The suites under the paths, and a record for each that can't be run.
fn load(paths: &[PathBuf]) -> (Vec<Suite>, Vec<Record>) {
    let (mut suites, mut records) = (Vec::new(), Vec::new());
    // Run twice, a suite would count twice in coverage and reports.
    let mut met = HashSet::new();
    for path in paths {
        let found = tree::find_suites(std::slice::from_ref(path));
        if found.is_empty() {
            records.push(unreadable(path, "suites", "there is no *.suite.yaml here, so nothing was run".to_owned()));
        }
        for file in found {
            match file {
                Ok(file) if !met.insert(file.canonicalize().unwrap_or_else(|_| file.clone())) => {}
                Ok(file) => match suite::load(file.strip_prefix(".").unwrap_or(&file)) {
                    Ok(suite) => suites.push(suite),
                    Err(suite::Error { at, what }) => {
                        records.push(Record::error(Subject::Case, "suite".into(), at, what));
                    }
                },
                Err(error) => records.push(unreadable(path, "suites", error.to_string())),
            }
        }
    }
    (suites, records)
}

fn unreadable(path: &Path, name: &str, why: String) -> Record {
    Record::error(Subject::Case, name.to_owned(), Location::new(path, Position::START), why)
}

struct TestPrinter {
    text: String,
    verbose: bool,
    paint: Paint,
}

impl TestPrinter {
    fn record(&mut self, record: &Record) {
        let Record { at, name, .. } = record;
        let (name, paint) = (Line(name), self.paint);
        let line = match (record.status, &record.error) {
            (TestStatus::Passed, _) if !self.verbose => return,
            (TestStatus::Passed, _) => format!("{} {at}: {name}", paint.green("holds ")),
            (TestStatus::Failed, _) => format!("{} {at}: {name}", paint.red("FAILED")),
            (TestStatus::Error, why) => {
                format!("{} {at}: {name}: {}", paint.red("ERROR "), why.as_deref().unwrap_or_default())
            }
        };
        self.line(line);
        for Difference { message, at: Location { path, line, column } } in &record.differences {
            let file = if *path == at.path { String::new() } else { format!("{}:", Line(&path.to_string_lossy())) };
            self.line(format_args!("  {file}{line}:{column}: {message}"));
        }
        if let Some(would_hold) = &record.would_hold {
            self.line("  this would have held:");
            self.line(would_hold);
        }
    }

    fn coverage(&mut self, coverage: &SuiteCoverage, least: Option<u8>) {
        let SuiteCoverage { reached, points, percent, missing } = coverage;
        let least = least.map(|least| format!(", and must be {least} %")).unwrap_or_default();
        self.line(format_args!("coverage {percent} % ({reached} of {points}){least}"));
        for missing in missing {
            self.line(format_args!("  {missing}"));
        }
    }

    fn summary(&mut self, run: &RunReport<'_>, cases: usize, suites: usize) {
        let [passed, failed, errors] =
            [TestStatus::Passed, TestStatus::Failed, TestStatus::Error].map(|status| run.count(status));
        let (cases, suites) = (counted(cases, "case"), counted(suites, "suite"));
        let mut line = format!("{cases} in {suites}: {passed} hold, {failed} failed");
        if errors > 0 {
            let _ = write!(line, ", {}", counted(errors, "error"));
        }
        self.line(line);
    }

    fn line(&mut self, line: impl fmt::Display) {
        let _ = writeln!(self.text, "{line}");
    }
}
