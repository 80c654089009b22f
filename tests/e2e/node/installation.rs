//! From nothing to a refusal, and back to nothing.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::changes::{CALM, Changes};
use super::lab::{chart, installed, lease};
use super::report;
use crate::harness::assets::{self, repository};
use crate::harness::install::NAME;
use crate::harness::manifests::rendered;
use crate::harness::process::scratch;
use crate::harness::wait::eventually;

const REFUSAL: &str = "The Setting \"vm-migration-network\" is invalid";

/// The commands that the notes end with.
fn proof(notes: &str) -> Vec<&str> {
    let (_, proof) = notes.split_once("Prove that it works.").expect("it is in the notes");
    proof.lines().filter_map(|line| line.strip_prefix("  ")).collect()
}

/// Three times, with both Helms: the notes' last command is refused by a rule at once, without a second try.
#[test]
fn a_fresh_installation_is_proven_by_its_notes() {
    let mut faults = Vec::new();
    for major in [4, 3, 4] {
        let mut lab = lease();
        let args = ["install", NAME, "CHART", "--namespace", NAME, "--create-namespace"];
        let changes = Changes::start(&lab.plane.api);
        let notes = lab.helm(major).command(args).ok();
        for (command, expected) in proof(&notes).into_iter().zip([0, 1]) {
            let run = lab.plane.shell(command).run();
            assert_eq!(run.code, expected, "{command}\n{run}");
            assert_eq!(run.stderr.starts_with(REFUSAL), expected == 1, "{command}\n{run}");
        }
        let tally = changes.end();
        report::add(&format!("`helm install` (Helm {major})"), &tally);
        lab.keep();
        faults.push(tally);
    }
    // A registration without a server refuses: that is how it fails. Nothing else may be a reason.
    for tally in faults {
        assert!(tally.faults.keys().all(|reason| reason.starts_with("webhook: ")), "{tally:?}");
    }
}

/// The two ways that the README gives, word for word, from a checkout.
#[test]
fn the_lines_of_the_readme_install_it() {
    let page = fs::read_to_string(repository().join("README.md")).unwrap();
    let (_, section) = page.split_once("\n## Install\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let helm = section.lines().find(|line| line.starts_with("    helm install ")).unwrap().trim();
    let plain = "kubectl apply -f dist/harvester.yaml";
    assert!(section.contains(&format!("`{plain}`")), "{section}");

    let tools = scratch("tools");
    symlink(assets::helm(4), tools.join("helm")).unwrap();
    // What `make dist` leaves.
    let made = scratch("made");
    symlink(rendered("harvester.yaml").parent().unwrap(), made.join("dist")).unwrap();
    for (line, directory) in [(helm, repository()), (plain, &*made)] {
        let lab = lease();
        let (tools, directory) = (tools.display(), directory.display());
        lab.plane.shell(&format!("PATH={tools}:$PATH; cd '{directory}'; {line}")).ok();
        lab.rolled_out(NAME);
        let patch = ["patch", "settings.harvesterhci.io", "vm-migration-network", "--type=merge"];
        let refused = lab.plane.kubectl(patch.into_iter().chain(["-p", r#"{"value":"x"}"#, "--dry-run=server"])).run();
        assert!(refused.stderr.starts_with(REFUSAL), "{line}\n{refused}");
        lab.restarts(0);
    }
}

/// Nothing of the pods needs more than Kubernetes' strictest profile allows; their root can't be written to.
#[test]
fn pods_are_restricted() {
    let mut lab = installed(1);
    let pods = lab.pods();
    assert_eq!(pods.len(), 3);
    for pod in &pods {
        assert_eq!(pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"], true);
        let id = pod["status"]["containerStatuses"][0]["containerID"].as_str().unwrap();
        let id = id.strip_prefix("containerd://").unwrap();
        let info = lab.machines[0].run(&["ctr", "-n", "k8s.io", "containers", "info", id]);
        let info: Value = serde_json::from_str(&info).unwrap();
        let spec = &info["Spec"];
        assert_eq!(spec["root"]["readonly"], true);
        assert_eq!(spec["process"]["user"]["uid"], 65532);
        assert_eq!(spec["process"]["noNewPrivileges"], true);
        assert!(
            spec["process"]["capabilities"]
                .as_object()
                .is_none_or(|sets| sets.values().all(|set| set == &json!([]) || set.is_null()))
        );
        assert!(spec["linux"]["seccomp"].is_object());
    }
    // The namespace's label is the judge.
    let namespace = lab.plane.api.get(&format!("/api/v1/namespaces/{NAME}")).unwrap();
    assert_eq!(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
    lab.keep();
}

/// The registration goes first: no change is refused by a server that is gone.
#[test]
fn uninstalling_is_not_noticed() {
    for major in [3, 4] {
        let lab = lease();
        lab.install(major, &chart(), &[]);
        let changes = Changes::start(&lab.plane.api);
        std::thread::sleep(CALM);
        lab.helm(major).command(["uninstall", NAME, "--namespace", NAME, "--wait"]).ok();
        eventually("its pods are gone", super::lab::ROLLOUT, || match lab.pods() {
            pods if pods.is_empty() => Ok(()),
            pods => Err(pods.len()),
        });
        let tally = changes.end();
        report::add(&format!("`helm uninstall` (Helm {major})"), &tally);
        assert!(tally.faults.is_empty(), "{tally:?}");
    }
}
