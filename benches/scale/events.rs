//! A thousand events a second, of which half change the facts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::etcd::Etcd;
use crate::fill::{migration, vlan_status};

/// How many come at a time, and how far apart.
const BATCH: usize = 50;
const APART: Duration = Duration::from_millis(50);
/// Over how many objects of each kind they go.
const OBJECTS: usize = 500;

/// A writer that goes on until it is stopped.
pub struct Events {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<u64>>,
}

impl Events {
    /// Begins: ended migrations that are written again, and nodes that lose and regain another cluster network than the
    /// one that is asked for, so that the verdict stays.
    pub fn start(etcd: &Etcd) -> Result<Self> {
        let mut connection = etcd.connect()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = spawn(move || {
            let (started, mut batches) = (Instant::now(), 0);
            while !stopped.load(Ordering::Relaxed) {
                let first = batches * BATCH / 2;
                connection.put((first..first + BATCH / 2).flat_map(|at| {
                    let (index, change) = (at % OBJECTS, at / OBJECTS + 1);
                    [migration(index, change), vlan_status("test-1", index, change)]
                }))?;
                batches += 1;
                sleep((started + APART * u32::try_from(batches)?).saturating_duration_since(Instant::now()));
            }
            Ok((batches * BATCH) as u64)
        });
        Ok(Self { stop, thread })
    }

    /// Ends; how many there were.
    pub fn stop(self) -> Result<u64> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow!("the writer of events panicked"))?
    }
}
