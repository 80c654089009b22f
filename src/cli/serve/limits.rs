//! The server's limits as flags.

use std::time::Duration;

use crate::cli::size;
use crate::server::{Limits, duration};

/// What a client may take of the server.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
    /// Connections open at one time. At the cap a new one takes the place of the one that has been without a request
    /// for longest; while each has a request under way, it waits
    #[arg(long, value_name = "N", default_value = "512", env = "MNW_MAX_CONNECTIONS", value_parser = count)]
    max_connections: usize,

    /// The same for the second port
    #[arg(long, value_name = "N", default_value = "64", env = "MNW_MAX_OPS_CONNECTIONS", value_parser = count)]
    max_ops_connections: usize,

    /// Size of a request's body; a larger one is answered with 413
    #[arg(long, value_name = "BYTES", default_value = "7MiB", env = "MNW_MAX_BODY_SIZE", value_parser = size::parse)]
    max_body_size: usize,

    /// Size of all bodies above 64 KiB that are held at one time; what is more waits, and after its deadline is
    /// answered with 503
    #[arg(long, value_name = "BYTES", default_value = "64MiB", env = "MNW_MAX_BODIES_SIZE", value_parser = size::parse)]
    max_bodies_size: usize,

    /// Size of a request's head; a larger one is answered with 431
    #[arg(long, value_name = "BYTES", default_value = "16KiB", env = "MNW_MAX_HEADER_SIZE", value_parser = size::parse)]
    max_header_size: usize,

    /// Header lines of a request; more are answered with 431
    #[arg(long, value_name = "N", default_value = "100", env = "MNW_MAX_HEADERS", value_parser = count)]
    max_headers: usize,

    /// From the connection to the end of the TLS handshake
    #[arg(long, value_name = "TIME", default_value = "10s", env = "MNW_HANDSHAKE_TIMEOUT", value_parser = duration::parse)]
    handshake_timeout: Duration,

    /// From the handshake to the first byte of a request
    #[arg(long, value_name = "TIME", default_value = "10s", env = "MNW_FIRST_REQUEST_TIMEOUT", value_parser = duration::parse)]
    first_request_timeout: Duration,

    /// From the first byte of a request to the end of its head
    #[arg(long, value_name = "TIME", default_value = "10s", env = "MNW_HEADER_TIMEOUT", value_parser = duration::parse)]
    header_timeout: Duration,

    /// From the end of the head to the end of the body; then 408 is answered
    #[arg(long, value_name = "TIME", default_value = "10s", env = "MNW_BODY_TIMEOUT", value_parser = duration::parse)]
    body_timeout: Duration,

    /// From the end of the head to the answer. A request's own ?timeout= may shorten it: then the answer is due half a
    /// second, or a tenth, before that
    #[arg(long, value_name = "TIME", default_value = "30s", env = "MNW_REQUEST_TIMEOUT", value_parser = duration::parse)]
    request_timeout: Duration,

    /// From the answer to when the client has taken all of it
    #[arg(long, value_name = "TIME", default_value = "10s", env = "MNW_RESPONSE_TIMEOUT", value_parser = duration::parse)]
    response_timeout: Duration,

    /// Between two requests of a connection. Keep it above 90 s, after which the API server closes idle connections
    /// itself: it does not repeat a request that meets a connection being closed
    #[arg(long, value_name = "TIME", default_value = "2m", env = "MNW_IDLE_TIMEOUT", value_parser = duration::parse)]
    idle_timeout: Duration,
}

impl LimitArgs {
    pub(super) const fn limits(&self) -> Limits {
        Limits {
            connections: self.max_connections,
            ops_connections: self.max_ops_connections,
            body_bytes: self.max_body_size,
            body_bytes_total: self.max_bodies_size,
            header_bytes: self.max_header_size,
            headers: self.max_headers,
            handshake: self.handshake_timeout,
            first_request: self.first_request_timeout,
            head: self.header_timeout,
            body: self.body_timeout,
            request: self.request_timeout,
            response: self.response_timeout,
            idle: self.idle_timeout,
        }
    }
}

fn count(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "must be a number from 1 on".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn the_flags_have_the_defaults_of_the_server() {
        #[derive(Parser)]
        struct Flags {
            #[command(flatten)]
            limits: LimitArgs,
        }
        assert_eq!(Flags::parse_from(["serve"]).limits.limits(), Limits::default());
    }
}
