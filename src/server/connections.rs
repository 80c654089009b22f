//! The open connections of one listener: their limit, and which one is idle longest.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::close_reason::CloseReason;
use super::metrics::ListenerMetrics;

/// Every open connection of one listener.
pub(super) struct Connections {
    permits: Arc<Semaphore>,
    table: Mutex<Table>,
    /// A request was answered while the acceptor may wait for an idle connection.
    idle: Notify,
    metrics: ListenerMetrics,
}

#[derive(Default)]
struct Table {
    next: u64,
    by_id: HashMap<u64, Connection>,
}

struct Connection {
    /// Since when it has no request under way: since its last answer, or since it was accepted.
    idle_since: Option<Instant>,
    displaced: CancellationToken,
}

impl Connections {
    pub(super) fn new(cap: usize, metrics: ListenerMetrics) -> Self {
        let permits = Arc::new(Semaphore::new(cap.clamp(1, Semaphore::MAX_PERMITS)));
        Self { permits, table: Mutex::default(), idle: Notify::new(), metrics }
    }

    /// Admits one more connection. At the cap the longest-idle one is closed for it; while each has a request under way, it
    /// waits: requests end by their own limit.
    pub(super) async fn admit(self: &Arc<Self>) -> ConnectionGuard {
        let permit = loop {
            if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
                break Some(permit);
            }
            self.displace();
            tokio::select! {
                permit = Arc::clone(&self.permits).acquire_owned() => break permit.ok(),
                () = self.idle.notified() => {}
            }
        };
        let displaced = CancellationToken::new();
        let mut table = self.table();
        let id = table.next;
        table.next += 1;
        table.by_id.insert(id, Connection { idle_since: Some(Instant::now()), displaced: displaced.clone() });
        self.metrics.opened();
        ConnectionGuard { connections: Arc::clone(self), id, displaced, permit, reason: CloseReason::Aborted }
    }

    /// Closes the connection that is idle longest, if there is one and none is being closed already.
    pub(super) fn displace(&self) {
        let table = self.table();
        let idle = || table.by_id.values().filter_map(|it| Some((it.idle_since?, &it.displaced)));
        if idle().any(|(_, displaced)| displaced.is_cancelled()) {
            return;
        }
        if let Some((_, longest)) = idle().min_by_key(|(since, _)| *since) {
            longest.cancel();
        }
    }

    pub(super) fn count(&self) -> usize {
        self.table().by_id.len()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open connection; it leaves the table when this is dropped.
pub(super) struct ConnectionGuard {
    connections: Arc<Connections>,
    id: u64,
    /// The connection has to make room.
    pub(super) displaced: CancellationToken,
    #[expect(dead_code, reason = "held for as long as the connection is open")]
    permit: Option<OwnedSemaphorePermit>,
    pub(super) reason: CloseReason,
}

impl ConnectionGuard {
    /// A request begins: the connection is not displaced until its answer.
    pub(super) fn begin_request(&self) {
        self.set_idle_since(None);
    }

    /// The answer is there, though not yet taken.
    pub(super) fn end_request(&self) {
        self.set_idle_since(Some(Instant::now()));
        self.connections.idle.notify_one();
    }

    pub(super) fn has_request(&self) -> bool {
        self.connections.table().by_id.get(&self.id).is_some_and(|it| it.idle_since.is_none())
    }

    fn set_idle_since(&self, since: Option<Instant>) {
        if let Some(connection) = self.connections.table().by_id.get_mut(&self.id) {
            connection.idle_since = since;
        }
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.connections.table().by_id.remove(&self.id);
        self.connections.metrics.closed(self.reason);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::super::metrics::Metrics;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn at_the_cap_the_longest_idle_one_is_closed() {
        let connections = Arc::new(Connections::new(3, Metrics::default().listener("webhook")));
        let mut admitted = Vec::new();
        for _ in 0..3 {
            admitted.push(connections.admit().await);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        let displaced = |of: &[ConnectionGuard]| of.iter().map(|it| it.displaced.is_cancelled()).collect::<Vec<_>>();
        admitted[0].begin_request();
        admitted[1].begin_request();
        admitted[1].end_request();
        let mut admit = Box::pin(connections.admit());
        assert!(admit.as_mut().now_or_never().is_none());
        assert_eq!(displaced(&admitted), [false, false, true]);
        drop(admitted.pop());
        admitted.push(admit.await);
        assert_eq!(connections.count(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn while_all_are_busy_a_new_one_waits_for_the_first_that_is_not() {
        let connections = Arc::new(Connections::new(2, Metrics::default().listener("webhook")));
        let (one, two) = (connections.admit().await, connections.admit().await);
        one.begin_request();
        two.begin_request();
        let mut admit = Box::pin(connections.admit());
        assert!(admit.as_mut().now_or_never().is_none());
        assert_eq!([&one, &two].map(|it| it.displaced.is_cancelled()), [false; 2]);
        two.end_request();
        assert!(admit.as_mut().now_or_never().is_none());
        assert_eq!([&one, &two].map(|it| it.displaced.is_cancelled()), [false, true]);
        drop(two);
        drop(admit.await);
        assert_eq!(connections.count(), 1);
    }
}
