//! What is known of the watches, looked up at each scrape.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use super::metrics::label;
use super::watch_state::{KindFigures, WatchState};

#[derive(Debug)]
pub(super) struct WatchFigures(pub(super) Arc<WatchState>);

impl Collector for WatchFigures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let figures = self.0.figures();
        let mut family = |name, help, of: &dyn Fn(&KindFigures) -> f64| {
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
            &|figure| figure.staleness.as_secs_f64(),
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "no cluster has 2^52 objects")]
fn count(objects: usize) -> f64 {
    objects as f64
}
