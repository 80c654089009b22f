//! Health and readiness.

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use prometheus_client::registry::Registry;

use super::shutdown::Shutdown;
use super::tls::Resolver;
use crate::cluster::ClusterState;
use crate::x509::not_after;

/// What health and metrics are read from. That the port is bound goes without saying: nobody could ask before.
pub(super) struct Health {
    pub(super) cluster: Arc<ClusterState>,
    pub(super) resolver: Arc<Resolver>,
    pub(super) registry: Registry,
    pub(super) shutdown: Shutdown,
}

impl Health {
    /// Whether there is a certificate that an API server accepts today, or why not.
    fn certificate(&self) -> Result<(), &'static str> {
        let pair = self.resolver.current().ok_or("none loaded")?;
        let end = pair.cert.first().and_then(|leaf| not_after(leaf));
        if end.is_some_and(|end| end < Timestamp::now()) { Err("expired") } else { Ok(()) }
    }

    /// Whether requests can be answered, and the parts of that in words: one line each, as Kubernetes' own servers have
    /// it, then the view's troubles, which are no reason to be asked less.
    pub(super) fn report(&self) -> (bool, String) {
        let certificate = self.certificate();
        let parts = [
            ("certificate", certificate.is_ok(), certificate.err().unwrap_or_default()),
            ("view", self.cluster.is_listed(), "not listed yet"),
            ("shutdown", !self.shutdown.has_begun(), "the server is shutting down"),
        ];
        let ready = parts.iter().all(|(_, well, _)| *well);
        let mut report = String::new();
        for (name, well, otherwise) in parts {
            let _ =
                if well { writeln!(report, "[+]{name} ok") } else { writeln!(report, "[-]{name} failed: {otherwise}") };
        }
        let facts = self.cluster.facts();
        for missing in facts.missing() {
            let _ = writeln!(report, "missing: {missing}");
        }
        for trouble in self.cluster.read_errors().iter() {
            let _ = writeln!(report, "trouble: {trouble}");
        }
        report.push_str(if ready { "readyz check passed\n" } else { "readyz check failed\n" });
        (ready, report)
    }
}
