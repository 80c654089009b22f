//! The source of the server's facts: a live cluster, or files.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use prometheus_client::registry::Registry;

use super::Follow;
use crate::cli::cluster::KubeArgs;
use crate::cli::flags;
use crate::cluster::files::{ClusterFiles, Error};
use crate::cluster::{ClusterState, live};
use crate::manifest;

/// How often files are polled.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// The cluster that the rules check against.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cluster")]
pub(super) struct ClusterArgs {
    #[command(flatten)]
    pub(super) kube: KubeArgs,

    /// How long a watch may be silent before it is stale and requests that depend on it are rejected with 503
    #[arg(long, value_name = "TIME", default_value = "3m", env = "MNW_MAX_STALENESS", value_parser = staleness)]
    max_staleness: Duration,

    /// Use these files or directories of manifests instead of a live cluster, as kubectl get -o yaml prints them;
    /// reloaded when they change
    #[arg(long, value_name = "PATH", num_args = 0.., env = "MNW_CLUSTER", value_delimiter = ',')]
    cluster: Option<Vec<PathBuf>>,
}

impl ClusterArgs {
    /// The facts, and the task that keeps them current: of files, or of watches that have no facts yet. Fails if there is
    /// neither a usable file nor a cluster to watch.
    pub(super) async fn open(&self, registry: &mut Registry) -> anyhow::Result<(Arc<ClusterState>, Follow)> {
        if let Some(paths) = &self.cluster {
            return files(paths);
        }
        let client =
            self.kube.client().await.context("without --cluster, which takes files, a live cluster is needed")?;
        let (state, follow) = live::start(client, self.max_staleness, registry);
        Ok((state, Box::pin(async { match follow.await {} })))
    }
}

fn files(paths: &[PathBuf]) -> anyhow::Result<(Arc<ClusterState>, Follow)> {
    if paths.is_empty() {
        bail!("--cluster takes files or directories of manifests, and none is named");
    }
    let state = Arc::new(ClusterState::unknown("not read yet"));
    let (files, loaded) = ClusterFiles::load(paths.to_vec(), Arc::clone(&state)).map_err(|error| match error {
        Error::Manifest(absent) if absent.kind == manifest::ErrorKind::Absent => {
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
    if let Some(why) = loaded.not_live() {
        tracing::warn!("the cluster files: {why}");
    }
    if loaded.policy.is_some() {
        tracing::warn!("ignoring the Policy in the cluster files; serve uses its flags");
    }
    for missing in loaded.facts.missing() {
        tracing::warn!(%missing, "cluster files are incomplete; rejecting requests that depend on what is missing");
    }
    tracing::info!(objects = loaded.objects, "loaded the cluster files");
    Ok((state, Box::pin(Arc::new(files).follow(POLL_INTERVAL))))
}

fn staleness(text: &str) -> Result<Duration, String> {
    let least = live::LEAST_STALENESS;
    match flags::time(text) {
        Ok(time) if time >= least => Ok(time),
        Ok(_) => Err(format!("must be at least {least:?}: watches have to end and begin again in that time")),
        Err(error) => Err(error.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_staleness_leaves_room_for_watches() {
        assert_eq!(staleness("3m"), Ok(Duration::from_mins(3)));
        assert_eq!(staleness("10s"), Ok(Duration::from_secs(10)));
        let error = "must be at least 10s: watches have to end and begin again in that time";
        assert_eq!(staleness("9999ms"), Err(error.to_owned()));
        assert_eq!(staleness("ten"), Err("must be a duration such as 500ms, 10s or 1m30s".to_owned()));
    }
}
