//! Child processes that never outlive the tests.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running child with its output in a file. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it. Both output streams go to `NAME.log` in `directory`, after what an earlier process of that name left.
    pub fn start(name: &str, mut command: Command, directory: &Path) -> Self {
        let log = directory.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log).expect("a log file");
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a second handle"))
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        Watchdog::note('+', child.id());
        Self { name: name.to_owned(), child, log }
    }

    /// All that was written so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// The last lines of what was written.
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, when it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child of ours")
    }

    /// Sends it a signal: `TERM`, `INT`, `STOP`, `CONT`.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(format!("-{signal}")).arg(self.child.id().to_string()).status();
        assert!(sent.expect("kill(1) runs").success(), "{} can't be sent SIG{signal}", self.name);
    }

    /// Waits for its end.
    pub fn wait(&mut self, within: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(start.elapsed() < within, "{} still runs after {within:?}:\n{}", self.name, self.log_tail());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGTERM, then its end.
    pub fn stop(&mut self, within: Duration) -> ExitStatus {
        self.signal("TERM");
        self.wait(within)
    }

    /// SIGKILL, then its end.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        Watchdog::note('-', self.child.id());
    }
}

/// A new directory for one purpose; it stays until the tests end, for looking at while they run.
pub fn scratch(purpose: &str) -> PathBuf {
    let prefix = format!("{purpose}-");
    tempfile::Builder::new().prefix(&prefix).tempdir_in(&WATCHDOG.root).expect("a directory").keep()
}

/// A port of the loopback interface on which nothing listens, and which was given to nobody before: whoever has one may not
/// listen yet.
pub fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        if GIVEN.lock().expect("no panic while noting").insert(port) {
            return port;
        }
    }
}

static WATCHDOG: LazyLock<Watchdog> = LazyLock::new(Watchdog::start);

/// A shell that outlives this process by a moment, to clear up behind it.
///
/// Control planes are kept in a static between tests, which is never dropped, and a killed process drops nothing at all.
#[derive(Debug)]
struct Watchdog {
    root: PathBuf,
    children: Mutex<ChildStdin>,
}

impl Watchdog {
    /// Ends by the end of its input: the only thing that the kernel promises to do for a process that is gone.
    const SCRIPT: &str = r#"
        trap '' INT TERM HUP
        while read -r line; do
            pid=${line#?}
            kept=
            for running in $pids; do [ "$running" = "$pid" ] || kept="$kept $running"; done
            pids=$kept
            case $line in +*) pids="$pids $pid" ;; esac
        done
        [ -z "$pids" ] || kill -9 $pids
        rm -rf "$1"
    "#;

    #[expect(clippy::zombie_processes, reason = "it is there to outlive us")]
    fn start() -> Self {
        let root: TempDir = tempfile::Builder::new().prefix("mnw-e2e-").tempdir().expect("a directory");
        let root = root.keep();
        let mut shell = Command::new("sh")
            .args(["-c", Self::SCRIPT, "watchdog"])
            .arg(&root)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        Self { root, children: Mutex::new(shell.stdin.take().expect("its input")) }
    }

    fn note(sign: char, pid: u32) {
        let mut children = WATCHDOG.children.lock().expect("no panic while noting");
        writeln!(children, "{sign}{pid}").expect("the watchdog listens");
    }
}
