//! Expiry of the served certificate, read at each scrape.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::server::tls::Resolver;
use crate::x509;

/// Shows the end of the served leaf, and of the CA certificates that come along with it: the earliest counts.
#[derive(Debug)]
pub struct CertificateExpiry(Arc<Resolver>);

impl CertificateExpiry {
    /// Of whatever the resolver serves at the time.
    pub const fn new(resolver: Arc<Resolver>) -> Self {
        Self(resolver)
    }
}

impl Collector for CertificateExpiry {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut family = encoder.encode_descriptor(
            "certificate_not_after_timestamp_seconds",
            "Expiry of the served certificate (leaf) and of the CA certificates served with it (ca), in seconds since 1970.",
            None,
            MetricType::Gauge,
        )?;
        let Some(served) = self.0.current() else { return Ok(()) };
        let ends = [
            ("leaf", served.cert.first().and_then(|leaf| x509::not_after(leaf))),
            ("ca", served.cert.iter().skip(1).filter_map(|issuer| x509::not_after(issuer)).min()),
        ];
        for (role, end) in ends {
            if let Some(end) = end {
                ConstGauge::new(end.as_second()).encode(family.encode_family(&[("certificate", role)])?)?;
            }
        }
        Ok(())
    }
}
