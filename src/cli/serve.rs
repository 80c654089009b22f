//! `serve`: runs the webhook.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use prometheus_client::registry::Registry;
use tokio::runtime;

use super::Exit;
use super::flags;
use super::logging::{DroppedLines, LogArgs};
use super::policy::PolicyArgs;
use crate::admission::Policy;
use crate::server::metrics::{PREFIX, certificate::CertificateExpiry, view::ViewMetrics};
use crate::server::tls::{self, Resolver};
use crate::server::{self, Metrics, ServerConfig, ServerParts, Shutdown, ShutdownOutcome, Signals};

mod certificate;
mod clients;
mod cluster;
mod limits;
mod own_ca;

use certificate::CertificateArgs;
use clients::ClientArgs;
use cluster::ClusterArgs;
use limits::LimitArgs;

/// What keeps a certificate or the view new, for as long as the server runs.
type Follow = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What `serve` needs: one of three certificates.
pub(super) const USAGE: &str =
    "(--tls-cert FILE --tls-key FILE | --tls-secret NAMESPACE/NAME --tls-service NAME | --tls-self-signed) [OPTIONS]";

/// How long work that nobody waits for any more may delay the end of the process.
const LAST_WORK: Duration = Duration::from_millis(500);

/// Answer the API server's admission reviews
///
/// Serves POST /validate and POST /mutate over TLS, and /livez, /readyz and /metrics without TLS on a second port.
///
/// SIGTERM or SIGINT shuts down gracefully: the server becomes unready, then stops accepting connections, then finishes
/// in-flight requests. A second signal stops it immediately.
///
/// TIME is written as 500ms, 10s or 1m30s, BYTES as 65536, 64KiB or 7MiB.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Address for reviews, over TLS; port 0 picks a free port and logs it
    #[arg(long, value_name = "ADDR:PORT", default_value = "0.0.0.0:8443", env = "MNW_LISTEN", value_parser = address)]
    listen: SocketAddr,

    /// Address for /livez, /readyz and /metrics, without TLS
    #[arg(long, value_name = "ADDR:PORT", default_value = "0.0.0.0:8080", env = "MNW_OPS_LISTEN", value_parser = address)]
    ops_listen: SocketAddr,

    /// Time to keep accepting connections after SIGTERM, while endpoints update
    #[arg(long, value_name = "TIME", default_value = "1s", env = "MNW_SHUTDOWN_DELAY", value_parser = flags::time)]
    shutdown_delay: Duration,

    /// Maximum time to wait for in-flight requests
    #[arg(long, value_name = "TIME", default_value = "20s", env = "MNW_DRAIN_TIMEOUT", value_parser = flags::time)]
    drain_timeout: Duration,

    #[command(flatten)]
    certificate: CertificateArgs,
    #[command(flatten)]
    clients: ClientArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    logs: LogArgs,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let logs = self.logs.start()?;
        let exit = self.serve(logs.dropped_lines());
        drop(logs);
        exit
    }

    fn serve(self, dropped_lines: DroppedLines) -> anyhow::Result<Exit> {
        let provider = tls::provider();
        warm_up(Arc::clone(&provider));
        // One thread: an answer takes microseconds, so that one answers tens of thousands a second, and a request that is
        // handed from thread to thread costs more than that; also in memory. What takes long has threads of its own.
        // Those end soon: by default each waits 10 s for more, and polling the files every 2 s would keep them all for good.
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .thread_keep_alive(Duration::from_secs(1))
            .build()
            .context("no runtime")?;
        let outcome = runtime.block_on(async {
            // From here on a signal shuts the server down gracefully, however early it comes.
            let signals = Signals::listen().context("signals can't be listened to")?;
            let shutdown = Shutdown::default();
            tokio::spawn(signals.forward(shutdown.clone()));

            let mut registry = Registry::default();
            let metrics = Metrics::register(&mut registry);
            let own = registry.sub_registry_with_prefix(PREFIX);
            let (cluster, follow) = self.cluster.open(own).await?;
            let resolver = Arc::new(Resolver::default());
            let policy = Policy { hide_migration_names: self.clients.hide_migration_names, ..self.policy.over(None) };
            let interval = self.certificate.tls_reload_interval;
            let (clients, client_ca) = self.clients.open(Arc::clone(&provider), &metrics, interval)?;
            let certificate = self
                .certificate
                .open(Arc::clone(&provider), Arc::clone(&resolver), metrics.clone(), &self.cluster.kube, own)
                .await?;
            own.register_collector(Box::new(CertificateExpiry::new(Arc::clone(&resolver))));
            own.register_collector(Box::new(dropped_lines));
            own.register_collector(Box::new(ViewMetrics::new(Arc::clone(&cluster))));

            let config = ServerConfig {
                listen: self.listen,
                ops_listen: self.ops_listen,
                limits: self.limits.limits(),
                shutdown_delay: self.shutdown_delay,
                drain_timeout: self.drain_timeout,
            };
            let parts = ServerParts {
                cluster,
                policy,
                tls: tls::config(provider, Arc::clone(&resolver), clients)?,
                resolver,
                metrics,
                registry,
            };
            let bound = server::bind(config, parts).await.map_err(|error| {
                let flag = if error.is_ops { "--ops-listen (MNW_OPS_LISTEN)" } else { "--listen (MNW_LISTEN)" };
                anyhow::Error::new(error).context(flag)
            })?;
            let addresses = bound.addresses();
            tracing::info!(listen = %addresses.webhook, ops_listen = %addresses.ops, "listening");
            tokio::spawn(follow);
            tokio::spawn(certificate);
            tokio::spawn(client_ca);
            anyhow::Ok(bound.run(shutdown).await)
        })?;
        runtime.shutdown_timeout(LAST_WORK);
        match outcome {
            ShutdownOutcome::Drained => tracing::info!("stopped; all requests were answered"),
            ShutdownOutcome::CutOff(connections) => {
                tracing::warn!(connections, "stopped; the drain timeout expired, and open connections were closed");
            }
            ShutdownOutcome::Aborted(connections) => {
                tracing::error!(connections, "stopped by a second signal; open connections were closed");
                // Logged, and not said once more: where the log's reader is stuck, that would wait for it.
                return Ok(Exit::Error);
            }
        }
        Ok(Exit::Ok)
    }
}

/// Draws the first random bytes in the background. That takes the library some 50 ms, in which it gathers entropy: time
/// that the first handshake would wait for.
fn warm_up(provider: Arc<rustls::crypto::CryptoProvider>) {
    thread::spawn(move || provider.secure_random.fill(&mut [0; 32]).is_ok());
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be an address and a port, such as 0.0.0.0:8443 or [::]:8443".to_owned())
}
