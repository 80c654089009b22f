//! Metrics of the cluster state, read at each scrape.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::cluster::ClusterState;
use crate::setting::facts::FactKind;

/// Shows which facts are missing, and how many problems there are with reading them.
#[derive(Debug)]
pub struct ViewMetrics(Arc<ClusterState>);

impl ViewMetrics {
    /// Of this cluster state.
    pub const fn new(cluster: Arc<ClusterState>) -> Self {
        Self(cluster)
    }
}

impl Collector for ViewMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut gauge = |name, help, value: usize| {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
        };
        gauge("view_listed", "1 once every kind has been listed.", usize::from(self.0.is_listed()))?;
        gauge(
            "view_troubles",
            "Current problems reading the cluster or its files; /readyz lists them.",
            self.0.read_errors().len(),
        )?;
        let help = "1 while requests that depend on this kind are rejected with 503.";
        let mut family = encoder.encode_descriptor("fact_missing", help, None, MetricType::Gauge)?;
        let facts = self.0.facts();
        for kind in FactKind::ALL {
            let missing = facts.missing().any(|missing| missing.kind == kind);
            ConstGauge::new(i64::from(missing)).encode(family.encode_family(&[("resource", kind.resource())])?)?;
        }
        Ok(())
    }
}
