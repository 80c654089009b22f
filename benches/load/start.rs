//! A start: to a socket that takes connections, to readiness, to the first answer; and what an idle server holds.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::client::page;
use crate::process::{Certificate, Server, WEBHOOK, sample_cluster};
use crate::requests::Case;

const STARTS: usize = 20;
/// How often is looked: what is read from the clock is late by as much.
const STEP: Duration = Duration::from_micros(200);
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a server is left alone before it counts as idle.
const IDLE: Duration = Duration::from_secs(3);

/// Prints what was measured.
pub fn report(certificate: &Certificate) -> Result<()> {
    println!("binary: {:.2} MiB", mib(fs::metadata(WEBHOOK)?.len()));
    let mut columns = [vec![], vec![], vec![]];
    for _ in 0..STARTS {
        for (column, took) in columns.iter_mut().zip(start(certificate)?) {
            column.push(took);
        }
    }
    println!("{STARTS} starts on the sample cluster, from fork to each, in ms: minimum, median, maximum");
    for (name, column) in ["listening", "ready", "first answer over TLS"].iter().zip(&mut columns) {
        column.sort();
        let [first, median, last] = [0, STARTS / 2, STARTS - 1].map(|at| column[at].as_secs_f64() * 1e3);
        println!("  {name:<22} {first:>7.1} {median:>7.1} {last:>7.1}");
    }
    let (server, _) = Server::ours(Command::new(WEBHOOK), certificate, "--cluster", &sample_cluster())?;
    sleep(IDLE);
    let [now, peak] = server.resident_mib()?;
    println!("idle for {} s: resident {now:.1} MiB, at its peak {peak:.1} MiB", IDLE.as_secs());
    Ok(())
}

/// A child that is ended when dropped.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(certificate: &Certificate) -> Result<[Duration; 3]> {
    let [listen, ops] = [free_address()?, free_address()?];
    let mut command = Command::new(WEBHOOK);
    command.args(["serve", &format!("--listen={listen}"), &format!("--ops-listen={ops}"), "--cluster"]);
    command.arg(sample_cluster());
    for (flag, file) in [("--tls-cert", "tls.crt"), ("--tls-key", "tls.key")] {
        command.arg(flag).arg(certificate.directory.path().join(file));
    }
    let started = Instant::now();
    let _server = Started(command.stdin(Stdio::null()).stderr(Stdio::null()).spawn()?);
    until(started, || TcpStream::connect(listen).is_ok())?;
    let listening = started.elapsed();
    until(started, || page(ops, "/readyz").is_ok_and(|page| page.starts_with("HTTP/1.1 200 ")))?;
    let ready = started.elapsed();
    let case = Case::all().into_iter().next().context("no case")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(case.answer(listen, certificate))?;
    Ok([listening, ready, started.elapsed()])
}

fn until(started: Instant, mut done: impl FnMut() -> bool) -> Result<()> {
    while !done() {
        ensure!(started.elapsed() < PATIENCE, "the webhook is not there after {PATIENCE:?}");
        sleep(STEP);
    }
    Ok(())
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

#[expect(clippy::cast_precision_loss, reason = "no binary has 2^52 bytes")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
