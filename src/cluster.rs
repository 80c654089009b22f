//! Cluster state: [`Facts`](crate::setting::Facts) from watches or from files.
//!
//! [`index`] is the one place where resources become [`Facts`](crate::setting::Facts), so that a
//! verdict on files is the verdict of the cluster that they were captured from. What feeds it only
//! has to find the resources: [`files`] reads manifests, [`live`] asks an API server, and [`capture`] makes
//! files of what that said.

pub(crate) mod capture;
pub mod files;
pub mod index;
pub(crate) mod kinds;
pub(crate) mod live;
pub(crate) mod state;

pub use state::ClusterState;
