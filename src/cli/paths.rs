//! Paths on the command line.

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
