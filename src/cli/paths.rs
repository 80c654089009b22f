//! Which files of a directory are read.

use crate::manifest::exclude::ExcludedPaths;

/// What is left out of directories.
#[derive(Debug, clap::Args)]
pub(super) struct PathArgs {
    /// Leave out what matches in a directory that is named, as a line of a .gitignore in it would; repeatable. What Git
    /// ignores is left out anyway
    #[arg(long, value_name = "GLOB", value_parser = ExcludedPaths::check)]
    exclude: Vec<String>,
}

impl PathArgs {
    pub(super) fn exclude(&self) -> ExcludedPaths {
        ExcludedPaths::new(self.exclude.clone())
    }
}
