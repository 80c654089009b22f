//! The command line as clap reads it: under the name by which users call this program, and with its environment variables.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::{Arg, Command, CommandFactory as _};

use super::{Cli, serve};

/// What users write in front of a subcommand: kubectl runs its plugin `kubectl-migration_network` for
/// `kubectl migration-network`.
pub(super) fn name() -> &'static str {
    name_of(env::args_os().next().as_deref())
}

/// The command line under this name, which help and errors show. A variable that is empty is as good as none.
pub(super) fn command(program: Option<&OsStr>) -> Command {
    let name = name_of(program);
    let usage = format!("{name} serve {}", serve::USAGE);
    let command = Cli::command().bin_name(name).mut_subcommand("serve", |serve| serve.override_usage(usage));
    command.mut_subcommands(|subcommand| {
        subcommand.mut_args(|arg| {
            let is_empty = arg.get_env().and_then(env::var_os).is_some_and(|value| value.is_empty());
            if is_empty { arg.env(None::<&'static str>) } else { arg }
        })
    })
}

fn name_of(program: Option<&OsStr>) -> &'static str {
    let file = program.and_then(|program| Path::new(program).file_name());
    if file.is_some_and(|file| file == "kubectl-migration_network") {
        "kubectl migration-network"
    } else {
        "migration-network-webhook"
    }
}

/// A note for each flag in the text of an error that a variable has set, so that it names the variable.
pub(super) fn notes(arguments: &[OsString], error: &str) -> Vec<String> {
    let command = Cli::command();
    let error = error.split("\nUsage:").next().unwrap_or_default();
    let subcommand = arguments.iter().skip(1).find_map(|word| command.find_subcommand(word));
    let arguments_of_command = subcommand.into_iter().flat_map(Command::get_arguments);
    arguments_of_command.filter_map(|arg| note(arg, arguments, error)).collect()
}

fn note(arg: &Arg, arguments: &[OsString], error: &str) -> Option<String> {
    let (flag, variable) = (format!("--{}", arg.get_long()?), arg.get_env()?);
    let is_set = env::var_os(variable).is_some_and(|value| value != OsStr::new(""));
    let on_command_line = arguments.iter().any(|word| {
        word.to_string_lossy().strip_prefix(&flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    });
    let mentioned = error.match_indices(&flag).any(|(at, _)| {
        let next = error[at + flag.len()..].chars().next();
        !next.is_some_and(|char| char.is_ascii_alphanumeric() || char == '-')
    });
    let variable = variable.to_string_lossy();
    let note = || format!("note: {flag} is set by the environment variable {variable}");
    (is_set && !on_command_line && mentioned && !error.contains(&*variable)).then(note)
}
