//! When the CAs end, read from the succession at each scrape.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use tokio::sync::watch;

use super::succession::Succession;

/// The ends of all CAs that this replica knows.
#[derive(Debug)]
pub(super) struct Expiry(pub(super) watch::Receiver<Succession>);

impl Collector for Expiry {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut family = encoder.encode_descriptor(
            "authority_not_after_timestamp_seconds",
            "End of each CA in the Secret, in seconds since 1970; the newest generation is the last to sign",
            None,
            MetricType::Gauge,
        )?;
        for reign in self.0.borrow().reigns() {
            let labels = [("generation", reign.generation)];
            ConstGauge::new(reign.ca.not_after().as_second()).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
