//! A directory to work in, and the binary run there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

/// More than any run takes, and an end to those that hang.
const DEADLINE: Duration = Duration::from_mins(1);
/// Address space that a run may have, in KiB.
const MEMORY: u64 = 1 << 20;

/// What a run left behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A directory of a user.
pub(crate) struct Dir(tempfile::TempDir);

impl Dir {
    /// An empty directory.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A directory in which nothing stands in a value's way, and `x.suite.yaml` with these cases.
    pub(crate) fn with_cases(cases: &str) -> Self {
        let dir = Self::new();
        let cluster = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suites/cluster.yaml");
        fs::copy(cluster, dir.path("cluster.yaml")).unwrap();
        dir.write("x.suite.yaml", &format!("cluster:\n- cluster.yaml\ncases:\n{cases}"));
        dir
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs the binary here.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, &[])
    }

    /// Runs the binary here, with an environment that holds nothing but this, and bounded memory.
    pub(crate) fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Run {
        let script = format!("ulimit -v {MEMORY}; exec \"$@\"");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_migration-network-webhook")]).args(arguments);
        self.wait(command.env_clear().envs(environment.iter().copied()))
    }

    /// Runs a command here, to its end or the deadline.
    pub(crate) fn wait(&self, command: &mut Command) -> Run {
        let output = |name| File::create(self.path(name)).unwrap();
        let mut child = command
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .stdout(output(".out"))
            .stderr(output(".err"))
            .spawn()
            .unwrap();
        let since = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if since.elapsed() > DEADLINE {
                child.kill().unwrap();
                panic!("still running after {DEADLINE:?}: {command:?}");
            }
            sleep(Duration::from_millis(2));
        };
        Run { code: status.code().unwrap_or(-1), out: self.read(".out"), err: self.read(".err") }
    }

    /// Runs `test` here, and reads its JSON report.
    pub(crate) fn report(&self) -> (i32, Value) {
        let run = self.run(&["test", "--report", "json"]);
        (run.code, serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {run:?}")))
    }
}

/// What is different in the one case that failed, in words.
pub(crate) fn differences(report: &Value) -> Vec<String> {
    let failed: Vec<_> = report["results"].as_array().unwrap().iter().filter(|it| it["status"] == "failed").collect();
    let [failed] = failed[..] else { panic!("not one case failed: {report}") };
    let differences = failed["differences"].as_array().unwrap();
    differences.iter().map(|it| it["message"].as_str().unwrap().to_owned()).collect()
}
