//! The admission webhook for Harvester's `vm-migration-network` setting.
//!
//! The [`server`] receives an `AdmissionReview` from the API server; the command line ([`cli`]) reads files of a user. Both
//! call [`admission`], which reads the request, runs the rules of [`setting`] on the [`setting::Facts`] that [`cluster`]
//! keeps from watches or files, and returns one [`admission::Decision`]. An offline verdict is therefore the verdict of
//! the server. [`suite`] compares verdicts with what a user expects, and [`report`] writes results for CI systems.
//! `docs/architecture.md` lists every room.

pub mod admission;
mod api_call;
mod ca;
pub mod cli;
pub mod cluster;
mod escape;
#[cfg(test)]
mod fake_api_server;
#[cfg(fuzzing)]
#[path = "../tests/fuzz/inside/mod.rs"]
pub mod fuzz;
mod harvester;
mod input;
mod manifest;
mod observe;
mod page;
mod plan;
mod pool;
mod registration;
pub mod reload;
mod report;
pub mod server;
pub mod setting;
mod status;
mod suite;
mod x509;
