//! The cluster state to review against: files or a live cluster.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::cli::kube::{self, KubeArgs};
use crate::cli::output::complain;
use crate::cluster::{files, live};
use crate::escape::ShellWord;
use crate::input::{OldSide, Stored};
use crate::setting::{Facts, Policy};

/// The cluster that the rules check against.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cluster")]
#[group(id = "by", required = true, multiple = false, args = ["cluster", "live"])]
pub(super) struct ReviewClusterArgs {
    /// Cluster state: files and directories of manifests, as `kubectl get … -o yaml` prints them or `capture` writes
    /// them; repeatable
    #[arg(long, value_name = "PATH")]
    cluster: Vec<PathBuf>,

    /// Use the live cluster, with your kubectl credentials; needs only the right to list
    #[arg(long = "kube", id = "live")]
    live: bool,

    #[command(flatten)]
    kube: KubeArgs,
}

/// The facts, the stored Setting and the policy to use.
pub(super) struct ReviewCluster {
    pub(super) facts: Facts,
    /// The Setting that is stored in it.
    pub(super) stored: Option<Stored>,
    /// The operator's choices that were captured with it.
    pub(super) policy: Option<Policy>,
}

impl ReviewClusterArgs {
    /// The files.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.cluster
    }

    /// The flags that name the same cluster to another command.
    pub(super) fn flags(&self) -> String {
        let files = self.cluster.iter().map(|path| format!("--cluster {}", ShellWord(&path.to_string_lossy())));
        let files = files.collect::<Vec<_>>().join(" ");
        if self.live { "--kube".to_owned() } else { files }
    }

    /// Reads the files, or lists what the live cluster has.
    pub(super) fn open(&self) -> anyhow::Result<ReviewCluster> {
        if self.live {
            return kube::block_on(self.list())?.context("--kube");
        }
        if let Some(flag) = self.kube.named() {
            bail!("{flag} goes with --kube");
        }
        let loaded = files::load(&self.cluster).context("--cluster takes files or directories of manifests")?;
        if let Some(why) = loaded.not_live() {
            complain(format_args!("warning: --cluster: {why}"));
        }
        let files::Loaded { facts, setting, policy, unknown_kinds, objects } = loaded;
        if objects == 0 {
            bail!("--cluster takes files or directories of manifests, and there is no object in what it names");
        }
        for unknown in &unknown_kinds {
            complain(format_args!("warning: --cluster: {unknown}"));
        }
        let stored = setting.map(|setting| Stored { setting, from: OldSide::Cluster });
        Ok(ReviewCluster { facts, stored, policy })
    }

    async fn list(&self) -> anyhow::Result<ReviewCluster> {
        let (client, address) = self.kube.reach().await?;
        let snapshot = live::snapshot(client, &address).await?;
        let stored = snapshot.setting().cloned().map(|setting| Stored { setting, from: OldSide::Live });
        Ok(ReviewCluster { facts: snapshot.facts(), stored, policy: None })
    }
}
