//! Observes a cluster for [`status`](crate::status): live, or from files, captures and support bundles.
//!
//! Beside the facts of the rules, which come from where they come for every command, a few more kinds are read, each only
//! as far as a check looks at it.

use crate::setting::{Facts, Policy};
use crate::status::Observed;

mod capture;
mod files;
mod kinds;
mod live;
#[cfg(test)]
mod tests;

pub use capture::files as capture_files;
pub use files::load;
pub use live::{LiveObservation, observe};

/// A cluster at one time.
#[derive(Clone, Debug)]
pub struct Observation {
    pub facts: Facts,
    /// The operator's choices that were captured with it.
    pub policy: Option<Policy>,
    pub observed: Observed,
}
