//! The counters of one listener.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use super::{Counters, Metrics};
use crate::server::activity::Closed;

/// Counts the connections of one listener.
#[derive(Clone, Debug)]
pub(in crate::server) struct Listener {
    name: &'static str,
    open: Gauge,
    accepted: Counter,
    closed: Counters<2>,
    failures: Counter,
}

impl Listener {
    pub(super) fn new(metrics: &Metrics, name: &'static str) -> Self {
        let labels = [("listener", name)];
        Self {
            name,
            open: metrics.open.get_or_create_owned(&labels),
            accepted: metrics.accepted.get_or_create_owned(&labels),
            closed: metrics.closed.clone(),
            failures: metrics.accept_failures.get_or_create_owned(&labels),
        }
    }

    /// The name, as labels and logs have it.
    pub(in crate::server) const fn name(&self) -> &'static str {
        self.name
    }

    /// A connection was accepted.
    pub(in crate::server) fn opened(&self) {
        self.accepted.inc();
        self.open.inc();
    }

    /// A connection ended.
    pub(in crate::server) fn closed(&self, why: Closed) {
        self.open.dec();
        self.closed.get_or_create(&[("listener", self.name), ("reason", why.as_str())]).inc();
    }

    #[cfg(test)]
    pub(in crate::server) fn closed_as(&self, why: Closed) -> u64 {
        self.closed.get_or_create(&[("listener", self.name), ("reason", why.as_str())]).get()
    }

    /// A connection could not be accepted.
    pub(in crate::server) fn failed(&self) {
        self.failures.inc();
    }
}
