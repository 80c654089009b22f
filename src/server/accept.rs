//! The accept loop of one listener.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{self, Common};
use super::connections::Connections;
use super::metrics::Listener;
use super::quota::Quota;

/// How long to wait after a failure, which may well last: a process without free file descriptors must not spin.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A listener with what its connections need.
#[derive(Debug)]
pub(super) struct Acceptor {
    pub(super) listener: TcpListener,
    pub(super) connections: Arc<Connections>,
    pub(super) common: Arc<Common>,
    pub(super) tasks: TaskTracker,
    pub(super) metrics: Listener,
}

impl Acceptor {
    /// Accepts until it is told to stop, then takes in those that had connected by then, and closes the listener.
    pub(super) async fn run(self, stop: CancellationToken) {
        let quota = Quota::default();
        let mut pause = FIRST_PAUSE;
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok(accepted) => {
                    pause = FIRST_PAUSE;
                    tokio::select! {
                        biased;
                        () = self.take(accepted) => {}
                        () = stop.cancelled() => break,
                    }
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    self.metrics.failed();
                    let listener = self.metrics.name();
                    quota.warn(|left_out| {
                        tracing::error!(listener, %error, left_out, "no connection can be accepted; trying again");
                    });
                    // If it is for want of descriptors, this frees one.
                    self.connections.displace();
                    tokio::select! {
                        () = stop.cancelled() => break,
                        () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                    }
                }
            }
        }
        while let Some(Ok(accepted)) = self.listener.accept().now_or_never() {
            if self.take(accepted).now_or_never().is_none() {
                break;
            }
        }
    }

    /// Serves the connection in a task of its own, as soon as there is a place for it.
    async fn take(&self, (stream, client): (TcpStream, SocketAddr)) {
        let place = self.connections.admit().await;
        self.tasks.spawn(connection::serve(stream, client, place, Arc::clone(&self.common)));
    }
}

/// Whether the error is about a client that went away before it was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
