//! Our binary as a command, not as a server.

use std::path::Path;
use std::process::Command;

use super::assets;
use super::kubectl::Run;

/// Our binary with a kubeconfig, in a directory of its own, and no environment.
pub fn run(kubeconfig: &Path, directory: &Path, args: &[&str]) -> Run {
    let mut command = Command::new(assets::webhook());
    command.env_clear().env("KUBECONFIG", kubeconfig).current_dir(directory).args(args);
    let output = command.output().unwrap();
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
