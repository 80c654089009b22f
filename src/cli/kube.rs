//! Which cluster is connected to, as kubectl has it.

use std::path::PathBuf;

use kube::Client;

use crate::cluster::live::{self, Unconfigured};

/// Where the API server is.
#[derive(Debug, clap::Args)]
pub(super) struct KubeArgs {
    /// The kubeconfig that names the API server; without it the one that kubectl would take, or the cluster that this runs
    /// in
    #[arg(long, value_name = "FILE", env = "MNW_KUBECONFIG")]
    kubeconfig: Option<PathBuf>,

    /// The context of the kubeconfig; without it the current one
    #[arg(long, value_name = "NAME", env = "MNW_CONTEXT")]
    context: Option<String>,
}

impl KubeArgs {
    /// A client, whether the API server can be reached or not.
    ///
    /// # Errors
    ///
    /// If no API server is named, or not as it could be spoken to.
    pub(super) async fn client(&self) -> Result<Client, Unconfigured> {
        live::connect(self.kubeconfig.as_deref(), self.context.as_deref()).await
    }
}
