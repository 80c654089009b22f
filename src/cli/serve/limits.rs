//! The server's limits as flags.

use std::convert::Infallible;

use crate::cli::flags::{FlagBytes, FlagTime, replaced_by};
use crate::server::Limits;

/// Resource limits, per client and in total.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
    /// Maximum open connections. When the limit is reached, the longest-idle connection is closed for a new one; if none is
    /// idle, the new one waits
    #[arg(long, value_name = "N", default_value_t = Limits::default().connections, env = "MNW_MAX_CONNECTIONS", value_parser = count)]
    max_connections: usize,

    /// Maximum size of a request body; a larger one is rejected with 413
    #[arg(long, value_name = "BYTES", default_value_t = FlagBytes(Limits::default().body_bytes), env = "MNW_MAX_BODY_SIZE")]
    max_body_size: FlagBytes,

    /// Maximum size of all request bodies above 64 KiB in memory together; a further body waits, and is rejected with 503
    /// at its deadline
    #[arg(long, value_name = "BYTES", default_value_t = FlagBytes(Limits::default().body_bytes_total), env = "MNW_MAX_BODIES_SIZE")]
    max_bodies_size: FlagBytes,

    /// Maximum time from the head of a request to its answer. The API server's ?timeout= may shorten it: the answer is then
    /// sent a tenth of that time earlier, at most half a second
    #[arg(long, value_name = "TIME", default_value_t = FlagTime(Limits::default().request), env = "MNW_REQUEST_TIMEOUT")]
    request_timeout: FlagTime,

    /// Maximum time from the start or the last answer of a connection to its next request. Keep it above 90 s: the API
    /// server closes idle connections after 90 s, and does not retry a request on a connection that the server closes
    #[arg(long, value_name = "TIME", default_value_t = FlagTime(Limits::default().idle), env = "MNW_IDLE_TIMEOUT")]
    idle_timeout: FlagTime,

    #[command(flatten)]
    removed: RemovedLimitArgs,
}

/// Limits of earlier releases.
#[derive(Debug, clap::Args)]
struct RemovedLimitArgs {
    #[arg(long, hide = true, env = "MNW_MAX_OPS_CONNECTIONS", value_parser = replaced_by("--max-connections, which is for the webhook's port; the other has a fixed limit"))]
    max_ops_connections: Option<Infallible>,
    #[arg(long, hide = true, env = "MNW_MAX_HEADER_SIZE", value_parser = replaced_by("--max-body-size, which is for bodies; heads have a fixed limit"))]
    max_header_size: Option<Infallible>,
    #[arg(long, hide = true, env = "MNW_MAX_HEADERS", value_parser = replaced_by("--max-body-size, which is for bodies; heads have a fixed limit"))]
    max_headers: Option<Infallible>,
    #[arg(long, hide = true, env = "MNW_HANDSHAKE_TIMEOUT", value_parser = replaced_by("--idle-timeout"))]
    handshake_timeout: Option<Infallible>,
    #[arg(long, hide = true, env = "MNW_FIRST_REQUEST_TIMEOUT", value_parser = replaced_by("--idle-timeout"))]
    first_request_timeout: Option<Infallible>,
    #[arg(long, hide = true, env = "MNW_HEADER_TIMEOUT", value_parser = replaced_by("--idle-timeout"))]
    header_timeout: Option<Infallible>,
    #[arg(long, hide = true, env = "MNW_BODY_TIMEOUT", value_parser = replaced_by("--request-timeout"))]
    body_timeout: Option<Infallible>,
    #[arg(long, hide = true, env = "MNW_RESPONSE_TIMEOUT", value_parser = replaced_by("--idle-timeout"))]
    response_timeout: Option<Infallible>,
}

impl LimitArgs {
    pub(super) const fn limits(&self) -> Limits {
        Limits {
            connections: self.max_connections,
            body_bytes: self.max_body_size.0,
            body_bytes_total: self.max_bodies_size.0,
            request: self.request_timeout.0,
            idle: self.idle_timeout.0,
        }
    }
}

fn count(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|number| *number > 0).ok_or("must be a number from 1 on")
}
