//! What users call this program.

use std::env;
use std::ffi::OsStr;
use std::path::Path;

use clap::{Command, CommandFactory as _};

use super::{Cli, serve};

/// What users write in front of a subcommand: kubectl runs its plugin `kubectl-migration_network` for
/// `kubectl migration-network`.
pub(super) fn name() -> &'static str {
    name_of(env::args_os().next().as_deref())
}

/// The command line under this name, which help and errors show.
pub(super) fn command(program: Option<&OsStr>) -> Command {
    let name = name_of(program);
    let usage = format!("{name} serve {}", serve::USAGE);
    Cli::command().bin_name(name).mut_subcommand("serve", |serve| serve.override_usage(usage))
}

fn name_of(program: Option<&OsStr>) -> &'static str {
    let file = program.and_then(|program| Path::new(program).file_name());
    if file.is_some_and(|file| file == "kubectl-migration_network") {
        "kubectl migration-network"
    } else {
        "migration-network-webhook"
    }
}
