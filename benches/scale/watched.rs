//! The webhook under measurement.

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::client::{Connection, page};
use crate::process::{Certificate, Server};
use crate::requests::{Case, allowed};

/// Room for a thousand nodes.
const VALUE: &str = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"172.20.0.0/16"}"#;
/// Between two requests: people do not change a Setting more often.
const BETWEEN: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_mins(5);

/// A running webhook and how it is reached.
pub struct Watched<'a> {
    server: Server,
    ops: SocketAddr,
    certificate: &'a Certificate,
    case: Case,
}

impl<'a> Watched<'a> {
    pub fn new(server: Server, ops: SocketAddr, certificate: &'a Certificate) -> Self {
        Self { server, ops, certificate, case: allowed(VALUE) }
    }

    /// Waits until it is ready, and prints how long that took.
    pub fn until_ready(&self, started: Instant) -> Result<()> {
        let listening = started.elapsed();
        while !self.page("/readyz").is_ok_and(|page| page.starts_with("HTTP/1.1 200 ")) {
            ensure!(started.elapsed() < PATIENCE, "not ready after {PATIENCE:?}: {}", self.page("/readyz")?);
            sleep(Duration::from_millis(1));
        }
        let (ready, used) = (started.elapsed(), self.server.cpu()?);
        println!(
            "  listening after {}, ready after {}, of it {} on a core",
            millis(listening),
            millis(ready),
            millis(used)
        );
        Ok(())
    }

    pub fn resident(&self, when: &str) -> Result<()> {
        let [now, peak] = self.server.resident_mib()?;
        println!("  resident {when}: {now:.1} MiB, at its peak {peak:.1} MiB");
        Ok(())
    }

    /// How many objects lists and watches have brought.
    pub fn events(&self) -> Result<u64> {
        let page = self.page("/metrics")?;
        let samples = page.lines().filter(|line| line.starts_with("migration_network_webhook_cluster_events_total"));
        samples.map(|line| Ok(line.rsplit(' ').next().unwrap_or_default().parse::<u64>()?)).sum()
    }

    /// Asks again and again, and prints how long the answers took and what the process used meanwhile.
    pub fn decisions(&self, meanwhile: &str, duration: Duration) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut latencies: Vec<Duration> = runtime.block_on(async {
            let expected = self.case.answer(self.server.address, self.certificate).await?;
            let mut connection = Connection::open(self.server.address, self.certificate).await?;
            let (request, mut latencies) = (self.case.request(), Vec::new());
            let (started, cpu) = (Instant::now(), self.server.cpu()?);
            while started.elapsed() < duration {
                let sent = Instant::now();
                let answer = connection.exchange(&request).await?;
                latencies.push(sent.elapsed());
                ensure!(answer == expected, "another answer: {}", String::from_utf8_lossy(answer));
                tokio::time::sleep(BETWEEN).await;
            }
            let used = self.server.cpu()?.saturating_sub(cpu).as_secs_f64() / started.elapsed().as_secs_f64();
            println!("  {meanwhile}: {} decisions, {:.1} % of a core", latencies.len(), used * 100.0);
            anyhow::Ok(latencies)
        })?;
        latencies.sort();
        let at = |per_mille: usize| latencies.get(latencies.len() * per_mille / 1000).copied().context("no decision");
        let [p50, p99, p999] = [at(500)?, at(990)?, at(999)?].map(millis);
        println!("    p50 {p50}, p99 {p99}, p99.9 {p999}");
        Ok(())
    }

    fn page(&self, path: &str) -> Result<String> {
        page(self.ops, path)
    }
}

pub fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
