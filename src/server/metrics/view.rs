//! Metrics of the cluster state, read at each scrape.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::cluster::ClusterState;
use crate::setting::facts::FactKind;

/// Shows what is missing in the view, and what is wrong with it.
#[derive(Debug)]
pub struct ViewMetrics(Arc<ClusterState>);

impl ViewMetrics {
    /// Of this view.
    #[must_use]
    pub const fn new(view: Arc<ClusterState>) -> Self {
        Self(view)
    }
}

impl Collector for ViewMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut gauge = |name, help, value: usize| {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
        };
        gauge("view_listed", "1 once everything was listed", usize::from(self.0.is_listed()))?;
        gauge("view_troubles", "What is wrong with the view now; /readyz has the words", self.0.read_errors().len())?;
        let help = "1 while verdicts that depend on this kind are refused with 503";
        let mut family = encoder.encode_descriptor("fact_missing", help, None, MetricType::Gauge)?;
        let facts = self.0.facts();
        for kind in FactKind::ALL {
            let missing = facts.missing().any(|missing| missing.kind == kind);
            ConstGauge::new(i64::from(missing)).encode(family.encode_family(&[("resource", kind.resource())])?)?;
        }
        Ok(())
    }
}
