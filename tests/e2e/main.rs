//! End to end: a real kube-apiserver and etcd, the real kubectl, our binary as a process, our manifests as shipped.
//!
//! `make e2e` runs all; `cargo test --test e2e -- NAME` some. The control plane comes from [`harness::assets`]; a missing
//! binary fails the run, nothing is skipped.
//!
//! # Writing a test
//!
//! ```ignore
//! #[test]
//! fn a_reserved_range_is_refused() {
//!     let cluster = Cluster::lease();              // a clean control plane, for this test alone
//!     cluster.apply_all(&world::healthy());        // nodes, cluster networks, what Harvester would have made
//!     let webhook = cluster.install(Install::default()); // our process, our manifests, in effect when this returns
//!     let run = cluster.kubectl(&["apply", "-f", "-"]).stdin(manifest("10.52.0.0/24")).run();
//!     assert_eq!(run.code, 1);
//! }
//! ```
//!
//! - [`Cluster::lease`](harness::Cluster::lease) waits for a control plane from a small pool, and empties it first.
//!   [`Cluster::fresh`](harness::Cluster::fresh) starts one with flags of its own.
//! - Fixtures go in through [`Api`](harness::api::Api), as JSON; what a user would do goes through
//!   [`Kubectl`](harness::kubectl::Kubectl), and its whole output is worth asserting.
//! - Nothing sleeps and hopes: [`eventually`](harness::eventually) polls until a deadline and then says what it saw last.
//! - Whatever was started is killed when its value is dropped, and at the latest when this process ends, however it does.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests assert by panicking, and so does what they stand on"
)]
#![expect(unreachable_pub, reason = "a test binary exports nothing: pub is what a module offers to the others")]

mod addon;
mod audit;
mod bytes;
mod capture;
mod chart;
mod clients;
mod control_plane;
mod deletion;
mod gitops;
#[expect(dead_code, reason = "the tests on real nodes use the rest")]
mod harness;
mod kubeconfig;
mod live;
mod mounted_ca;
mod operations;
mod own_ca;
mod plan;
mod plugin;
mod previews;
mod rbac;
mod registration;
mod rival;
mod rollout;
mod rules;
mod scope;
mod status;
mod suites;
#[path = "../shared/tunnel.rs"]
mod tunnel;
mod warnings;
mod writers;
