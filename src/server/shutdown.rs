//! Shutdown: graceful on the first signal, immediate on the second.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Asks a server to end. Clones ask the same server.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    pub(super) begun: CancellationToken,
    pub(super) aborted: CancellationToken,
}

impl Shutdown {
    /// Asks it to finish what is under way; once more, to drop it.
    pub fn request(&self) {
        if self.has_begun() {
            self.aborted.cancel();
        }
        self.begun.cancel();
    }

    /// Whether it was asked for.
    pub fn has_begun(&self) -> bool {
        self.begun.is_cancelled()
    }
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutdownOutcome {
    /// All that was under way was answered.
    Drained,
    /// The deadline came first, and cut off this many connections.
    CutOff(usize),
    /// It was asked to end at once, and cut off this many connections.
    Aborted(usize),
}

/// The signals by which a process is asked to end.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on, and so takes away their usual effect.
    pub fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Passes each on.
    pub async fn forward(mut self, shutdown: Shutdown) {
        loop {
            let name = tokio::select! {
                _ = self.terminate.recv() => "SIGTERM",
                _ = self.interrupt.recv() => "SIGINT",
            };
            let again = shutdown.has_begun();
            tracing::info!(
                signal = name,
                "{}",
                if again { "stopping immediately" } else { "shutting down; signal again to stop immediately" }
            );
            shutdown.request();
        }
    }
}
