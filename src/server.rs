//! The webhook as a server: [`bind`], then [`Bound::run`] until it is asked to end.
//!
//! Two ports: reviews over TLS on one, health and metrics in plain on the other. Each connection runs in a task of its
//! own, within [`Limits`] for everything that a client could make last or grow, and no task outlives the server.
//!
//! At the end readiness goes first, so that nobody new is sent here; the listener stays open for those who have not heard
//! yet, and every answer says that its connection ends. Then idle connections are closed, what is under way is
//! answered, and what takes too long is cut off.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::time::sleep;

mod accept;
mod activity;
mod body;
mod connection;
mod connections;
mod deadline;
pub mod duration;
mod handshake;
mod health;
mod judging;
mod limits;
pub mod metrics;
mod panics;
mod port;
mod quota;
mod routes;
mod shutdown;
mod stream;
mod text;
pub mod tls;
mod webhook;

pub use limits::{Limits, SMALL_BODY};
pub use metrics::Metrics;
pub use shutdown::{Ended, Shutdown, Signals};

use crate::admission::Policy;
use crate::cluster::ClusterState;
use connection::Common;
use handshake::Transport;
use health::Health;
use judging::Judging;
use port::Port;
use routes::Routes;
use webhook::Webhook;

/// How to serve.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where reviews are answered. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where health and metrics are.
    pub ops_listen: SocketAddr,
    /// What a client may take.
    pub limits: Limits,
    /// For how long new connections are still accepted when the end was asked for.
    pub shutdown_delay: Duration,
    /// How long the connections then have.
    pub drain: Duration,
}

/// What is served, and by what.
#[derive(Debug)]
pub struct Content {
    /// The facts, whoever follows the cluster.
    pub view: Arc<ClusterState>,
    /// The operator's choices about the rules.
    pub policy: Policy,
    /// TLS with the certificate, whoever renews it: see [`tls::config`].
    pub tls: Arc<rustls::ServerConfig>,
    /// The same certificate, to be asked whether there is one.
    pub resolver: Arc<tls::Resolver>,
    /// The counters.
    pub metrics: Metrics,
    /// What `/metrics` shows: these counters and any others.
    pub registry: Registry,
}

/// Why a port can't be had.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address}: {why}")]
pub struct BindError {
    /// Whether it is the second port, that of health and metrics.
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
    settings: Settings,
    content: Content,
}

/// The addresses that a server listens on, with the ports that it got.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// For reviews.
    pub webhook: SocketAddr,
    /// For health and metrics.
    pub ops: SocketAddr,
}

/// Takes the ports.
///
/// # Errors
///
/// If one can't be had.
pub async fn bind(settings: Settings, content: Content) -> Result<Bound, BindError> {
    let (webhook, webhook_address) = listen(settings.listen, false).await?;
    let (ops, ops_address) = listen(settings.ops_listen, true).await?;
    let addresses = Addresses { webhook: webhook_address, ops: ops_address };
    Ok(Bound { webhook, ops, addresses, settings, content })
}

async fn listen(address: SocketAddr, is_ops: bool) -> Result<(TcpListener, SocketAddr), BindError> {
    let listener = TcpListener::bind(address).await.and_then(|it| it.local_addr().map(|address| (it, address)));
    listener.map_err(|why| BindError { is_ops, address, why })
}

impl Bound {
    /// Where it listens.
    #[must_use]
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Serves until the end is asked for, and then in order.
    pub async fn run(self, shutdown: Shutdown) -> Ended {
        let Self { webhook, ops, settings, content, .. } = self;
        let Content { view, policy, tls, resolver, metrics, registry } = content;
        let limits = settings.limits;
        let health = Arc::new(Health::new(Arc::clone(&view), resolver, shutdown.clone()));
        let judging = Judging::new(view, policy, limits.body_bytes_total.max(limits.body_bytes));
        let panics = metrics.requests().panics();
        let webhook_port = Port::open(
            webhook,
            Common {
                transport: Transport::tls(tls, metrics.clone()),
                routes: Routes::Webhook(Box::new(Webhook::new(judging, limits, metrics.clone()))),
                limits,
                panics: panics.clone(),
            },
            limits.connections,
            metrics.listener("webhook"),
        );
        let routes = routes::ops(Arc::clone(&health), Arc::new(registry));
        let ops_common = Common { transport: Transport::Plain, routes, limits, panics };
        let ops_port = Port::open(ops, ops_common, limits.ops_connections, metrics.listener("ops"));

        shutdown.begun().await;
        webhook_port.announce_the_end();
        tokio::select! {
            () = sleep(settings.shutdown_delay) => {}
            () = shutdown.aborted() => {}
        }
        let ended = tokio::select! {
            biased;
            () = shutdown.aborted() => Ended::Aborted(webhook_port.abort().await),
            () = webhook_port.drain() => Ended::Drained,
            () = sleep(settings.drain) => Ended::CutOff(webhook_port.abort().await),
        };
        ops_port.abort().await;
        ended
    }
}
