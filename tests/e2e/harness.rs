//! What the tests stand on: processes, a control plane, kubectl, manifests, fixtures.

pub mod api;
pub mod assets;
pub mod cluster;
pub mod control_plane;
pub mod http;
pub mod install;
pub mod kubectl;
pub mod manifests;
pub mod pki;
pub mod process;
pub mod stub;
pub mod wait;
pub mod webhook;
pub mod world;

pub use api::Api;
pub use cluster::Cluster;
pub use control_plane::ControlPlane;
pub use kubectl::{Kubectl, Run};
pub use process::Process;
pub use wait::{PATIENCE, eventually};
