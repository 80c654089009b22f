//! `capture`: saves a live cluster as files.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use kube::Client;

use super::Exit;
use super::cluster::{KubeArgs, block_on};
use super::output::{complain, counted, print};
use super::policy::PolicyArgs;
use crate::cluster::capture::{self, File, Source};
use crate::cluster::live;
use crate::escape::QuotedPath;
use crate::observe;

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
        let (source, files) = block_on(self.capture())??;
        capture::write(&self.directory, &files, self.force).map_err(anyhow::Error::msg)?;
        let objects: usize = files.iter().map(|file| file.objects).sum();
        let (objects, files, server) = (counted(objects, "object"), counted(files.len(), "file"), source.server);
        print(format_args!("{}: {objects} of {server} in {files}\n", QuotedPath(&self.directory)))?;
        Ok(Exit::Ok)
    }

    async fn capture(&self) -> anyhow::Result<(Source, Vec<File>)> {
        let (client, server) = self.kube.reach().await?;
        let policy = self.policy.over(None);
        if !self.status {
            let snapshot = live::snapshot(client.clone(), &server).await.map_err(anyhow::Error::msg)?;
            let source = source(&client, server).await;
            readable(&snapshot)?;
            let files = capture::files(&snapshot, &policy, &source).context(UNWRITABLE)?;
            return Ok((source, files));
        }
        let mut live = observe::observe(&client, &server).await;
        let source = source(&client, server).await;
        readable(&live.snapshot)?;
        let files = observe::capture_files(&mut live, &policy, &source).context(UNWRITABLE)?;
        for unseen in live.unseen() {
            complain(format_args!("warning: not in the capture: {unseen}"));
        }
        Ok((source, files))
    }
}

async fn source(client: &Client, server: String) -> Source {
    let time = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    Source { time, server, version: live::version(client).await }
}

const UNWRITABLE: &str = "the capture can't be written";

fn readable(snapshot: &live::Snapshot) -> anyhow::Result<()> {
    match &*snapshot.unreadable {
        [] => Ok(()),
        [unreadable, ..] => bail!("nothing is written, as the capture would lack an object: {unreadable}"),
    }
}
