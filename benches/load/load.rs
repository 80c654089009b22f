//! A closed loop over keep-alive connections: each sends its next request when the answer to the last is there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::client::Connection;
use crate::process::{Certificate, Server};

/// The columns of [`line`].
pub const HEADING: &str =
    "case, connections, server             CPU us/request  ratio to bare  p50 us  p99 us  requests/s";

/// What one run showed.
pub struct Run {
    /// In microseconds.
    pub cpu_per_request: f64,
    p50: f64,
    p99: f64,
    per_second: f64,
}

/// Keeps `connections` busy for the duration and measures each exchange.
pub fn run(
    server: &Server,
    certificate: &Certificate,
    request: &[u8],
    connections: usize,
    duration: Duration,
) -> Result<Run> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let request: Arc<[u8]> = request.into();
    runtime.block_on(async {
        let mut open = Vec::new();
        for _ in 0..connections {
            open.push(Connection::open(server.address, certificate).await?);
        }
        let (started, cpu) = (Instant::now(), server.cpu()?);
        let exchange = |mut connection: Connection| {
            let request = Arc::clone(&request);
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while started.elapsed() < duration {
                    let sent = Instant::now();
                    connection.exchange(&request).await?;
                    latencies.push(sent.elapsed());
                }
                anyhow::Ok(latencies)
            })
        };
        let tasks: Vec<_> = open.into_iter().map(exchange).collect();
        let mut latencies = Vec::new();
        for task in tasks {
            latencies.extend(task.await??);
        }
        let (took, cpu) = (started.elapsed(), server.cpu()?.saturating_sub(cpu));
        latencies.sort_unstable();
        let at = |percent: usize| latencies.get(latencies.len() * percent / 100).map_or(0.0, |it| micros(*it));
        let requests = f64::from(u32::try_from(latencies.len()).unwrap_or(u32::MAX).max(1));
        Ok(Run {
            cpu_per_request: micros(cpu) / requests,
            p50: at(50),
            p99: at(99),
            per_second: requests / took.as_secs_f64(),
        })
    })
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The median of one figure.
pub fn median(runs: &[Run], figure: fn(&Run) -> f64) -> f64 {
    let mut figures: Vec<f64> = runs.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// The medians of the runs, and the ratio of the processor time to the bare server's.
pub fn line(runs: &[Run], bare: f64) -> String {
    let cpu = median(runs, |run| run.cpu_per_request);
    let [p50, p99] = [median(runs, |run| run.p50), median(runs, |run| run.p99)];
    let per_second = median(runs, |run| run.per_second);
    format!("{cpu:>14.1}  {:>13.2}  {p50:>6.0}  {p99:>6.0}  {per_second:>10.0}", cpu / bare)
}
