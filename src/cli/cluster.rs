//! The cluster that a command asks about: files or a live one, which is selected as kubectl does it.

use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use kube::Client;

use crate::cluster::files::{self, Loaded};
use crate::cluster::live;
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

/// Reads what `--cluster` names.
pub(super) fn load_cluster(paths: &[PathBuf]) -> anyhow::Result<Loaded> {
    let loaded = files::load(paths).context("--cluster takes files or directories of manifests")?;
    if loaded.objects == 0 {
        bail!("--cluster takes files or directories of manifests, and there is no object in what it names");
    }
    Ok(loaded)
}

/// Where the API server is.
#[derive(Debug, clap::Args)]
pub(super) struct KubeArgs {
    /// The kubeconfig file; by default the one kubectl would use, or the cluster that this runs in
    #[arg(long, value_name = "FILE", env = "MNW_KUBECONFIG")]
    kubeconfig: Option<PathBuf>,

    /// The context of the kubeconfig; by default the current one
    #[arg(long, value_name = "NAME", env = "MNW_CONTEXT")]
    context: Option<String>,
}

impl KubeArgs {
    /// A client, whether the API server can be reached or not.
    pub(super) async fn client(&self) -> anyhow::Result<Client> {
        self.reach().await.map(|(client, _)| client)
    }

    /// A client, and the API server's address.
    pub(super) async fn reach(&self) -> anyhow::Result<(Client, String)> {
        live::reach(self.kubeconfig.as_deref(), self.context.as_deref()).await.map_err(anyhow::Error::msg)
    }

    /// Refuses flags that nothing is asked with. What the environment says may be meant for another run.
    pub(super) fn check_unused(&self) -> anyhow::Result<()> {
        let flags = [
            (self.kubeconfig.is_some(), "MNW_KUBECONFIG", "--kubeconfig"),
            (self.context.is_some(), "MNW_CONTEXT", "--context"),
        ];
        match flags.into_iter().find(|(set, variable, _)| *set && env::var_os(variable).is_none()) {
            Some((_, _, flag)) => bail!("{flag} goes with --kube"),
            None => Ok(()),
        }
    }
}

/// Runs what asks an API server to its end.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    Ok(runtime.block_on(future))
}
