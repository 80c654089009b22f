//! The TLS server.
