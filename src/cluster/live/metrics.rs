//! Metrics of the watches.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::setting::facts::FactKind;

type KindLabel = [(&'static str, &'static str); 1];

const fn label(kind: FactKind) -> KindLabel {
    [("resource", kind.resource())]
}

/// Counters; what is known of a watch is not counted but looked up.
#[derive(Debug, Default)]
pub(super) struct WatchMetrics {
    events: Family<KindLabel, Counter>,
    lists: Family<KindLabel, Counter>,
    errors: Family<KindLabel, Counter>,
}

impl WatchMetrics {
    /// Registers them. Every kind has its lines from the start, so that a rate can be taken of the first event.
    pub(super) fn new(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        for kind in FactKind::ALL {
            let kind = label(kind);
            drop(metrics.events.get_or_create(&kind));
            drop(metrics.lists.get_or_create(&kind));
            drop(metrics.errors.get_or_create(&kind));
        }
        registry.register("cluster_events", "Objects received from watches and lists", metrics.events.clone());
        registry.register("cluster_lists", "Completed lists", metrics.lists.clone());
        registry.register("cluster_errors", "Failed lists and watches", metrics.errors.clone());
        metrics
    }

    pub(super) fn events(&self, kind: FactKind, count: u64) {
        self.events.get_or_create(&label(kind)).inc_by(count);
    }

    pub(super) fn list(&self, kind: FactKind) {
        self.lists.get_or_create(&label(kind)).inc();
    }

    pub(super) fn error(&self, kind: FactKind) {
        self.errors.get_or_create(&label(kind)).inc();
    }
}

pub(super) fn register(figures: FiguresByKind, registry: &mut Registry) {
    registry.register_collector(Box::new(FiguresCollector(figures)));
}

pub(super) type FiguresByKind = Box<dyn Fn() -> Vec<(FactKind, WatchFigures)> + Send + Sync>;

struct FiguresCollector(FiguresByKind);

impl fmt::Debug for FiguresCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FiguresCollector")
    }
}

impl Collector for FiguresCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let figures = (self.0)();
        let mut family = |name, help, of: &dyn Fn(&WatchFigures) -> f64| {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            figures.iter().try_for_each(|(kind, figure)| {
                let kind = label(*kind);
                ConstGauge::new(of(figure)).encode(family.encode_family(&kind)?)
            })
        };
        family("cluster_objects", "Objects kept for the rules.", &|figure| count(figure.objects))?;
        family(
            "cluster_undecodable_objects",
            "Unreadable objects; requests that depend on their kind are rejected.",
            &|figure| count(figure.undecodable),
        )?;
        family(
            "cluster_staleness_seconds",
            "Time since the API server last sent anything about this kind.",
            &|figure| figure.staleness,
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "no cluster has 2^52 objects")]
fn count(objects: usize) -> f64 {
    objects as f64
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct WatchFigures {
    pub(super) objects: usize,
    pub(super) undecodable: usize,
    /// Seconds since its quietest watch heard something; since the start where it never did.
    pub(super) staleness: f64,
}
