//! Which cluster is asked.

use std::path::PathBuf;

use kube::Client;

use crate::cluster::live::{self, Unconfigured};

/// How the API server is found.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "API server")]
pub(super) struct KubeArgs {
    /// The kubeconfig to connect with; without it the one that kubectl would take, and where there is none, the cluster
    /// that this runs in
    #[arg(long, value_name = "FILE", env = "MNW_KUBECONFIG")]
    kubeconfig: Option<PathBuf>,

    /// The context in it
    #[arg(long, value_name = "NAME", env = "MNW_CONTEXT")]
    context: Option<String>,
}

impl KubeArgs {
    /// A client. It must be made inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// If there is no cluster to connect to.
    pub(super) async fn connect(&self) -> Result<Client, Unconfigured> {
        live::connect(self.kubeconfig.as_deref(), self.context.as_deref()).await
    }
}
