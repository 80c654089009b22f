//! Where the server's facts come from.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;

use crate::cluster::View;
use crate::cluster::files::{Error, Watched};
use crate::manifest;

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The cluster that is judged by.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cluster")]
pub(super) struct ClusterArgs {
    /// Take these files or directories of manifests for the cluster, as kubectl get -o yaml prints them; edits are
    /// followed
    #[arg(long, value_name = "PATH", num_args = 0.., env = "MNW_CLUSTER", value_delimiter = ',')]
    cluster: Vec<PathBuf>,
}

/// A view, and what keeps it new.
pub(super) struct Cluster {
    pub(super) view: Arc<View>,
    pub(super) follow: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl ClusterArgs {
    /// Opens the view.
    ///
    /// # Errors
    ///
    /// If there is nothing to see.
    pub(super) fn open(self) -> anyhow::Result<Cluster> {
        if self.cluster.is_empty() {
            bail!("--cluster takes files or directories of manifests, and none is named");
        }
        let (watched, loaded) = Watched::load(self.cluster).map_err(|error| match error {
            Error::Manifest(absent @ manifest::Error::Absent(_)) => {
                anyhow::anyhow!("--cluster takes files or directories of manifests: {absent}")
            }
            error => anyhow::anyhow!("--cluster: {error}"),
        })?;
        if loaded.objects == 0 {
            bail!("--cluster takes files or directories of manifests, and there is no object in what it names");
        }
        for unknown in &loaded.unknown_kinds {
            tracing::warn!("{unknown}");
        }
        for missing in loaded.facts.missing() {
            tracing::warn!(%missing, "the cluster files lack a fact");
        }
        tracing::info!(objects = loaded.objects, "the cluster is read from files");
        Ok(Cluster { view: watched.view(), follow: Box::pin(Arc::new(watched).follow(LOOK)) })
    }
}
