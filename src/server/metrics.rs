//! The server's metrics. Names and labels are fixed: no label holds untrusted text.

use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

pub mod certificate;
pub mod view;

use super::close_reason::CloseReason;
use crate::admission::{DecisionRecord, Phase};
use crate::setting::RuleId;

/// The prefix of every name that is this server's own.
pub const PREFIX: &str = "migration_network_webhook";

/// Seconds. An answer takes microseconds; the last bucket is the longest that an API server waits.
const BUCKETS: [f64; 17] =
    [1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
const OUTCOMES: [&str; 4] = ["kept", "emptied", "restored", "rewritten"];
const OPERATIONS: [&str; 3] = ["CREATE", "UPDATE", "DELETE"];
const VERDICTS: [&str; 5] = ["allowed", "refused", "unavailable", "malformed", "timeout"];

type Labels<const N: usize> = [(&'static str, &'static str); N];
type Counters<const N: usize> = Family<Labels<N>, Counter>;
type Gauges = Family<Labels<1>, Gauge>;
type ByCode = ([(&'static str, &'static str); 1], [(&'static str, u16); 1]);

/// The server's metrics. Clones count into the same.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    decisions: Counters<3>,
    refusals: Counters<1>,
    mutations: Counters<1>,
    open: Gauges,
    accepted: Counters<1>,
    closed: Counters<2>,
    accept_failures: Counters<1>,
    handshake_failures: Counters<1>,
    reload_failures: Counter,
    latency: Latencies,
    requests: Family<ByCode, Counter>,
    in_flight: Gauges,
    pub(super) panics: Counter,
}

/// Latencies by webhook.
#[derive(Clone, Debug)]
struct Latencies(Family<Labels<1>, Histogram, fn() -> Histogram>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new(BUCKETS)))
    }
}

impl Metrics {
    /// Makes the metrics part of what the registry shows.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        metrics.begin();
        let own = registry.sub_registry_with_prefix(PREFIX);
        own.register(
            "decisions",
            "AdmissionReviews answered, by phase, operation and verdict",
            metrics.decisions.clone(),
        );
        let help = "Refusals, by rule; a refusal counts for every rule that refused";
        own.register("refusals", help, metrics.refusals.clone());
        own.register(
            "mutations",
            "Effect of the mutation on the value of an allowed change",
            metrics.mutations.clone(),
        );
        own.register("connections_open", "Open connections", metrics.open.clone());
        own.register("connections_accepted", "Accepted connections", metrics.accepted.clone());
        own.register("connections_closed", "Closed connections, by reason", metrics.closed.clone());
        own.register("accept_failures", "Connections that could not be accepted", metrics.accept_failures.clone());
        own.register("handshake_failures", "Failed TLS handshakes", metrics.handshake_failures.clone());
        let help = "Failed reloads of the certificate files and the client CA; the last good ones stay in use";
        own.register("certificate_reload_failures", help, metrics.reload_failures.clone());
        let build = Gauges::default();
        build.get_or_create(&[("version", env!("CARGO_PKG_VERSION"))]).set(1);
        own.register("build_info", "Always 1; the version is in the label", build);
        // The four that controller-runtime has for webhooks: dashboards and alerts for them exist.
        let compatible = registry.sub_registry_with_prefix("controller_runtime_webhook");
        compatible.register("latency_seconds", "Time from the request head to the answer", metrics.latency.0.clone());
        compatible.register("requests", "Requests answered, by HTTP status", metrics.requests.clone());
        compatible.register("requests_in_flight", "Requests in progress", metrics.in_flight.clone());
        compatible.register("panics", "Requests that ended in an internal error", metrics.panics.clone());
        metrics
    }

    /// The known series are there from the start, at zero: alerts on a rate would miss the first increase.
    fn begin(&self) {
        for rule in RuleId::ALL {
            drop(self.refusals.get_or_create(&[("rule", rule.as_str())]));
        }
        for outcome in OUTCOMES {
            drop(self.mutations.get_or_create(&[("outcome", outcome)]));
        }
        for phase in [Phase::Mutate, Phase::Validate] {
            for operation in OPERATIONS {
                for verdict in VERDICTS {
                    let labels = [("phase", phase.name()), ("operation", operation), ("verdict", verdict)];
                    drop(self.decisions.get_or_create(&labels));
                }
            }
            let path = phase.path();
            drop(self.latency.0.get_or_create(&[("webhook", path)]));
            drop(self.in_flight.get_or_create(&[("webhook", path)]));
            drop(self.requests.get_or_create(&([("webhook", path)], [("code", 200)])));
        }
    }

    pub(super) fn decided(&self, phase: Phase, record: &DecisionRecord) {
        let DecisionRecord { operation, verdict, rules, mutation, .. } = record;
        let labels = [("phase", phase.name()), ("operation", *operation), ("verdict", *verdict)];
        self.decisions.get_or_create(&labels).inc();
        for rule in rules.iter() {
            self.refusals.get_or_create(&[("rule", rule.as_str())]).inc();
        }
        if phase == Phase::Mutate && *verdict == "allowed" && OUTCOMES.contains(mutation) {
            self.mutations.get_or_create(&[("outcome", *mutation)]).inc();
        }
    }

    pub(super) fn handshake_failed(&self, reason: &'static str) {
        self.handshake_failures.get_or_create(&[("reason", reason)]).inc();
    }

    /// Counts polls of the certificate files that failed.
    pub fn reload_failures(&self) -> Counter {
        self.reload_failures.clone()
    }

    /// The metrics of one listener's connections.
    pub(super) fn listener(&self, name: &'static str) -> ListenerMetrics {
        let label = [("listener", name)];
        ListenerMetrics {
            name,
            open: self.open.get_or_create_owned(&label),
            accepted: self.accepted.get_or_create_owned(&label),
            accept_failures: self.accept_failures.get_or_create_owned(&label),
            closed: self.closed.clone(),
        }
    }

    /// A request is under way until the guard is dropped, also when its client goes away.
    pub(super) fn begin_request(&self, phase: Phase) -> InFlight {
        let gauge = self.in_flight.get_or_create_owned(&[("webhook", phase.path())]);
        gauge.inc();
        InFlight(gauge)
    }

    pub(super) fn end_request(&self, phase: Phase, status: StatusCode, after: Duration) {
        let labels = [("webhook", phase.path())];
        self.latency.0.get_or_create(&labels).observe(after.as_secs_f64());
        self.requests.get_or_create(&(labels, [("code", status.as_u16())])).inc();
    }
}

/// The metrics of one listener's connections.
#[derive(Clone)]
pub(super) struct ListenerMetrics {
    /// As labels and logs have it.
    pub(super) name: &'static str,
    pub(super) accept_failures: Counter,
    open: Gauge,
    accepted: Counter,
    closed: Counters<2>,
}

impl ListenerMetrics {
    pub(super) fn opened(&self) {
        self.accepted.inc();
        self.open.inc();
    }

    pub(super) fn closed(&self, reason: CloseReason) {
        self.open.dec();
        self.closed.get_or_create(&[("listener", self.name), ("reason", reason.as_str())]).inc();
    }
}

/// A request under way.
pub(super) struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}
