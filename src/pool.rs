//! The addresses of a range: which of them Whereabouts has given to whom, and what the others are.
//!
//! Addresses are intervals, never enumerated: a /16 costs what is in it.

mod allocations;
mod map;

pub use allocations::{PoolSpec, TakenAddress, WhereaboutsPool};
pub use map::{AddressMap, AddressUse, Mark};

use ipnet::Ipv4Net;

/// Where Whereabouts keeps its pools.
pub const KUBE_SYSTEM: &str = "kube-system";

/// The name of the `IPPool` of a range. Every `NetworkAttachmentDefinition` with the range shares it.
pub fn pool_name(range: Ipv4Net) -> String {
    range.trunc().to_string().replace('/', "-")
}
