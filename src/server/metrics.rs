//! What is counted, under names and labels that are fixed: no label ever holds what a stranger sent.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

pub mod certificate;
mod decisions;
mod listener;
mod requests;
pub mod view;

pub(super) use listener::Listener;
pub(super) use requests::{Path, Requests};

use self::decisions::Decisions;
use crate::admission::{DecisionRecord, Phase};

/// The prefix of every name that is this server's own.
pub const PREFIX: &str = "migration_network_webhook";

type Labels<const N: usize> = [(&'static str, &'static str); N];
type Counters<const N: usize> = Family<Labels<N>, Counter>;

/// The server's counters. Clones count into the same.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    decisions: Decisions,
    open: Family<Labels<1>, Gauge>,
    accepted: Counters<1>,
    closed: Counters<2>,
    accept_failures: Counters<1>,
    handshake_failures: Counters<1>,
    reload_failures: Counter,
    requests: Requests,
}

impl Metrics {
    /// Makes the counters part of what the registry shows.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let own = registry.sub_registry_with_prefix(PREFIX);
        metrics.decisions.register(own);
        own.register("connections_open", "Connections now open", metrics.open.clone());
        own.register("connections_accepted", "Connections accepted", metrics.accepted.clone());
        own.register("connections_closed", "Connections ended, by the reason", metrics.closed.clone());
        own.register("accept_failures", "Connections that could not be accepted", metrics.accept_failures.clone());
        own.register("handshake_failures", "TLS handshakes that failed", metrics.handshake_failures.clone());
        own.register(
            "certificate_reload_failures",
            "Polls of the certificate files that failed; the previous certificate stays in use",
            metrics.reload_failures.clone(),
        );
        let build = Family::<Labels<1>, Gauge>::default();
        build.get_or_create(&[("version", env!("CARGO_PKG_VERSION"))]).set(1);
        own.register("build_info", "Always 1; the version is in the label", build);
        metrics.requests.register(registry);
        metrics
    }

    /// Counts what was decided.
    pub(super) fn decided(&self, phase: Phase, record: &DecisionRecord) {
        self.decisions.count(phase, record);
    }

    /// Counts a handshake that failed.
    pub(super) fn handshake_failed(&self, reason: &'static str) {
        self.handshake_failures.get_or_create(&[("reason", reason)]).inc();
    }

    /// Counts polls of the certificate files that failed.
    #[must_use]
    pub fn reload_failures(&self) -> Counter {
        self.reload_failures.clone()
    }

    /// The counters of one listener's connections.
    pub(super) fn listener(&self, name: &'static str) -> Listener {
        Listener::new(self, name)
    }

    /// The counters of the requests of one phase.
    pub(super) const fn requests(&self) -> &Requests {
        &self.requests
    }
}
