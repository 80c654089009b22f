//! The coverage of a run, as reports show it.

use serde::Serialize;

/// What a run's cases reach of all that can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SuiteCoverage {
    pub reached: usize,
    pub points: usize,
    /// In whole percent, rounded down.
    pub percent: usize,
    /// The points that no case reaches, in words.
    pub missing: Vec<String>,
}
