//! What a client may take of the server.

use std::time::Duration;

/// The bounds of everything that a stranger could make grow or last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at one time.
    pub connections: usize,
    /// Connections to the second port open at one time.
    pub ops_connections: usize,
    /// Bytes of one request's body.
    pub body_bytes: usize,
    /// Bytes of all larger bodies that are held at one time; see [`SMALL_BODY`].
    pub body_bytes_total: usize,
    /// Bytes of a request's head.
    pub header_bytes: usize,
    /// Header lines of a request.
    pub headers: usize,
    /// From the connection to the end of the TLS handshake.
    pub handshake: Duration,
    /// From the handshake to the first byte of the first request.
    pub first_request: Duration,
    /// From the first byte of a request to the end of its head.
    pub head: Duration,
    /// From the end of the head to the end of the body.
    pub body: Duration,
    /// From the end of the head to the answer; less when the client asks for less.
    pub request: Duration,
    /// From the answer to when the client has taken all of it.
    pub response: Duration,
    /// Between two requests of a connection.
    pub idle: Duration,
}

/// Bodies up to this size are held and judged without asking for room: all that a healthy cluster sends.
pub const SMALL_BODY: usize = 64 << 10;

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connections: 512,
            ops_connections: 64,
            // An object may have 3 MiB, a review carries the old one too.
            body_bytes: 7 << 20,
            body_bytes_total: 64 << 20,
            header_bytes: 16 << 10,
            headers: 100,
            handshake: seconds(10),
            first_request: seconds(10),
            head: seconds(10),
            body: seconds(10),
            // The API server's own most for a webhook.
            request: seconds(30),
            response: seconds(10),
            // Above the 90 s after which the API server closes idle connections: it does not send a POST again that met
            // one which was being closed.
            idle: seconds(120),
        }
    }
}
