//! The end-to-end tests' way to a control plane.

#![expect(dead_code, reason = "the tests use all of it")]
#![expect(clippy::expect_used, clippy::panic, reason = "a control plane that does not start ends the run")]

#[path = "../../tests/e2e/harness/api.rs"]
pub mod api;
#[path = "../../tests/e2e/harness/assets.rs"]
pub mod assets;
#[path = "../../tests/e2e/harness/cluster.rs"]
pub mod cluster;
#[path = "../../tests/e2e/harness/control_plane.rs"]
pub mod control_plane;
#[path = "../../tests/e2e/harness/http.rs"]
pub mod http;
#[path = "../../tests/e2e/harness/kubectl.rs"]
pub mod kubectl;
#[path = "../../tests/e2e/harness/pki.rs"]
pub mod pki;
#[path = "../../tests/e2e/harness/process.rs"]
pub mod process;
#[path = "../../tests/e2e/harness/wait.rs"]
pub mod wait;
#[path = "../../tests/e2e/harness/world.rs"]
pub mod world;
