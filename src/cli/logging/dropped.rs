//! Dropped log lines, as a metric.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use tracing_appender::non_blocking::ErrorCounter;

/// Read at each scrape.
#[derive(Debug)]
pub(in crate::cli) struct DroppedLines(pub(super) ErrorCounter);

impl Collector for DroppedLines {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "Log lines dropped because the output was too slow.";
        let lines = u64::try_from(self.0.dropped_lines()).unwrap_or(u64::MAX);
        let encoder = encoder.encode_descriptor("log_lines_dropped", help, None, MetricType::Counter)?;
        ConstCounter::new(lines).encode(encoder)
    }
}
