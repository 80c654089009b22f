//! `capture`: saves a live cluster as files.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};

use super::Exit;
use super::kube::{self, KubeArgs};
use super::output::Output;
use super::policy::PolicyArgs;
use crate::cluster::capture::{self, Source};
use crate::cluster::live;
use crate::escape::QuotedPath;

/// Write what the rules read of a live cluster as files, for review and test to judge by
///
/// A directory with a file of YAML for each kind, for --cluster of review and for suites. Of each object it holds only
/// what the rules read: no workloads, no secrets, no managed fields; of migrations only those that have not ended. The
/// Setting vm-migration-network is in it, so that manifests are judged as the update that they would be.
///
/// The file policy.yaml keeps --reserved-range and --warn-rule. Pass what the server runs with: its flags can't be seen
/// from here. review and test go by that file, except where they are given these flags themselves.
///
/// What is needed are the rights to list that the server's ClusterRole has. Kinds that may not be listed are named.
///
/// Exit codes: 0 all is written; 2 something can't be listed or written, and nothing was.
#[derive(Debug, clap::Args)]
#[expect(clippy::doc_markdown, reason = "--help is no Markdown")]
pub(super) struct Args {
    /// Directory to write to; created if missing, else it must be empty
    #[arg(value_name = "DIRECTORY")]
    directory: PathBuf,

    /// Replace an earlier capture in that directory; other files in it stay
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    kube: KubeArgs,

    #[command(flatten)]
    policy: PolicyArgs,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let (snapshot, source) = kube::block_on(self.capture())??;
        if let [unreadable, ..] = &*snapshot.unreadable {
            bail!("nothing is written, as the capture would lack an object: {unreadable}");
        }
        let files =
            capture::files(&snapshot, &self.policy.policy(), &source).context("the capture can't be written")?;
        capture::write(&self.directory, &files, self.force)?;
        let objects: usize = files.iter().map(|file| file.objects).sum();
        let (objects, files, server) = (counted(objects, "object"), counted(files.len(), "file"), source.server);
        let mut out = Output::new();
        writeln!(out, "{}: {objects} of {server} in {files}", QuotedPath(&self.directory))?;
        out.flush()?;
        Ok(Exit::Ok)
    }

    async fn capture(&self) -> anyhow::Result<(live::Snapshot, Source)> {
        let (client, server) = self.kube.reach().await?;
        let time = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let snapshot = live::snapshot(client.clone(), &server).await?;
        let version = live::version(&client).await;
        Ok((snapshot, Source { time, server, version }))
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
