//! The binary as a process.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, PATIENCE};
use crate::reviews;

/// The binary with arguments, and nothing of the test's environment that would change them.
pub(crate) fn binary(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_migration-network-webhook"));
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MNW_")) {
        command.env_remove(name);
    }
    command
}

/// A server process, killed when the test ends.
pub(crate) struct Running {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    pub(crate) webhook: SocketAddr,
    pub(crate) ops: SocketAddr,
}

impl Running {
    /// `serve` on free ports with the cluster in which all is well and a self-signed certificate, and these arguments.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let cluster = reviews::corpus::fixture("clusters/ready.yaml");
        Self::start_with(&[&["--tls-self-signed"], arguments].concat(), &cluster)
    }

    /// The same with this cluster, and the certificate left to the arguments.
    pub(crate) fn start_with(arguments: &[&str], cluster: &Path) -> Self {
        let ports = ["serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
        let cluster = ["--cluster", cluster.to_str().unwrap()];
        Self::spawn(binary(&[&ports[..], &cluster[..], arguments].concat()))
    }

    /// A command that ends up as such a server.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (stderr, lines) = (child.stderr.take().unwrap(), Arc::clone(&log));
        thread::spawn(move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                lines.lock().unwrap().push(String::from_utf8_lossy(&line).into_owned());
            }
        });
        let nowhere = SocketAddr::from(([0; 4], 0));
        let mut running = Self { child, log, webhook: nowhere, ops: nowhere };
        let line = running.logs("listening");
        let line = line.replace("\":\"", "=").replace(['"', ','], " ");
        let port = |name: &str| {
            let word = line.split_whitespace().find_map(|word| word.strip_prefix(name));
            word.unwrap_or_else(|| panic!("{name} in {line}")).parse().unwrap()
        };
        (running.webhook, running.ops) = (port("listen="), port("ops_listen="));
        running
    }

    /// Waits for a line with this text.
    pub(crate) fn logs(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.log().into_iter().find(|line| line.contains(text));
            if let Some(line) = found {
                return line;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "{text}: {ended:?} {:#?}", self.log());
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.webhook).await
    }

    /// A page of the second port.
    pub(crate) async fn page(&self, path: &str) -> (u16, String) {
        let response = Client::plain(self.ops).await.request("GET", path).await.unwrap();
        (response.status, response.text().to_owned())
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = Command::new("kill").args(["-s", name, &self.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end: {:#?}", self.log());
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
