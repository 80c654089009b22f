//! What the tests stand on: processes, a control plane, kubectl, manifests, fixtures.

pub mod api;
pub mod assets;
pub mod cluster;
pub mod command_line;
pub mod control_plane;
pub mod edit;
pub mod guarded;
pub mod helm;
pub mod http;
pub mod install;
pub mod kubectl;
pub mod line;
pub mod manifests;
pub mod pki;
pub mod process;
pub mod proxy;
pub mod stub;
pub mod traffic;
pub mod wait;
pub mod webhook;
pub mod world;

pub use cluster::{Cluster, Plane};
pub use guarded::Guarded;
pub use kubectl::Run;
pub use wait::{PATIENCE, eventually};
