//! On real nodes: kubelet, containerd, kube-proxy and the controllers run our image, installed by the real Helm.
//!
//! `make e2e-node` runs all; it needs root and some Debian packages, and says which. The tests run one after the other, in
//! the order of their names, in one cluster in namespaces of its own (`node/box`). While something is done to the webhook,
//! the Setting is changed every 30 ms through the API server. What became of these changes is a line of the table that
//! [`report`](node::report) writes to `target/tmp/node.md`.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests assert by panicking, and so does what they stand on"
)]
#![expect(unreachable_pub, reason = "a test binary exports nothing: pub is what a module offers to the others")]

#[expect(dead_code, unused_imports, reason = "the tests without a node use all of it")]
mod harness;
mod node {
    pub mod changes;
    pub mod lab;
    pub mod machine;
    pub mod report;

    mod certificates;
    mod disturbances;
    mod installation;
    mod moving;
    mod network_policy;
    mod upgrades;
    mod with_a_second_node;
}
