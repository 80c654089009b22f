//! The command line: one file per subcommand.
//!
//! What was asked for goes to standard output and nothing else does; logs, progress and errors go to
//! standard error. Exit codes are the same everywhere: see [`Exit`].

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod canonicalize;
mod capture;
mod completions;
mod difference;
mod explain;
mod kube;
mod logging;
mod output;
pub mod policy;
mod progress;
mod removed;
mod reports;
mod review;
mod schema;
mod serve;
mod size;
mod test;

/// Guards Harvester's `vm-migration-network` Setting: as an admission webhook, and offline on files.
#[derive(Debug, Parser)]
#[command(name = "migration-network-webhook", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::Args>),
    Review(review::Args),
    Test(test::Args),
    Capture(capture::Args),
    Canonicalize(canonicalize::Args),
    Explain(explain::Args),
    Schema(schema::Args),
    Completions(completions::Args),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All is well: everything was allowed.
    Ok = 0,
    /// Something was refused, or is not as it should be.
    Refused = 1,
    /// It could not be told: wrong usage, unreadable input, missing facts.
    CouldNotTell = 2,
}

impl Cli {
    /// Runs the subcommand.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let result = match self.command {
            Command::Serve(args) => args.run(),
            Command::Test(args) => args.run(),
            Command::Capture(args) => args.run(),
            Command::Explain(args) => args.run(),
            Command::Schema(args) => args.run(),
            Command::Review(args) => args.run(),
            Command::Canonicalize(args) => args.run(),
            Command::Completions(args) => args.run(),
        };
        let exit = result.unwrap_or_else(|error| {
            output::complain(format_args!("error: {error:#}"));
            Exit::CouldNotTell
        });
        ExitCode::from(exit as u8)
    }
}
