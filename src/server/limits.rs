//! Resource limits, per client and in total.

use std::time::Duration;

/// The limits that an operator may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Open connections to the webhook port.
    pub connections: usize,
    /// Bytes of one request body.
    pub body_bytes: usize,
    /// Bytes of all bodies above [`SMALL_BODY`] that are held at one time.
    pub body_bytes_total: usize,
    /// From the head of a request to its answer, the body included; less when the client asks for less.
    pub request: Duration,
    /// Between two requests of a connection, also before the first; a slow head falls under it too.
    pub idle: Duration,
}

/// Bodies up to this size take no share of [`Limits::body_bytes_total`]: all that a healthy cluster sends.
pub const SMALL_BODY: usize = 64 << 10;

/// Open connections to the port of health and metrics.
pub(super) const OPS_CONNECTIONS: usize = 64;
/// Bytes of a request's head.
pub(super) const HEAD_BYTES: usize = 16 << 10;
/// Header lines of a request.
pub(super) const HEADERS: usize = 100;

/// The most that a handshake takes.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The most that a client waits before it takes more of an answer.
const WRITE: Duration = Duration::from_secs(10);

impl Limits {
    pub(super) fn handshake(&self) -> Duration {
        HANDSHAKE.min(self.idle)
    }

    pub(super) fn write(&self) -> Duration {
        WRITE.min(self.idle)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            // An object may have 3 MiB, and a review carries the old one too.
            body_bytes: 7 << 20,
            body_bytes_total: 64 << 20,
            // The longest that an API server waits for a webhook.
            request: Duration::from_secs(30),
            // Above the 90 s after which the API server closes idle connections: it does not repeat a POST that met one
            // which was being closed.
            idle: Duration::from_mins(2),
        }
    }
}
