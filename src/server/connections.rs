//! The connections that are open, and the cap on them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::activity::{Activity, Closed, Order, Room};
use super::metrics::Listener;

/// Every open connection of one listener.
#[derive(Debug)]
pub(super) struct Connections {
    epoch: Instant,
    cap: usize,
    open: Mutex<Open>,
    next: AtomicU64,
    room: Arc<Room>,
    metrics: Listener,
}

#[derive(Debug, Default)]
struct Open {
    by_id: HashMap<u64, Arc<Activity>>,
    /// What connections that come later are told too.
    order: Option<Order>,
}

impl Connections {
    pub(super) fn new(cap: usize, metrics: Listener) -> Self {
        Self {
            epoch: Instant::now(),
            cap: cap.max(1),
            open: Mutex::default(),
            next: AtomicU64::new(0),
            room: Arc::default(),
            metrics,
        }
    }

    /// A place for one more connection. At the cap the one that has been without a request for longest is closed
    /// for it; while each has one under way, it waits: they end by their own limits.
    pub(super) async fn admit(self: &Arc<Self>) -> Place {
        loop {
            self.room.set_wanted(true);
            if self.lock().by_id.len() < self.cap {
                self.room.set_wanted(false);
                return self.enter();
            }
            self.displace();
            self.room.next().await;
        }
    }

    /// Closes the connection that has been quiet for longest, if there is any and none is being closed already.
    pub(super) fn displace(&self) {
        let open = self.lock();
        let quiet = || open.by_id.values().filter_map(|activity| Some((activity.quiet_since()?, activity)));
        if quiet().any(|(_, activity)| activity.order() >= Order::Displace) {
            return;
        }
        if let Some((_, longest)) = quiet().min_by_key(|(since, _)| *since) {
            longest.tell(Order::Displace);
        }
    }

    /// Tells every connection, open now or later.
    pub(super) fn tell_all(&self, order: Order) {
        let mut open = self.lock();
        open.order = Some(order);
        for activity in open.by_id.values() {
            activity.tell(order);
        }
    }

    pub(super) fn count(&self) -> usize {
        self.lock().by_id.len()
    }

    fn enter(self: &Arc<Self>) -> Place {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let activity = Arc::new(Activity::new(self.epoch, Arc::clone(&self.room)));
        let mut open = self.lock();
        if let Some(order) = open.order {
            activity.tell(order);
        }
        open.by_id.insert(id, Arc::clone(&activity));
        self.metrics.opened();
        Place { connections: Arc::clone(self), id, activity, closed: Closed::Aborted }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's place among the open ones, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    connections: Arc<Connections>,
    id: u64,
    pub(super) activity: Arc<Activity>,
    /// Why the connection ended: cut off, unless something better is known.
    pub(super) closed: Closed,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.lock().by_id.remove(&self.id);
        self.connections.metrics.closed(self.closed);
        self.connections.room.offer();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::super::activity::Phase;
    use super::super::metrics::Metrics;
    use super::*;

    fn connections(cap: usize) -> Arc<Connections> {
        Arc::new(Connections::new(cap, Metrics::default().listener("webhook")))
    }

    async fn enter(connections: &Arc<Connections>, phase: Phase) -> Place {
        let place = connections.admit().await;
        place.activity.enter(phase);
        place.activity.settle();
        tokio::time::sleep(Duration::from_millis(2)).await;
        place
    }

    #[tokio::test]
    async fn at_the_cap_the_longest_quiet_one_is_closed() {
        let connections = connections(4);
        let busy = enter(&connections, Phase::Request).await;
        let oldest = enter(&connections, Phase::Idle).await;
        let silent = enter(&connections, Phase::First).await;
        let newest = enter(&connections, Phase::Idle).await;
        let mut admit = Box::pin(connections.admit());
        assert!(admit.as_mut().now_or_never().is_none());
        let orders = [&busy, &oldest, &silent, &newest].map(|place| place.activity.order());
        assert_eq!(orders, [Order::Serve, Order::Displace, Order::Serve, Order::Serve]);
        drop(oldest);
        let fresh = admit.await;
        assert_eq!(connections.count(), 4);

        // The next in turn is the one that never asked for anything.
        let mut admit = Box::pin(connections.admit());
        assert!(admit.as_mut().now_or_never().is_none());
        assert_eq!((silent.activity.order(), fresh.activity.order()), (Order::Displace, Order::Serve));
    }

    #[tokio::test]
    async fn while_all_are_busy_the_new_one_waits_for_the_first_that_is_not() {
        let connections = connections(2);
        let one = enter(&connections, Phase::Request).await;
        let two = enter(&connections, Phase::Head).await;
        let mut admit = Box::pin(connections.admit());
        assert!(admit.as_mut().now_or_never().is_none());
        assert_eq!([&one, &two].map(|place| place.activity.order()), [Order::Serve; 2]);
        two.activity.enter(Phase::Idle);
        assert!(admit.as_mut().now_or_never().is_none());
        assert_eq!([&one, &two].map(|place| place.activity.order()), [Order::Serve, Order::Displace]);
        drop(two);
        drop(admit.await);
        assert_eq!(connections.count(), 1);
    }

    #[tokio::test]
    async fn who_comes_during_the_drain_is_told_too() {
        let connections = connections(2);
        connections.tell_all(Order::Drain);
        assert_eq!(connections.admit().await.activity.order(), Order::Drain);
    }
}
