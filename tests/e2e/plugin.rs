//! The plugin of kubectl: the archive and the manifest of a release, installed by krew and run by kubectl.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::assets::{self, repository};
use crate::harness::process::scratch;
use crate::harness::{Cluster, Run, world};

/// Runs one step of `manifests/release`.
fn release(arguments: &[&str]) {
    let run = Command::new(repository().join("manifests/release")).args(arguments).output().unwrap();
    assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
}

/// Where krew has put the plugin, from an archive with the binary under test.
fn installed() -> PathBuf {
    let arch = if env::consts::ARCH == "aarch64" { "arm64" } else { "amd64" };
    let [directory, root] = ["release", "krew"].map(scratch);
    let licences = directory.join("LICENCES");
    fs::write(&licences, "").unwrap();
    let [directory, binary, licences] =
        [&*directory, assets::webhook(), &*licences].map(|path| path.to_str().unwrap().to_owned());
    release(&["archive", &directory, arch, &binary, &licences]);
    release(&["krew", &directory, "https://project.example/migration-network-webhook"]);
    let archive = format!("{directory}/migration-network-webhook-{}-linux-{arch}.tar.gz", env!("CARGO_PKG_VERSION"));
    let run = Command::new(assets::krew())
        .env("KREW_ROOT", &root)
        .args(["install", &format!("--manifest={directory}/migration-network.yaml"), &format!("--archive={archive}")])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    root.join("bin")
}

/// kubectl, which finds its plugins in `PATH`.
fn kubectl(cluster: &Cluster, plugins: &Path, arguments: &[&str]) -> Run {
    let path = env::join_paths([plugins, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    cluster.kubectl(arguments).env("PATH", path).run()
}

#[test]
fn kubectl_runs_it_under_its_own_name() {
    let cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    cluster.store(&world::ours(world::CANONICAL));
    let plugins = installed();

    let listed = kubectl(&cluster, &plugins, &["plugin", "list"]);
    assert_eq!(listed.code, 0, "{listed}");
    assert!(listed.stdout.contains("/kubectl-migration_network\n"), "{listed}");

    let version = kubectl(&cluster, &plugins, &["migration-network", "--version"]);
    assert_eq!(version.stdout, concat!("migration-network-webhook ", env!("CARGO_PKG_VERSION"), "\n"));

    // Every help text names what the user has typed, and nothing else.
    let overview = kubectl(&cluster, &plugins, &["migration-network", "--help"]).stdout;
    assert!(overview.contains("\nUsage: kubectl migration-network <COMMAND>\n"), "{overview}");
    let commands: Vec<&str> = overview
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_once("  "))
        .map(|(command, _)| command)
        .filter(|command| command.starts_with(|first: char| first.is_ascii_lowercase()) && *command != "help")
        .collect();
    assert!(commands.contains(&"review") && commands.contains(&"serve"), "{commands:?}");
    for command in commands {
        let help = kubectl(&cluster, &plugins, &["migration-network", command, "--help"]).stdout;
        assert!(help.contains(&format!("Usage: kubectl migration-network {command} ")), "{help}");
        assert!(!help.contains("migration-network-webhook "), "{help}");
    }
    let wrong = kubectl(&cluster, &plugins, &["migration-network", "review", "--no-such-flag"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("\nUsage: kubectl migration-network review "), "{wrong}");

    // The cluster is the one of kubectl's own kubeconfig.
    let reordered =
        r#"{"vlan":100,"clusterNetwork":"vm-migration","range":"192.168.1.0/24","exclude":["192.168.1.100/32"]}"#;
    let file = scratch("manifest").join("setting.yaml");
    fs::write(&file, world::ours(reordered).to_string()).unwrap();
    let file = file.to_str().unwrap();
    let review = kubectl(&cluster, &plugins, &["migration-network", "review", "--kube", file]);
    assert_eq!((review.code, &*review.stderr), (0, ""), "{review}");
    assert!(review.stdout.contains("; run: kubectl migration-network canonicalize --write --kube "), "{review}");
    let prefix = world::CANONICAL.replace("192.168.1.0/24", "10.52.0.0/16");
    fs::write(file, world::ours(&prefix).to_string()).unwrap();
    let refused = kubectl(&cluster, &plugins, &["migration-network", "review", "--kube", file]);
    assert_eq!(refused.code, 1, "{refused}");

    // Advice too is what the user can run.
    cluster.api.apply(&world::vlan_status("vm-migration", world::NODES[1], "False"));
    let status = kubectl(&cluster, &plugins, &["migration-network", "status", "--kube"]);
    assert_eq!(status.code, 1, "{status}");
    assert!(status.stdout.contains("\n      kubectl migration-network explain vlan-status-not-ready\n"), "{status}");
    assert!(!status.stdout.contains("migration-network-webhook explain"), "{status}");
}
