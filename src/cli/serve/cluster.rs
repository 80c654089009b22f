//! Where the server's facts come from.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use prometheus_client::registry::Registry;

use crate::cli::kube::KubeArgs;
use crate::cluster::View;
use crate::cluster::files::{Error, Watched};
use crate::cluster::live::{self, Options};
use crate::manifest;
use crate::server::duration;

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The cluster that is judged by.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cluster")]
pub(super) struct ClusterArgs {
    /// Judge by these files or directories of manifests, as kubectl get -o yaml prints them, and follow edits of them;
    /// without it, the cluster is followed live
    #[arg(long, value_name = "PATH", num_args = 0.., env = "MNW_CLUSTER", value_delimiter = ',')]
    cluster: Option<Vec<PathBuf>>,

    /// How long the API server may say nothing of a kind of object, be it that nothing happened, before verdicts that
    /// depend on it are refused; 10s at least
    #[arg(long, value_name = "TIME", default_value = "3m", env = "MNW_MAX_STALENESS", value_parser = staleness)]
    max_staleness: Duration,
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
    pub(super) async fn open(self, kube: &KubeArgs, registry: &mut Registry) -> anyhow::Result<Cluster> {
        match self.cluster {
            Some(paths) => of_files(paths),
            None => {
                let options = Options { max_staleness: self.max_staleness };
                let (view, follow) = live::start(kube.connect().await?, options, registry);
                Ok(Cluster { view, follow: Box::pin(async { match follow.await {} }) })
            }
        }
    }
}

fn of_files(paths: Vec<PathBuf>) -> anyhow::Result<Cluster> {
    if paths.is_empty() {
        bail!("--cluster takes files or directories of manifests, and none is named");
    }
    let (watched, loaded) = Watched::load(paths).map_err(|error| match error {
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

fn staleness(text: &str) -> Result<Duration, String> {
    let given = duration::parse(text).map_err(|error| error.to_string())?;
    if given < Options::LEAST {
        return Err("must be 10s at least: several short watches have to fit in".to_owned());
    }
    Ok(given)
}
