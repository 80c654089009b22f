//! Where etcd, kube-apiserver and kubectl come from.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// The repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One of the pinned binaries.
///
/// `envtest/build.sh` knows where they are: in `KUBEBUILDER_ASSETS` when that is set, else in the user's cache, and it
/// builds them when they are not there. A missing one fails every test.
pub fn tool(name: &str) -> PathBuf {
    static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| {
        let output = Command::new(repository().join("tests/e2e/envtest/build.sh"))
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .expect("tests/e2e/envtest/build.sh runs");
        assert!(output.status.success(), "no control plane to test with: tests/e2e/envtest/build.sh says why above");
        PathBuf::from(String::from_utf8(output.stdout).expect("a path in UTF-8").trim_end())
    });
    DIRECTORY.join(name)
}

/// Our own binary, as cargo built it for this test.
pub fn webhook() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_migration-network-webhook"))
}
