//! A server inside the test's own process.

use std::sync::Arc;
use std::time::Duration;

use migration_network_webhook::cluster::{ClusterState, files};
use migration_network_webhook::server::metrics::{PREFIX, certificate::CertificateExpiry, view::ViewMetrics};
use migration_network_webhook::server::tls::{self, Resolver, self_signed::SelfSigned};
use migration_network_webhook::server::{
    self, Addresses, Limits, Metrics, ServerConfig, ServerParts, Shutdown, ShutdownOutcome,
};
use migration_network_webhook::setting::{Facts, Policy};
use prometheus_client::registry::Registry;
use rustls::pki_types::CertificateDer;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::client::{Client, PATIENCE};
use crate::reviews;

/// A server that runs until the test ends.
pub(crate) struct Served {
    pub(crate) addresses: Addresses,
    pub(crate) view: Arc<ClusterState>,
    pub(crate) resolver: Arc<Resolver>,
    pub(crate) metrics: Metrics,
    shutdown: Shutdown,
    run: JoinHandle<ShutdownOutcome>,
}

impl Served {
    /// With a self-signed certificate and the cluster in which all is well.
    pub(crate) async fn start(limits: Limits) -> Self {
        let served = Self::start_blind(limits).await;
        served.view.publish(ready());
        served.view.set_listed();
        served
    }

    /// The same, but nothing is known of the cluster yet.
    pub(crate) async fn start_blind(limits: Limits) -> Self {
        let resolver = Arc::new(Resolver::default());
        SelfSigned::load(&[], tls::provider(), Arc::clone(&resolver)).unwrap();
        Self::start_with(limits, resolver).await
    }

    pub(crate) async fn start_with(limits: Limits, resolver: Arc<Resolver>) -> Self {
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let view = Arc::new(ClusterState::unknown("not listed yet"));
        let own = registry.sub_registry_with_prefix(PREFIX);
        own.register_collector(Box::new(CertificateExpiry::new(Arc::clone(&resolver))));
        own.register_collector(Box::new(ViewMetrics::new(Arc::clone(&view))));
        let config = ServerConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            ops_listen: "127.0.0.1:0".parse().unwrap(),
            limits,
            shutdown_delay: Duration::from_millis(50),
            drain_timeout: Duration::from_secs(5),
        };
        let parts = ServerParts {
            cluster: Arc::clone(&view),
            policy: Policy::default(),
            tls: tls::config(tls::provider(), Arc::clone(&resolver), None).unwrap(),
            resolver: Arc::clone(&resolver),
            metrics: metrics.clone(),
            registry,
        };
        let bound = server::bind(config, parts).await.unwrap();
        let (addresses, shutdown) = (bound.addresses(), Shutdown::default());
        let run = tokio::spawn(bound.run(shutdown.clone()));
        Self { addresses, view, resolver, metrics, shutdown, run }
    }

    /// Connects to the port for reviews.
    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.addresses.webhook).await
    }

    /// The certificate that is served, as a client trusts it.
    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.resolver.current().unwrap().cert[0].clone()
    }

    /// A page of the second port.
    pub(crate) async fn page(&self, path: &str) -> (u16, String) {
        let response = Client::plain(self.addresses.ops).await.request("GET", path).await.unwrap();
        (response.status, response.text().to_owned())
    }

    /// The value of one metric, with its labels as they are written; 0 when it is not there.
    pub(crate) async fn metric(&self, series: &str) -> f64 {
        let (_, page) = self.page("/metrics").await;
        let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Waits until a metric has at least this value.
    pub(crate) async fn metric_reaches(&self, series: &str, value: f64) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = self.metric(series).await;
            if seen >= value {
                return;
            }
            assert!(Instant::now() < deadline, "{series} is {seen}, not {value}");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Drops it in the middle of everything.
    pub(crate) fn abandon(self) {
        self.run.abort();
    }

    /// Asks it to end, and waits.
    pub(crate) async fn end(self) -> ShutdownOutcome {
        self.shutdown.request();
        timeout(PATIENCE, self.run).await.unwrap().unwrap()
    }
}

/// The cluster in which all is well.
pub(crate) fn ready() -> Facts {
    files::load(&[reviews::corpus::fixture("clusters/ready.yaml")]).unwrap().facts
}
