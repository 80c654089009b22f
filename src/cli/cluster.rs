//! The cluster that a command asks about: files or a live one.

use std::path::PathBuf;

use anyhow::Context as _;
use jiff::Timestamp;
use kube::Client;

use super::kube::{KubeArgs, block_on};
use crate::observe::{self, Observation};

/// Where the cluster's state is read.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cluster")]
#[group(id = "by", required = true, multiple = false, args = ["cluster", "live"])]
pub(super) struct ClusterStateArgs {
    /// Cluster state: files and directories of manifests, as `kubectl get … -o yaml` prints them or `capture` writes
    /// them; repeatable
    #[arg(long, value_name = "PATH")]
    pub(super) cluster: Vec<PathBuf>,

    /// Use the live cluster, with your kubectl credentials; needs only the right to list
    #[arg(long = "kube", id = "live")]
    pub(super) live: bool,

    #[command(flatten)]
    pub(super) kube: KubeArgs,
}

impl ClusterStateArgs {
    pub(super) fn observe(&self) -> anyhow::Result<Observation> {
        if self.live {
            return block_on(async {
                let (client, address) = self.reach().await?;
                Ok(observe::observe(&client, &address).await.observation())
            })?;
        }
        self.kube.check_unused()?;
        observe::load(&self.cluster, Timestamp::now()).context("--cluster takes files or directories of manifests")
    }

    /// A client of the live cluster, and its address.
    pub(super) async fn reach(&self) -> anyhow::Result<(Client, String)> {
        self.kube.reach().await.context("--kube")
    }
}
