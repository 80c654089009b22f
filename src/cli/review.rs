//! `review`: the verdict on files, as the server would give it.

use std::collections::HashSet;
use std::convert::Infallible;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use self::cluster::ReviewClusterArgs;
use self::judged::Judged;
use self::output::{OutputFormat, Printer};
use self::summary::Summary;
use super::Exit;
use super::output::complain;
use super::policy::PolicyArgs;
use super::progress::RunProgress;
use super::removed::replaced_by;
use super::reports::ReportArgs;
use crate::input::{OldSide, Reader, Stored};
use crate::manifest::tree::{self, STANDARD_INPUT};
use crate::manifest::{self, ManifestFile, strings};
use crate::report::{Record, RunReport};
use crate::setting::{Facts, Policy};

mod client;
mod cluster;
mod human;
mod json;
mod judged;
mod old;
mod output;
mod record;
mod summary;

/// What is said when there is nothing to judge.
const NOTHING: &str = "there is nothing to judge; accepted are AdmissionReviews, AdmissionRequests and manifests of the \
    Setting vm-migration-network (harvesterhci.io), or --allow-none";

/// Judge files as the webhook in the cluster would
///
/// Takes AdmissionReviews, bare AdmissionRequests and manifests of the Setting vm-migration-network, in YAML or
/// JSON: files, directories (*.yaml, *.yml and *.json in them), or standard input. Files may hold several documents
/// and Lists; other objects are passed over and counted. In a directory, the files of --cluster and --old are left out.
///
/// A manifest is judged as the update of the Setting in --old, else of the one in the cluster, else as new: as
/// `kubectl replace` would send it. The rules are set by --reserved-range and --warn-rule; where these are not given,
/// by the policy.yaml of a capture in --cluster; else by the defaults.
///
/// Exit codes: 0 all allowed; 1 something refused; 2 something could not be judged, or there was nothing to judge.
#[derive(Debug, clap::Args)]
#[expect(clippy::doc_markdown, reason = "--help is no Markdown")]
pub(super) struct Args {
    /// Files and directories, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The manifest that is stored now, for manifests to be an update of
    #[arg(long, value_name = "FILE")]
    old: Option<PathBuf>,

    /// What to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,

    #[arg(long = "as", hide = true, value_name = "CLIENT", value_parser = replaced_by("-o kubectl, -o kubectl-many or -o ui"))]
    _client: Option<Infallible>,

    /// Exit with 1 on warnings too
    #[arg(long)]
    warnings_as_errors: bool,

    /// Exit with 0 when there is nothing to judge
    #[arg(long)]
    allow_none: bool,

    #[command(flatten)]
    reports: ReportArgs,

    #[command(flatten)]
    cluster: ReviewClusterArgs,

    #[command(flatten)]
    policy: PolicyArgs,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let reports = self.reports.open()?;
        let printer = Printer::new(self.output, &reports)?;
        let cluster = self.cluster.open()?;
        let stored = match &self.old {
            Some(file) => Some(Stored { setting: old::read(file).context("--old")?, from: OldSide::File }),
            None => cluster.stored,
        };
        let mut run = ReviewRun {
            reader: Reader::new(stored),
            facts: cluster.facts,
            policy: self.policy.over(cluster.policy.as_ref()),
            printer,
            summary: Summary::default(),
            aside: Aside::new(&self.cluster.cluster, self.old.as_deref()),
            records: reports.are_wanted().then(Vec::new),
            warnings_fail: self.warnings_as_errors,
            progress: RunProgress::unbounded(),
        };
        for path in &self.paths {
            run.path(path)?;
        }
        let ReviewRun { mut printer, summary, mut records, progress, .. } = run;
        progress.finish();
        printer.finish()?;
        printer.summary(&summary)?;
        let nothing = summary.judged() == 0 && summary.unreadable == 0 && !self.allow_none;
        if nothing {
            complain(format_args!("error: {NOTHING}"));
            if let Some(records) = &mut records {
                records.push(record::nothing(&self.paths, NOTHING));
            }
        }
        reports.write(&RunReport { command: "review", records: &records.unwrap_or_default(), coverage: None })?;
        Ok(if nothing { Exit::Error } else { summary.exit(self.warnings_as_errors) })
    }
}

/// The files that say what is, not what is wanted: in a repository they may lie beside those to judge.
struct Aside(HashSet<PathBuf>);

impl Aside {
    fn new(cluster: &[PathBuf], old: Option<&Path>) -> Self {
        let files = tree::find(cluster).into_iter().flatten().chain(old.map(Path::to_owned));
        Self(files.filter_map(|file| file.canonicalize().ok()).collect())
    }

    fn has(&self, file: &Path) -> bool {
        file.canonicalize().is_ok_and(|file| self.0.contains(&file))
    }
}

/// A run over all that was named.
struct ReviewRun {
    reader: Reader,
    facts: Facts,
    policy: Policy,
    printer: Printer,
    summary: Summary,
    aside: Aside,
    /// What reports are made of; `None` where none is wanted.
    records: Option<Vec<Record>>,
    warnings_fail: bool,
    progress: RunProgress,
}

impl ReviewRun {
    fn path(&mut self, path: &Path) -> anyhow::Result<()> {
        if path == STANDARD_INPUT {
            return self.file(tree::standard_input());
        }
        // A file that is named twice is judged twice, one that a directory shows twice is not.
        for file in tree::find(&[path.to_owned()]) {
            match file {
                Ok(file) if file != *path && self.aside.has(&file) => self.summary.left_out += 1,
                Ok(file) => self.file(tree::text(&file))?,
                Err(error) => self.unreadable(&error)?,
            }
        }
        Ok(())
    }

    fn file(&mut self, text: Result<ManifestFile, manifest::Error>) -> anyhow::Result<()> {
        let read = text.and_then(|text| self.reader.read(&text).map(|found| (text, found)));
        let (text, (inputs, ignored)) = match read {
            Ok(read) => read,
            Err(error) => return self.unreadable(&error),
        };
        self.summary.ignored.merge(ignored);
        let strings = if inputs.is_empty() { Vec::new() } else { strings::find(&text) };
        for input in &inputs {
            let judged = Judged::new(input, &strings, &self.facts, &self.policy);
            self.summary.count(&judged);
            self.printer.judged(&judged)?;
            if let Some(records) = &mut self.records {
                records.push(record::of(&judged, &text, &strings, self.warnings_fail));
            }
            self.progress.step();
        }
        Ok(())
    }

    fn unreadable(&mut self, error: &manifest::Error) -> anyhow::Result<()> {
        complain(format_args!("error: {error}"));
        self.summary.unreadable += 1;
        if let Some(records) = &mut self.records {
            records.push(record::unreadable(error));
        }
        self.printer.unreadable(error)
    }
}
