//! The servers as processes, and what the kernel says of them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustls_pki_types::CertificateDer;
use tempfile::TempDir;

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
    /// The webhook, on the fixtures' sample cluster.
    pub fn ours(certificate: &Certificate) -> Result<Self> {
        let cluster = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/clusters/ready.yaml");
        let directory = certificate.directory.path();
        let mut command = on_core_0(Path::new(env!("CARGO_BIN_EXE_migration-network-webhook")));
        command.args(["serve", "--listen=127.0.0.1:0", "--ops-listen=127.0.0.1:0", "--log-format=json"]);
        command.arg("--tls-cert").arg(directory.join("tls.crt")).arg("--tls-key").arg(directory.join("tls.key"));
        command.arg("--cluster").arg(cluster);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let log = BufReader::new(child.stderr.take().context("no standard error")?);
        let mut lines = log.lines();
        let mut seen = Vec::new();
        let address = loop {
            let line = lines.next().with_context(|| format!("the webhook ended early: {seen:?}"))??;
            let record: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(address) = record.pointer("/fields/listen").and_then(|address| address.as_str()) {
                break address.parse()?;
            }
            seen.push(line);
        };
        // The log is part of the work: it is written to a pipe that is always empty.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { address, child })
    }

    /// The floor: this very program, by another name.
    pub fn floor(certificate: &Certificate) -> Result<Self> {
        let mut command = on_core_0(&std::env::current_exe()?);
        command.arg("--floor").arg(certificate.directory.path());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut line)?;
        let address = line.trim().parse().with_context(|| format!("the floor printed {line:?}, no address"))?;
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

    /// The memory in use, in MiB.
    pub fn resident_mib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: u32 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(f64::from(kib) / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn on_core_0(program: &Path) -> Command {
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
