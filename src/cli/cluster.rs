//! The cluster that a command asks about: files or a live one.

use std::path::PathBuf;

use anyhow::Context as _;
use ipnet::Ipv4Net;
use jiff::Timestamp;
use kube::Client;

use super::kube::KubeArgs;
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
    /// Observes what the files hold; with the pool of this range, by default the stored one's.
    pub(super) fn observe_files(&self, range: Option<Ipv4Net>) -> anyhow::Result<Observation> {
        self.kube.check_unused()?;
        observe::load(&self.cluster, Timestamp::now(), range)
            .context("--cluster takes files or directories of manifests")
    }

    /// A client of the live cluster, and its address.
    pub(super) async fn reach(&self) -> anyhow::Result<(Client, String)> {
        self.kube.reach().await.context("--kube")
    }
}
