//! Why a connection ended: a metric label.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// The client closed it, or the network broke it.
    Client,
    /// The server had answered with `Connection: close`.
    Answered,
    HandshakeTimeout,
    HandshakeFailed,
    /// The client did not send a request in time.
    IdleTimeout,
    /// The client did not take its answer in time.
    ResponseTimeout,
    /// What the client sent is not HTTP.
    ProtocolError,
    /// A new connection took its place.
    Displaced,
    /// The server shuts down, and the connection was idle.
    Drained,
    /// The server shut down and did not wait longer.
    Aborted,
}

impl CloseReason {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Answered => "answered",
            Self::HandshakeTimeout => "handshake-timeout",
            Self::HandshakeFailed => "handshake-failed",
            Self::IdleTimeout => "idle-timeout",
            Self::ResponseTimeout => "response-timeout",
            Self::ProtocolError => "protocol-error",
            Self::Displaced => "displaced",
            Self::Drained => "drained",
            Self::Aborted => "aborted",
        }
    }
}
