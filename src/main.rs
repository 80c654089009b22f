//! The binary: reads its arguments, runs the subcommand, and exits with its code.

use std::process::ExitCode;

use clap::Parser as _;
use migration_network_webhook::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
