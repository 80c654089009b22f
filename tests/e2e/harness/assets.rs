//! Where etcd, kube-apiserver, kubectl and Helm come from.

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
    static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| built("envtest"));
    DIRECTORY.join(name)
}

/// The pinned Helm of this major version, from `helm/build.sh`.
pub fn helm(major: u8) -> PathBuf {
    static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| built("helm"));
    DIRECTORY.join(format!("helm{major}"))
}

/// The pinned krew, from `tests/tools`.
pub fn krew() -> PathBuf {
    static PROGRAM: LazyLock<PathBuf> =
        LazyLock::new(|| printed(Command::new(repository().join("tests/tools/build.sh")).arg("krew")));
    PROGRAM.clone()
}

/// What a node runs besides a control plane, from `node/build.sh`.
pub fn node(name: &str) -> PathBuf {
    static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| built("node"));
    DIRECTORY.join(name)
}

/// The directory that a `build.sh` prints.
fn built(module: &str) -> PathBuf {
    printed(&mut Command::new(repository().join("tests/e2e").join(module).join("build.sh")))
}

fn printed(script: &mut Command) -> PathBuf {
    let output = script.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.unwrap_or_else(|error| panic!("{script:?}: {error}"));
    assert!(output.status.success(), "nothing to test with: {script:?} says why above");
    PathBuf::from(String::from_utf8(output.stdout).expect("a path in UTF-8").trim_end())
}

/// Our own binary, as cargo built it for this test, or the one that `WEBHOOK` names.
pub fn webhook() -> &'static Path {
    static NAMED: LazyLock<Option<PathBuf>> = LazyLock::new(|| std::env::var_os("WEBHOOK").map(PathBuf::from));
    NAMED.as_deref().unwrap_or(Path::new(env!("CARGO_BIN_EXE_migration-network-webhook")))
}
