//! Paths on the command line.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::cluster::files::{self, Loaded};
use crate::manifest::exclude::ExcludedPaths;

/// The files of a directory that are skipped.
#[derive(Debug, clap::Args)]
pub(super) struct PathArgs {
    /// Skip files in a directory that match this pattern, written as in its .gitignore; repeatable. Files that Git ignores
    /// are always skipped
    #[arg(long, value_name = "GLOB", value_parser = ExcludedPaths::check)]
    exclude: Vec<String>,
}

impl PathArgs {
    pub(super) fn exclude(&self) -> ExcludedPaths {
        ExcludedPaths::new(self.exclude.clone())
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
