//! The binary: reads its arguments, runs the subcommand, and exits with its code.

use std::process::ExitCode;

use migration_network_webhook::cli::Cli;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    Cli::run(&arguments)
}
