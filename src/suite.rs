//! Policy suites: cases of what the webhook must allow and refuse, and why, run as the API server would ask.
//!
//! A suite names a cluster once; a case says what is submitted, what its cluster has more or less, and what must
//! come of it. Nothing passes for want of being looked at: a case that the registered webhook would never be sent,
//! or that says `refused` without a reason, fails like one whose verdict is another.

use std::path::Path;
use std::sync::Arc;

use ipnet::Ipv4Net;

use crate::cluster::files::Base;
use crate::setting::RuleSet;

mod at;
mod block;
mod case;
mod compare;
pub mod coverage;
mod error;
mod expectation;
mod format;
mod read;
mod run;
mod schema;
mod seen;

pub use case::Case;
pub use coverage::Tally;
pub use error::Error;
pub use expectation::compile;
pub use read::read;
pub use schema::schema;

/// A suite, read and ready to run.
pub struct Suite {
    /// Its file, as the user named it.
    pub path: Arc<Path>,
    /// The cases, in the order of the file.
    pub cases: Vec<Case>,
    base: Base,
    warn: RuleSet,
    reserved: Option<Vec<Ipv4Net>>,
}
