//! The server, from outside: over real TLS on the loopback interface, and as a process.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests assert by panicking")]

mod certificates;
mod client;
mod clients;
mod flags;
mod help;
mod hostile;
mod lifecycle;
mod limits;
mod metrics;
mod process;
mod requests;
#[path = "../shared/reviews.rs"]
mod reviews;
mod run;
mod served;
mod verdicts;
