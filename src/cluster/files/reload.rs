//! Cluster state from files, reloaded when they change.

use std::path::PathBuf;
use std::sync::Arc;

use super::objects::index;
use super::{Error, Loaded};
use crate::cluster::ClusterState;
use crate::manifest::ManifestFile;
use crate::reload::{Polled, Reload};

/// Manifests that are read again when they change.
///
/// An invalid edit changes nothing: the last good facts stay in use, and [`ClusterState::read_errors`] says why.
#[derive(Debug)]
pub struct ClusterFiles {
    paths: Vec<PathBuf>,
    view: Arc<ClusterState>,
}

impl ClusterFiles {
    /// Loads the files into the view, and polls them for edits from then on.
    pub fn load(paths: Vec<PathBuf>, view: Arc<ClusterState>) -> Result<(Polled<Self>, Loaded), Error> {
        let files = super::read(&paths)?;
        let loaded = index(&files, Vec::new(), None)?;
        view.publish(loaded.facts.clone());
        view.set_listed();
        Ok((Polled::new(Self { paths, view }, &files), loaded))
    }
}

impl Reload for ClusterFiles {
    type Content = Vec<ManifestFile>;
    type Error = Error;

    fn read(&self) -> Result<Vec<ManifestFile>, Error> {
        Ok(super::read(&self.paths)?)
    }

    fn apply(&self, files: &Vec<ManifestFile>) -> Result<(), Error> {
        let loaded = index(files, Vec::new(), None)?;
        for missing in loaded.facts.missing() {
            tracing::warn!(%missing, "cluster files are incomplete; rejecting requests that depend on what is missing");
        }
        tracing::info!(objects = loaded.objects, "reloaded the cluster files");
        self.view.publish(loaded.facts);
        Ok(())
    }

    fn failed(&self, error: &str, first: bool) {
        if first {
            tracing::error!(%error, "can't reload the cluster files; the last good facts stay in use");
        }
        self.view.set_read_errors(vec![error.to_owned()]);
    }

    fn succeeded(&self) {
        self.view.set_read_errors(Vec::new());
    }
}
