//! The ground under the other tests.

use crate::harness::Cluster;

#[test]
fn the_control_plane_is_the_pinned_one() {
    let cluster = Cluster::lease();
    let version = cluster.api.get("/version").unwrap();
    assert_eq!(version["gitVersion"], "v1.35.4");
    let printed = cluster.kubectl(["version"]).run();
    assert_eq!(printed.stderr, "");
    assert!(printed.stdout.starts_with("Client Version: v1.35.4\n"), "{printed}");
}
