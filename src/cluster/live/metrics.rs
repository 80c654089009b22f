//! Counters of the watches.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::setting::facts::FactKind;

pub(super) type KindLabel = [(&'static str, &'static str); 1];

pub(super) const fn label(kind: FactKind) -> KindLabel {
    [("resource", kind.resource())]
}

/// Counters; what is known of a watch is not counted but looked up.
#[derive(Debug)]
pub(super) struct WatchMetrics {
    events: Family<KindLabel, Counter>,
    lists: Family<KindLabel, Counter>,
    errors: Family<KindLabel, Counter>,
}

impl WatchMetrics {
    /// Registers them. Every kind has its lines from the start, so that a rate can be taken of the first event.
    pub(super) fn new(registry: &mut Registry) -> Self {
        let mut counters = |name: &str, help: &str| {
            let family = Family::<KindLabel, Counter>::default();
            for kind in FactKind::ALL {
                drop(family.get_or_create(&label(kind)));
            }
            registry.register(name, help, family.clone());
            family
        };
        Self {
            events: counters("cluster_events", "Objects received from watches and lists"),
            lists: counters("cluster_lists", "Completed lists"),
            errors: counters("cluster_errors", "Failed lists and watches"),
        }
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
