//! kubectl as a user runs it.

use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use super::{assets, process};

/// One user's kubectl: a home of its own, with its kubeconfig and discovery cache.
#[derive(Debug)]
pub struct Kubectl {
    home: PathBuf,
    kubeconfig: PathBuf,
}

/// One command line, to be run.
#[derive(Debug)]
pub struct Invocation {
    command: Command,
    stdin: Vec<u8>,
}

/// What a command did.
#[derive(Clone, Debug)]
pub struct Run {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Kubectl {
    /// With this kubeconfig.
    pub fn new(kubeconfig: PathBuf) -> Self {
        Self { home: process::scratch("home"), kubeconfig }
    }

    /// A line for the shell, with kubectl in its PATH.
    pub fn shell(&self, line: &str) -> Invocation {
        let mut path = assets::tool("").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new("sh");
        command.env_clear().env("HOME", &self.home).env("KUBECONFIG", &self.kubeconfig).current_dir(&self.home);
        command.env("PATH", path).args(["-euc", line]);
        command.into()
    }

    /// A command line without the `kubectl`.
    pub fn command<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Invocation {
        let mut command = Command::new(assets::tool("kubectl"));
        command.env_clear().env("HOME", &self.home).env("KUBECONFIG", &self.kubeconfig).current_dir(&self.home);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).args(args);
        command.into()
    }
}

impl From<Command> for Invocation {
    fn from(command: Command) -> Self {
        Self { command, stdin: Vec::new() }
    }
}

impl Invocation {
    /// What it reads, for `-f -`.
    pub fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = text.into();
        self
    }

    /// An environment variable, such as `KUBE_EDITOR`.
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end.
    pub fn run(mut self) -> Run {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut input = child.stdin.take().expect("a pipe");
        let writer = thread::spawn(move || {
            // A command that reads nothing may be gone before we are done.
            let _ = input.write_all(&self.stdin);
        });
        let output = child.wait_with_output().expect("it ends");
        writer.join().expect("a writer that can't fail");
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs it, panics unless it exits with 0, and returns its standard output.
    pub fn ok(self) -> String {
        let shown = format!("{:?}", self.command);
        let run = self.run();
        assert_eq!(run.code, 0, "{shown}:\n{run}");
        run.stdout
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.stdout)?;
        for line in self.stderr.lines() {
            writeln!(f, "! {line}")?;
        }
        writeln!(f, "= {}", self.code)
    }
}
