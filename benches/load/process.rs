//! The servers as processes, and what the kernel says of them.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, copy};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustls_pki_types::CertificateDer;
use tempfile::TempDir;

/// The webhook, as it is released.
pub const WEBHOOK: &str = env!("CARGO_BIN_EXE_migration-network-webhook");

/// A cluster in files, in which every rule can pass.
pub fn sample_cluster() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/clusters/ready.yaml")
}

/// A throw-away certificate, in files for the servers and as a root for the client.
pub struct Certificate {
    pub directory: TempDir,
    pub der: CertificateDer<'static>,
}

impl Certificate {
    pub fn make() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
        fs::write(directory.path().join("tls.crt"), made.cert.pem())?;
        fs::write(directory.path().join("tls.key"), made.signing_key.serialize_pem())?;
        Ok(Self { directory, der: made.cert.der().clone() })
    }
}

/// A running server; ended when dropped.
pub struct Server {
    pub address: SocketAddr,
    child: Child,
}

impl Server {
    /// The webhook, with this flag for where its facts come from, and the address of its health and metrics. Listening
    /// when this returns.
    pub fn ours(
        mut command: Command,
        certificate: &Certificate,
        facts: &str,
        path: &Path,
    ) -> Result<(Self, SocketAddr)> {
        command.args(["serve", "--log-format=json"]).arg(facts).arg(path);
        command.args(["--listen=127.0.0.1:0", "--ops-listen=127.0.0.1:0"]);
        for (flag, file) in [("--tls-cert", "tls.crt"), ("--tls-key", "tls.key")] {
            command.arg(flag).arg(certificate.directory.path().join(file));
        }
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let mut log = BufReader::new(child.stderr.take().context("no standard error")?);
        let mut seen = String::new();
        let (address, ops) = loop {
            let start = seen.len();
            if log.read_line(&mut seen)? == 0 {
                let _ = child.wait();
                anyhow::bail!("the webhook ended early:\n{seen}");
            }
            let record: serde_json::Value = serde_json::from_str(&seen[start..]).unwrap_or_default();
            if let [Some(listen), Some(ops)] = ["listen", "ops_listen"].map(|name| record[name].as_str()) {
                break (listen.parse()?, ops.parse()?);
            }
        };
        // The log is part of the work: it is written to a pipe that is always empty. The kernel empties it, page by page,
        // which does not take the client's time.
        let mut nowhere = fs::OpenOptions::new().write(true).open("/dev/null")?;
        std::thread::spawn(move || copy(&mut log, &mut nowhere));
        Ok((Self { address, child }, ops))
    }

    /// The bare server: this very program, by another name. Every request gets this answer.
    pub fn bare(certificate: &Certificate, answer: &[u8]) -> Result<Self> {
        let directory = certificate.directory.path();
        let file = directory.join("answer");
        fs::write(&file, answer)?;
        let mut command = on_core_0(&std::env::current_exe()?);
        command.arg("--bare").args([directory, &file]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut line)?;
        let address = line.trim().parse().with_context(|| format!("the bare server printed {line:?}, no address"))?;
        Ok(Self { address, child })
    }

    /// The processor time used so far, by all threads.
    pub fn cpu(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            nanoseconds += text.split_whitespace().next().context("an empty schedstat")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// The resident memory now and at its peak, in MiB.
    pub fn resident_mib(&self) -> Result<[f64; 2]> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| -> Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| name.to_owned())?;
            let kib: u32 = line.trim().trim_end_matches(" kB").parse()?;
            Ok(f64::from(kib) / 1024.0)
        };
        Ok([field("VmRSS:")?, field("VmHWM:")?])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program with core 0 for itself, as far as this process decides.
pub fn on_core_0(program: impl AsRef<OsStr>) -> Command {
    if has_taskset() {
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// Moves this process to core 1; whether that could be done.
pub fn pin_self() -> bool {
    let id = std::process::id().to_string();
    has_taskset()
        && Command::new("taskset").args(["-acp", "1", &id]).stdout(Stdio::null()).status().is_ok_and(|it| it.success())
}

fn has_taskset() -> bool {
    Command::new("taskset").arg("--version").stdout(Stdio::null()).status().is_ok_and(|it| it.success())
}
