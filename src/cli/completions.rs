//! `completions`: scripts for the user's shell.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, Exit, output};

/// Print a completion script for your shell
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell to complete for
    shell: Shell,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "migration-network-webhook", &mut script);
        output::print(String::from_utf8_lossy(&script))?;
        Ok(Exit::Ok)
    }
}
