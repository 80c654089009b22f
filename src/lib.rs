//! The admission webhook for Harvester's `vm-migration-network` setting.
//!
//! Bytes come in as an `AdmissionReview` (from the API server, by a server) or as files (from a
//! user, by the command line). [`admission`] reads them, asks [`setting`] what the value means and
//! which rules it breaks, given the [`setting::Facts`] that [`cluster`] folds from files or watches,
//! and answers with one [`admission::Decision`]. Server and command line call the same functions, so
//! what was checked offline is what the cluster will say. [`suite`] runs cases of what that must be, and
//! [`report`] writes results out for CI systems.

pub mod admission;
mod api_call;
pub mod ca;
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
