//! Selects the cluster as kubectl does: kubeconfig and context.

use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use kube::Client;

use crate::cluster::live;

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
