//! `review`: the verdict on files, as the server would give it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueEnum;

use self::judged::Judged;
use self::summary::Summary;
use super::Exit;
use super::output::{Output, Paint, complain};
use super::policy::PolicyArgs;
use crate::cluster::files;
use crate::input::{OldSide, Reader, Stored};
use crate::manifest::tree::{self, STANDARD_INPUT};
use crate::manifest::{self, Text, strings};
use crate::network::quote::printable_json;
use crate::network::{Facts, Policy};

mod human;
mod judged;
mod old;
mod record;
mod summary;

/// Judge files as the webhook in the cluster would
///
/// Takes AdmissionReviews, bare AdmissionRequests and manifests of the Setting vm-migration-network, in YAML or
/// JSON: files, directories (*.yaml, *.yml and *.json in them), or standard input. Files may hold several documents
/// and Lists; other objects are passed over and counted.
///
/// A manifest is judged as the update of the Setting in --old, else of the one in --cluster, else as new: as
/// `kubectl replace` would send it.
///
/// Exit codes: 0 all allowed; 1 something refused; 2 something could not be judged, or there was nothing to judge.
#[derive(Debug, clap::Args)]
#[expect(clippy::doc_markdown, reason = "--help is no Markdown")]
pub(super) struct Args {
    /// Files and directories, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The cluster to judge by: files and directories of manifests, as `kubectl get … -o yaml` prints them; repeatable
    #[arg(long, required = true, value_name = "PATH")]
    cluster: Vec<PathBuf>,

    /// The manifest that is stored now, for manifests to be an update of
    #[arg(long, value_name = "FILE")]
    old: Option<PathBuf>,

    /// What to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,

    /// Exit with 1 on warnings too
    #[arg(long)]
    warnings_as_errors: bool,

    /// Exit with 0 when there is nothing to judge
    #[arg(long)]
    allow_none: bool,

    #[command(flatten)]
    policy: PolicyArgs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[expect(clippy::doc_markdown, reason = "--help is no Markdown")]
enum Format {
    /// For people
    #[default]
    Human,
    /// One JSON record a line
    Json,
    /// The AdmissionReview that the webhook would answer, one a line
    Review,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let policy = self.policy.policy();
        let cluster = files::load(&self.cluster).context("--cluster")?;
        for unknown in &cluster.unknown_kinds {
            complain(format_args!("warning: --cluster: {unknown}"));
        }
        let stored = match &self.old {
            Some(file) => Some(Stored { setting: old::read(file).context("--old")?, from: OldSide::File }),
            None => cluster.setting.map(|setting| Stored { setting, from: OldSide::Cluster }),
        };
        let mut run = Run {
            reader: Reader::new(stored),
            facts: cluster.facts,
            policy,
            printer: Printer { out: Output::new(), format: self.output, paint: Paint::for_stdout() },
            summary: Summary::default(),
        };
        for path in &self.paths {
            run.path(path)?;
        }
        let Run { mut printer, summary, .. } = run;
        printer.summary(&summary)?;
        if summary.judged() == 0 && summary.unreadable == 0 && !self.allow_none {
            complain(format_args!(
                "error: there is nothing to judge; accepted are AdmissionReviews, AdmissionRequests and manifests of the \
                 Setting vm-migration-network (harvesterhci.io), or --allow-none"
            ));
            return Ok(Exit::CouldNotTell);
        }
        Ok(summary.exit(self.warnings_as_errors))
    }
}

/// A run over all that was named.
struct Run {
    reader: Reader,
    facts: Facts,
    policy: Policy,
    printer: Printer,
    summary: Summary,
}

impl Run {
    fn path(&mut self, path: &Path) -> anyhow::Result<()> {
        if path == STANDARD_INPUT {
            return self.file(tree::standard_input());
        }
        // A file that is named twice is judged twice, one that a directory shows twice is not.
        for file in tree::find(&[path.to_owned()]) {
            match file {
                Ok(file) => self.file(tree::text(&file))?,
                Err(error) => self.unreadable(&error)?,
            }
        }
        Ok(())
    }

    fn file(&mut self, text: Result<Text, manifest::Error>) -> anyhow::Result<()> {
        let read = text.and_then(|text| self.reader.read(&text).map(|found| (text, found)));
        let (text, (inputs, passed_over)) = match read {
            Ok(read) => read,
            Err(error) => return self.unreadable(&error),
        };
        self.summary.passed_over.merge(passed_over);
        let strings = if inputs.is_empty() { Vec::new() } else { strings::find(&text) };
        for input in &inputs {
            let judged = Judged::new(input, &strings, &self.facts, &self.policy);
            self.summary.count(&judged);
            self.printer.judged(&judged)?;
        }
        Ok(())
    }

    fn unreadable(&mut self, error: &manifest::Error) -> anyhow::Result<()> {
        complain(format_args!("error: {error}"));
        self.summary.unreadable += 1;
        self.printer.unreadable(error)
    }
}

/// Where verdicts go.
struct Printer {
    out: Output,
    format: Format,
    paint: Paint,
}

impl Printer {
    fn judged(&mut self, judged: &Judged<'_>) -> anyhow::Result<()> {
        match self.format {
            Format::Human => human::write(&mut self.out, judged, self.paint)?,
            Format::Json => self.line(&record::of(judged)?)?,
            Format::Review => self.line(&judged.answer())?,
        }
        Ok(self.out.flush()?)
    }

    /// A line for what could not be read, so that lines and inputs still match.
    fn unreadable(&mut self, error: &manifest::Error) -> anyhow::Result<()> {
        match self.format {
            Format::Human => {}
            Format::Json => self.line(&record::of_unreadable(error)?)?,
            Format::Review => self.line(&judged::malformed("", &error.to_string()))?,
        }
        Ok(self.out.flush()?)
    }

    fn line(&mut self, json: &str) -> std::io::Result<()> {
        writeln!(self.out, "{}", printable_json(json))
    }

    fn summary(&mut self, summary: &Summary) -> anyhow::Result<()> {
        match self.format {
            Format::Human => writeln!(self.out, "{summary}")?,
            Format::Json | Format::Review => complain(summary),
        }
        Ok(self.out.flush()?)
    }
}
