//! The ground under the other tests.

use std::env;
use std::fs;

use regex_lite::Regex;

use crate::harness::Cluster;
use crate::harness::assets::repository;

#[test]
fn the_control_plane_is_the_pinned_one() {
    let modules = repository().join("tests/e2e/envtest").join(env::var_os("KUBERNETES").unwrap_or_default());
    let modules = fs::read_to_string(modules.join("go.mod")).unwrap();
    let pin = Regex::new(r"(?m)^\s*k8s\.io/kubernetes (v\S+)").unwrap();
    let pin = &pin.captures(&modules).expect("a pinned Kubernetes")[1];
    let cluster = Cluster::lease();
    let version = cluster.api.get("/version").unwrap();
    assert_eq!(version["gitVersion"], pin);
    let printed = cluster.kubectl(["version"]).run();
    assert_eq!(printed.stderr, "");
    assert!(printed.stdout.starts_with(&format!("Client Version: {pin}\n")), "{printed}");
}
