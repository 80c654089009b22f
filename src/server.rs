//! The HTTP server: [`bind`], then [`Bound::run`] until it is shut down.
//!
//! Reviews over TLS on one port, health and metrics in plain on the other. A request goes from the listener through the
//! router to a handler, which hands its body to [`crate::admission`]. [`Limits`] bound the time and memory of each client.
//!
//! On shutdown the server first becomes unready. It keeps accepting connections while endpoints update, and every answer
//! closes its connection. Then it closes idle connections and waits for in-flight requests, at most for the drain timeout.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

mod admission_service;
mod close_reason;
mod connection;
mod connections;
mod deadline;
mod handlers;
mod handshake;
mod health;
mod limits;
mod listener;
mod log_throttle;
pub mod metrics;
mod plain_response;
mod router;
mod shutdown;
pub mod tls;

pub use limits::{Limits, SMALL_BODY};
pub use metrics::Metrics;
pub use shutdown::{Shutdown, ShutdownOutcome, Signals};

use crate::admission::Policy;
use crate::cluster::ClusterState;
use admission_service::AdmissionService;
use connection::ConnectionContext;
use handlers::WebhookState;
use handshake::Transport;
use health::Health;
use limits::OPS_CONNECTIONS;
use listener::Listener;
use log_throttle::LogThrottle;

/// How to serve.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where reviews are answered. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where health and metrics are.
    pub ops_listen: SocketAddr,
    /// What a client may take.
    pub limits: Limits,
    /// How long to keep accepting connections after a shutdown begins.
    pub shutdown_delay: Duration,
    /// How long to wait for in-flight requests after that.
    pub drain_timeout: Duration,
}

/// What the server is built from: what it decides by, what it serves with, and what it reports.
#[derive(Debug)]
pub struct ServerParts {
    /// The newest facts, kept current by a watch or from files.
    pub cluster: Arc<ClusterState>,
    /// Which rules only warn, and other choices of the operator.
    pub policy: Policy,
    /// TLS with the current certificate: see [`tls::config`].
    pub tls: Arc<rustls::ServerConfig>,
    /// The same certificate, for the health check.
    pub resolver: Arc<tls::Resolver>,
    /// The server's own metrics.
    pub metrics: Metrics,
    /// What `/metrics` shows: these and any others.
    pub registry: Registry,
}

/// Why a port can't be bound.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address}: {why}")]
pub struct BindError {
    /// Whether it is the port of health and metrics.
    pub is_ops: bool,
    address: SocketAddr,
    why: io::Error,
}

/// A server that holds its ports and answers nobody yet.
#[derive(Debug)]
pub struct Bound {
    webhook: TcpListener,
    ops: TcpListener,
    addresses: Addresses,
    config: ServerConfig,
    parts: ServerParts,
}

/// The addresses that a server listens on, with the ports that it got.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// For reviews.
    pub webhook: SocketAddr,
    /// For health and metrics.
    pub ops: SocketAddr,
}

/// Binds the ports.
pub async fn bind(config: ServerConfig, parts: ServerParts) -> Result<Bound, BindError> {
    let (webhook, webhook_address) = listen(config.listen, false).await?;
    let (ops, ops_address) = listen(config.ops_listen, true).await?;
    let addresses = Addresses { webhook: webhook_address, ops: ops_address };
    Ok(Bound { webhook, ops, addresses, config, parts })
}

async fn listen(address: SocketAddr, is_ops: bool) -> Result<(TcpListener, SocketAddr), BindError> {
    let listener = TcpListener::bind(address).await.and_then(|it| it.local_addr().map(|address| (it, address)));
    listener.map_err(|why| BindError { is_ops, address, why })
}

impl Bound {
    /// Where it listens.
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Serves until a shutdown was asked for and is done.
    pub async fn run(self, shutdown: Shutdown) -> ShutdownOutcome {
        let Self { webhook, ops, config, parts, .. } = self;
        let ServerParts { cluster, policy, tls, resolver, metrics, registry } = parts;
        let limits = config.limits;
        let health = Health { cluster: Arc::clone(&cluster), resolver, registry, shutdown: shutdown.clone() };
        let service = AdmissionService::new(cluster, policy, limits.body_bytes_total.max(limits.body_bytes));
        let webhook_state =
            WebhookState { service, limits, metrics: metrics.clone(), throttle: LogThrottle::default() };
        let context = |transport, router| ConnectionContext {
            transport,
            router,
            limits,
            shutdown: shutdown.clone(),
            drain: CancellationToken::new(),
            abort: CancellationToken::new(),
        };
        let webhook_router = router::webhook(Arc::new(webhook_state), metrics.panics.clone());
        let webhook_context = context(Transport::tls(tls, metrics.clone()), webhook_router);
        let webhook = Listener::start(webhook, webhook_context, limits.connections, metrics.listener("webhook"));
        let ops_context = context(Transport::Plain, router::ops(Arc::new(health), metrics.panics.clone()));
        let ops = Listener::start(ops, ops_context, OPS_CONNECTIONS, metrics.listener("ops"));

        shutdown.begun.cancelled().await;
        tokio::select! {
            () = sleep(config.shutdown_delay) => {}
            () = shutdown.aborted.cancelled() => {}
        }
        let outcome = tokio::select! {
            biased;
            () = shutdown.aborted.cancelled() => ShutdownOutcome::Aborted(webhook.abort().await),
            () = webhook.drain() => ShutdownOutcome::Drained,
            () = sleep(config.drain_timeout) => ShutdownOutcome::CutOff(webhook.abort().await),
        };
        ops.abort().await;
        outcome
    }
}
