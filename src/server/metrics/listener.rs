//! The metrics of one listener.

use super::Metrics;
use crate::server::close_reason::CloseReason;

/// Counts the connections of one listener.
#[derive(Clone, Debug)]
pub(in crate::server) struct ListenerMetrics {
    metrics: Metrics,
    name: &'static str,
}

impl ListenerMetrics {
    pub(super) fn new(metrics: &Metrics, name: &'static str) -> Self {
        drop(metrics.open.get_or_create(&[("listener", name)]));
        drop(metrics.accepted.get_or_create(&[("listener", name)]));
        drop(metrics.accept_failures.get_or_create(&[("listener", name)]));
        Self { metrics: metrics.clone(), name }
    }

    /// The name, as labels and logs have it.
    pub(in crate::server) const fn name(&self) -> &'static str {
        self.name
    }

    /// Counts a connection that was accepted.
    pub(in crate::server) fn opened(&self) {
        self.metrics.accepted.get_or_create(&[("listener", self.name)]).inc();
        self.metrics.open.get_or_create(&[("listener", self.name)]).inc();
    }

    /// Counts a connection that ended.
    pub(in crate::server) fn closed(&self, reason: CloseReason) {
        self.metrics.open.get_or_create(&[("listener", self.name)]).dec();
        self.metrics.closed.get_or_create(&[("listener", self.name), ("reason", reason.as_str())]).inc();
    }

    /// Counts a connection that could not be accepted.
    pub(in crate::server) fn accept_failed(&self) {
        self.metrics.accept_failures.get_or_create(&[("listener", self.name)]).inc();
    }
}
