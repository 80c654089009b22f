//! `review`: the verdict on files, as the server would give it.

use std::convert::Infallible;
use std::path::PathBuf;

use anyhow::Context as _;

use self::judged::Judged;
use self::output::{OutputFormat, Printer};
use self::paths::Paths;
use super::Exit;
use super::cluster::ClusterStateArgs;
use super::flags::replaced_by;
use super::output::{ColorArgs, complain};
use super::paths::PathArgs;
use super::policy::PolicyArgs;
use super::progress::RunProgress;
use super::reports::ReportArgs;
use crate::escape::{QuotedPath, ShellWord};
use crate::input::{OldSide, Reader, Stored};
use crate::report::RunReport;

mod cluster;
mod human;
mod json;
mod judged;
mod output;
mod paths;
mod record;
mod summary;

const NOTHING: &str = "there is nothing to judge; accepted are AdmissionReviews, AdmissionRequests and manifests of the \
    Setting vm-migration-network (harvesterhci.io), or --allow-none";

/// Check files with the same code as the webhook in the cluster
///
/// Takes AdmissionReviews, bare AdmissionRequests and manifests of the Setting vm-migration-network, in YAML or
/// JSON, and the installer's configuration (system_settings): files, directories (*.yaml, *.yml and *.json in them), or
/// standard input. Files may hold several documents and Lists; other objects are counted and not reviewed. In a
/// directory, review skips files that Git ignores, the files of --cluster and --old, captures, and files that it can't
/// read and that don't contain "vm-migration-network".
///
/// A manifest is reviewed as `kubectl replace` would send it: as an update of the Setting in --old, else of the one in
/// the cluster; without either, as a new one. Manifests of storage-network and rwx-network in the input count as applied.
/// --reserved-range and --warn-rule set the rules; without them, the policy.yaml of a capture in --cluster does, or the
/// defaults apply.
///
/// Exit codes: 0 all allowed; 1 something refused; 2 something could not be reviewed, or there was nothing to review.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Files and directories, or - for standard input
    #[arg(required_unless_present = "value", value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Review this value, as that of a manifest
    #[arg(long, value_name = "VALUE")]
    value: Option<String>,

    /// The stored manifest, which the input updates
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

    /// Name the files that are not reviewed, and why
    #[arg(short, long)]
    verbose: bool,

    /// Exit with 0 if there is nothing to review
    #[arg(long)]
    allow_none: bool,

    #[command(flatten)]
    files: PathArgs,
    #[command(flatten)]
    color: ColorArgs,
    #[command(flatten)]
    reports: ReportArgs,
    #[command(flatten)]
    cluster: ClusterStateArgs,
    #[command(flatten)]
    policy: PolicyArgs,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let stored_in = self.stored_in();
        let reports = self.reports.open()?;
        let mut printer = Printer::new(self.output, self.color.paint(), &reports)?;
        let cluster = self.cluster.open()?;
        let stored = match &self.old {
            Some(file) => Some(Stored { setting: cluster::old(file).context("--old")?, from: OldSide::File }),
            None => cluster.stored,
        };
        let aside = paths::aside(&self.cluster.cluster, self.old.as_deref());
        let mut paths = Paths::new(Reader::new(stored), self.files.exclude(), aside);
        if let Some(value) = &self.value {
            paths.value(value);
        }
        for path in &self.paths {
            paths.read(path);
        }
        let Paths { reader, found, mut summary, .. } = paths;
        let mut facts = cluster.facts;
        summary.applied = cluster::apply_networks(&reader.networks, &mut facts)?;
        let policy = self.policy.over(cluster.policy.as_ref());
        let mut records = Vec::new();
        let mut progress = RunProgress::new(None);
        for file in found {
            let (file, inputs) = match file {
                Ok(found) => found,
                Err(error) => {
                    complain(format_args!("error: {error}"));
                    summary.unreadable += 1;
                    records.push(record::unreadable(&error));
                    printer.unreadable(&error)?;
                    continue;
                }
            };
            for input in &inputs {
                let judged = Judged::new(input, &file, &facts, &policy, &stored_in);
                summary.count(&judged);
                printer.judged(&judged)?;
                if reports.are_wanted() {
                    records.push(record::of(&judged, self.warnings_as_errors));
                }
                progress.step();
            }
        }
        progress.finish();
        printer.finish()?;
        if self.verbose {
            summary.skipped.iter().for_each(|(path, why)| complain(format_args!("{why}: {}", QuotedPath(path))));
        }
        printer.summary(&summary)?;
        let nothing = summary.judged() == 0 && summary.unreadable == 0 && !self.allow_none;
        if nothing {
            complain(format_args!("error: {NOTHING}"));
            records.push(record::nothing(&self.paths, NOTHING));
        }
        reports.write(&RunReport { command: "review", records: &records, coverage: None })?;
        Ok(if nothing { Exit::Error } else { summary.exit(self.warnings_as_errors) })
    }

    /// The flags of `canonicalize` that name the stored value which manifests are an update of.
    fn stored_in(&self) -> String {
        match &self.old {
            Some(old) => format!("--old {}", ShellWord(&old.to_string_lossy())),
            None => self.cluster.flags(),
        }
    }
}
