//! `capture`: saves a live cluster as files.

use std::io::Write as _;
use std::path::PathBuf;

use ::kube::Client;
use anyhow::{Context as _, bail};

use super::Exit;
use super::kube::{self, KubeArgs};
use super::output::{Output, complain};
use super::policy::PolicyArgs;
use crate::cluster::capture::{self, File, Source};
use crate::cluster::live;
use crate::escape::QuotedPath;
use crate::observe::{self, LiveObservation};

/// Save the cluster state that the rules need as files, for review and test
///
/// Writes a directory with one YAML file for each kind, for --cluster of review and for suites. The files contain only the
/// fields that the rules read: no workloads, no secrets, no managed fields, and only migrations that have not ended. The
/// Setting vm-migration-network is included, so that review treats a manifest as an update of it.
///
/// The file policy.yaml keeps --reserved-range and --warn-rule. Pass the values that the server runs with: capture can't
/// see the flags of the server. review and test use that file unless they get these flags themselves.
///
/// Needs the list rights of the server's ClusterRole, with --status those of the roles for status. Names the kinds that it
/// may not list.
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

    /// Save all that status looks at besides: the network's objects, virt-handler's pods, who holds addresses, the webhook
    /// configurations. What you may not list is left out, and named
    #[arg(long)]
    status: bool,

    #[command(flatten)]
    kube: KubeArgs,

    #[command(flatten)]
    policy: PolicyArgs,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let (source, files) = if self.status { self.observed()? } else { self.facts()? };
        capture::write(&self.directory, &files, self.force).map_err(anyhow::Error::msg)?;
        let objects: usize = files.iter().map(|file| file.objects).sum();
        let (objects, files, server) = (counted(objects, "object"), counted(files.len(), "file"), source.server);
        let mut out = Output::new();
        writeln!(out, "{}: {objects} of {server} in {files}", QuotedPath(&self.directory))?;
        out.flush()?;
        Ok(Exit::Ok)
    }

    fn facts(&self) -> anyhow::Result<(Source, Vec<File>)> {
        let (snapshot, source) = kube::block_on(self.capture())??;
        readable(&snapshot)?;
        let files = capture::files(&snapshot, &self.policy.policy(), &source).context(UNWRITABLE)?;
        Ok((source, files))
    }

    fn observed(&self) -> anyhow::Result<(Source, Vec<File>)> {
        let (mut live, source) = kube::block_on(self.observe())??;
        readable(&live.snapshot)?;
        let files = observe::capture_files(&mut live, &self.policy.policy(), &source).context(UNWRITABLE)?;
        for unseen in live.unseen() {
            complain(format_args!("warning: not in the capture: {unseen}"));
        }
        Ok((source, files))
    }

    async fn observe(&self) -> anyhow::Result<(LiveObservation, Source)> {
        let (client, server) = self.kube.reach().await?;
        let live = observe::observe(&client, &server).await;
        let source = Self::source(&client, server).await;
        Ok((live, source))
    }

    async fn source(client: &Client, server: String) -> Source {
        let time = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Source { time, server, version: live::version(client).await }
    }

    async fn capture(&self) -> anyhow::Result<(live::Snapshot, Source)> {
        let (client, server) = self.kube.reach().await?;
        let snapshot = live::snapshot(client.clone(), &server).await?;
        let source = Self::source(&client, server).await;
        Ok((snapshot, source))
    }
}

const UNWRITABLE: &str = "the capture can't be written";

fn readable(snapshot: &live::Snapshot) -> anyhow::Result<()> {
    match &*snapshot.unreadable {
        [] => Ok(()),
        [unreadable, ..] => bail!("nothing is written, as the capture would lack an object: {unreadable}"),
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
