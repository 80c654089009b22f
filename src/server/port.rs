//! One listener and everything that it brought.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::accept::Acceptor;
use super::activity::Order;
use super::connection::Common;
use super::connections::Connections;
use super::metrics::Listener;

/// How long tasks that were told to end at once may take.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A port that is served. Dropped, it ends at once, with all its connections.
#[derive(Debug)]
pub(super) struct Port {
    connections: Arc<Connections>,
    /// The accept loop, and with it the listener.
    accepting: TaskTracker,
    serving: TaskTracker,
    stop: CancellationToken,
}

impl Port {
    /// Serves the listener in the background.
    pub(super) fn open(listener: TcpListener, common: Common, cap: usize, metrics: Listener) -> Self {
        let connections = Arc::new(Connections::new(cap, metrics.clone()));
        let (accepting, serving, stop) = (TaskTracker::new(), TaskTracker::new(), CancellationToken::new());
        let acceptor = Acceptor {
            listener,
            connections: Arc::clone(&connections),
            common: Arc::new(common),
            tasks: serving.clone(),
            metrics,
        };
        accepting.spawn(acceptor.run(stop.clone()));
        accepting.close();
        Self { connections, accepting, serving, stop }
    }

    /// From now on each answer is the last of its connection, so that its client comes again elsewhere.
    pub(super) fn announce_the_end(&self) {
        self.connections.tell_all(Order::LastAnswer);
    }

    /// Closes the listener and the idle connections, and waits until the others are done.
    pub(super) async fn drain(&self) {
        self.stop.cancel();
        self.accepting.wait().await;
        self.connections.tell_all(Order::Drain);
        self.serving.close();
        self.serving.wait().await;
    }

    /// Ends everything now, and tells how many connections that cut off.
    pub(super) async fn abort(&self) -> usize {
        self.stop.cancel();
        let cut_off = self.connections.count();
        self.connections.tell_all(Order::Abort);
        self.serving.close();
        let _ = timeout(AT_ONCE, async {
            self.accepting.wait().await;
            self.serving.wait().await;
        })
        .await;
        cut_off
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.stop.cancel();
        self.connections.tell_all(Order::Abort);
    }
}
