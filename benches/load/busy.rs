//! A closed loop over keep-alive connections: each sends its next request when the answer to the last is there.
//!
//! The client never sleeps. A server whose client sleeps wakes it with each answer, and on one machine that counts as the
//! server's time: the slower of two servers, whose client has less to do, would look slower than it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::client::Connection;
use crate::process::{Certificate, Server};
use crate::statistics::Run;

/// How many turns of tasks there are between two looks at the sockets: few, as one task spins.
const EVENT_INTERVAL: u32 = 8;

/// Keeps `connections` busy for the duration and measures each exchange. Another answer than this one ends the run.
pub fn load(
    server: &Server,
    certificate: &Certificate,
    request: &[u8],
    answer: &[u8],
    connections: usize,
    duration: Duration,
) -> Result<Run> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().event_interval(EVENT_INTERVAL).build()?;
    let (request, answer): (Arc<[u8]>, Arc<[u8]>) = (request.into(), answer.into());
    runtime.block_on(async {
        let awake = tokio::spawn(async {
            loop {
                tokio::task::yield_now().await;
            }
        });
        let mut open = Vec::new();
        for _ in 0..connections {
            open.push(Connection::open(server.address, certificate).await?);
        }
        let (started, cpu) = (Instant::now(), server.cpu()?);
        let tasks: Vec<_> = open
            .into_iter()
            .map(|mut connection| {
                let (request, answer) = (Arc::clone(&request), Arc::clone(&answer));
                tokio::spawn(async move {
                    let mut latencies = Vec::new();
                    while started.elapsed() < duration {
                        let sent = Instant::now();
                        let got = connection.exchange(&request).await?;
                        latencies.push(u32::try_from(sent.elapsed().as_nanos()).unwrap_or(u32::MAX));
                        ensure!(got == &*answer, "another answer: {}", String::from_utf8_lossy(got));
                    }
                    anyhow::Ok(latencies)
                })
            })
            .collect();
        let mut latencies = Vec::new();
        for task in tasks {
            latencies.extend(task.await??);
        }
        awake.abort();
        Ok(Run::new(latencies, started.elapsed(), server.cpu()?.saturating_sub(cpu)))
    })
}
