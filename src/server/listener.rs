//! One listener: its accept loop and its connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{self, ConnectionContext};
use super::connections::Connections;
use super::log_throttle::LogThrottle;
use super::metrics::ListenerMetrics;

/// Pauses after a failure to accept, which may well last: a process without free file descriptors must not spin.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long tasks that were told to end at once may take.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A port that is served. Dropped, it ends at once, with all its connections.
pub(super) struct Listener {
    connections: Arc<Connections>,
    context: Arc<ConnectionContext>,
    /// The accept loop, and with it the socket.
    accepting: TaskTracker,
    serving: TaskTracker,
    stop: CancellationToken,
}

impl Listener {
    /// Serves the socket in the background.
    pub(super) fn start(socket: TcpListener, context: ConnectionContext, cap: usize, metrics: ListenerMetrics) -> Self {
        let listener = Self {
            connections: Arc::new(Connections::new(cap, metrics.clone())),
            context: Arc::new(context),
            accepting: TaskTracker::new(),
            serving: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        let acceptor = Acceptor {
            socket,
            connections: Arc::clone(&listener.connections),
            context: Arc::clone(&listener.context),
            serving: listener.serving.clone(),
            metrics,
        };
        listener.accepting.spawn(acceptor.run(listener.stop.clone()));
        listener.accepting.close();
        listener
    }

    /// Closes the socket and the idle connections, and waits until the others are done.
    pub(super) async fn drain(&self) {
        self.stop.cancel();
        self.accepting.wait().await;
        self.context.drain.cancel();
        self.serving.close();
        self.serving.wait().await;
    }

    /// Ends everything now, and returns how many connections that cut off.
    pub(super) async fn abort(&self) -> usize {
        self.stop.cancel();
        let cut_off = self.connections.count();
        self.context.abort.cancel();
        self.serving.close();
        let ended = async {
            self.accepting.wait().await;
            self.serving.wait().await;
        };
        let _ = timeout(AT_ONCE, ended).await;
        cut_off
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.cancel();
        self.context.abort.cancel();
    }
}

struct Acceptor {
    socket: TcpListener,
    connections: Arc<Connections>,
    context: Arc<ConnectionContext>,
    serving: TaskTracker,
    metrics: ListenerMetrics,
}

impl Acceptor {
    /// Accepts until it is told to stop, then takes those that had connected by then, and closes the socket.
    async fn run(self, stop: CancellationToken) {
        let throttle = LogThrottle::default();
        let mut pause = FIRST_PAUSE;
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok(accepted) => {
                    pause = FIRST_PAUSE;
                    tokio::select! {
                        biased;
                        () = self.serve(accepted) => {}
                        () = stop.cancelled() => break,
                    }
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    self.metrics.accept_failures.inc();
                    let listener = self.metrics.name;
                    throttle.warn(|left_out| {
                        tracing::error!(listener, %error, left_out, "can't accept connections, retrying");
                    });
                    // If it is for want of descriptors, this frees one.
                    self.connections.displace();
                    tokio::select! {
                        () = stop.cancelled() => break,
                        () = sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                    }
                }
            }
        }
        while let Some(Ok(accepted)) = self.socket.accept().now_or_never() {
            if self.serve(accepted).now_or_never().is_none() {
                break;
            }
        }
    }

    /// Serves the connection in a task of its own, as soon as it is admitted.
    async fn serve(&self, (stream, client): (TcpStream, SocketAddr)) {
        let guard = self.connections.admit().await;
        self.serving.spawn(connection::serve(stream, client, guard, Arc::clone(&self.context)));
    }
}

/// Whether the error is about a client that went away before it was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
