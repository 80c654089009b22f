//! The decision on one `AdmissionRequest`: pure, and the same for the server and for files.

pub mod decision;
pub mod setting;

pub use crate::network::Policy;
pub use decision::{Decision, Mutation, Request, Verdict, decide};
pub use setting::Setting;

/// The URL path that a request came by, and so which half of the decision is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// `/mutate`: rewrite, then decide on the result.
    Mutate,
    /// `/validate`: decide on what came.
    Validate,
}
