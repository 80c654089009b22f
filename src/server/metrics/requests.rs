//! The four metrics that controller-runtime has for webhooks: dashboards and alerts for them exist.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::Labels;
use crate::admission::Phase;

/// Seconds. An answer takes microseconds; the last bucket is the longest that an API server waits.
const BUCKETS: [f64; 17] =
    [1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The HTTP status of every review that was answered, refusals included.
const FINE: u16 = 200;

type Histograms = Family<Labels<1>, Histogram, fn() -> Histogram>;
type Code = ([(&'static str, &'static str); 1], [(&'static str, u16); 1]);

/// Requests to the two webhook paths.
#[derive(Clone, Debug)]
pub(in crate::server) struct Requests {
    latency: Histograms,
    total: Family<Code, Counter>,
    in_flight: Family<Labels<1>, Gauge>,
    panics: Counter,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            latency: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            total: Family::default(),
            in_flight: Family::default(),
            panics: Counter::default(),
        }
    }
}

impl Requests {
    pub(super) fn register(&self, registry: &mut Registry) {
        let compatible = registry.sub_registry_with_prefix("controller_runtime_webhook");
        compatible.register("latency_seconds", "From the head of a request to its answer", self.latency.clone());
        compatible.register("requests", "Requests answered, by HTTP status", self.total.clone());
        compatible.register("requests_in_flight", "Requests now being answered", self.in_flight.clone());
        compatible.register("panics", "Requests whose answer panicked", self.panics.clone());
    }

    /// Counts panics.
    pub(in crate::server) fn panics(&self) -> Counter {
        self.panics.clone()
    }

    /// The counters of one path, looked up once.
    pub(in crate::server) fn path(&self, phase: Phase) -> Path {
        let labels = [("webhook", phase.path())];
        Path {
            labels,
            // There from the start, so that a rate over the first requests is not lost.
            fine: self.total.get_or_create_owned(&(labels, [("code", FINE)])),
            latency: self.latency.get_or_create_owned(&labels),
            total: self.total.clone(),
            in_flight: self.in_flight.get_or_create_owned(&labels),
        }
    }
}

/// The counters of one of the two paths.
#[derive(Debug)]
pub(in crate::server) struct Path {
    labels: Labels<1>,
    latency: Histogram,
    /// Of `total`, the one that nearly every request counts into.
    fine: Counter,
    total: Family<Code, Counter>,
    in_flight: Gauge,
}

impl Path {
    /// A request is under way until the guard is dropped.
    pub(in crate::server) fn begin(&self) -> InFlight<'_> {
        self.in_flight.inc();
        InFlight(&self.in_flight)
    }

    /// A request was answered.
    pub(in crate::server) fn answered(&self, code: u16, after: Duration) {
        self.latency.observe(after.as_secs_f64());
        if code == FINE {
            self.fine.inc();
        } else {
            self.total.get_or_create(&(self.labels, [("code", code)])).inc();
        }
    }
}

/// A request under way; also one whose client goes away is over at some time.
#[derive(Debug)]
pub(in crate::server) struct InFlight<'a>(&'a Gauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}
