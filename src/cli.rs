//! The command line: one file per subcommand.
//!
//! What was asked for goes to standard output and nothing else does; logs, progress and errors go to
//! standard error. Exit codes are the same everywhere: see [`Exit`].

#![expect(clippy::doc_markdown, reason = "--help is no Markdown")]

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{FromArgMatches as _, Parser, Subcommand};

mod canonicalize;
mod capture;
mod cluster;
mod completions;
mod difference;
mod explain;
mod flags;
mod hook;
pub(crate) mod logging;
mod output;
mod paths;
mod plan;
mod policy;
mod program;
mod progress;
mod reports;
mod review;
mod schema;
mod serve;
mod status;
mod test;

/// Protects Harvester's Setting `vm-migration-network`: in the cluster as an admission webhook, and offline on files.
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
    Status(status::Args),
    Plan(plan::Args),
    Test(test::Args),
    Capture(capture::Args),
    Canonicalize(canonicalize::Args),
    Explain(explain::Args),
    Schema(schema::Args),
    Hook(hook::Args),
    Completions(completions::Args),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Success: everything was allowed.
    Ok = 0,
    /// Something was refused, or is not as it should be.
    Refused = 1,
    /// Wrong usage, unreadable input, missing facts.
    Error = 2,
}

impl Cli {
    /// Runs what the arguments of the process ask for.
    pub fn run(arguments: &[OsString]) -> ExitCode {
        let exit = match Self::read(arguments) {
            Err(error) => print_usage(&error, arguments),
            Ok(cli) => cli.command.run().unwrap_or_else(|error| {
                let text = format!("error: {error:#}");
                output::complain(&text);
                complain_of_variables(&text, arguments)
            }),
        };
        ExitCode::from(exit as u8)
    }

    fn read(arguments: &[OsString]) -> Result<Self, clap::Error> {
        let command = program::command(arguments.first().map(OsString::as_os_str));
        let mut matches = command.try_get_matches_from(arguments)?;
        Self::from_arg_matches_mut(&mut matches)
    }
}

impl Command {
    fn run(self) -> anyhow::Result<Exit> {
        match self {
            Self::Serve(args) => args.run(),
            Self::Test(args) => args.run(),
            Self::Status(args) => args.run(),
            Self::Plan(args) => args.run(),
            Self::Capture(args) => args.run(),
            Self::Explain(args) => args.run(),
            Self::Schema(args) => args.run(),
            Self::Hook(args) => args.run(),
            Self::Review(args) => args.run(),
            Self::Canonicalize(args) => args.run(),
            Self::Completions(args) => args.run(),
        }
    }
}

/// Prints what clap says: what is wrong with the arguments, or the help that was asked for.
fn print_usage(error: &clap::Error, arguments: &[OsString]) -> Exit {
    let printed = error.print().and_then(|()| io::stdout().flush());
    if error.use_stderr() {
        return complain_of_variables(&error.to_string(), arguments);
    }
    match printed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            output::complain(format!("error: {error}"));
            Exit::Error
        }
        _ => Exit::Ok,
    }
}

/// Names the variables that have set the flags in the text of an error.
fn complain_of_variables(text: &str, arguments: &[OsString]) -> Exit {
    program::notes(arguments, text).into_iter().for_each(output::complain);
    Exit::Error
}
