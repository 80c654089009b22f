//! The webhook as a server.

pub mod tls;
