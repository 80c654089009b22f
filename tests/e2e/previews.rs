//! `review -o kubectl` and its like: to the byte what the pinned kubectl prints, and what the API server tells the UI.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::api::Patch;
use crate::harness::{Guarded, assets, process, world};

/// The Setting, as the API knows it.
const SETTING: &str = "/apis/harvesterhci.io/v1beta1/settings/vm-migration-network";
/// What is stored before each change.
const STORED: &str = r#"{"clusterNetwork":"test-1","vlan":7,"range":"172.16.0.0/24"}"#;

/// A guarded cluster, and the same in a file.
struct Twin {
    cluster: Guarded,
    file: std::path::PathBuf,
}

impl Twin {
    fn new(stored: Option<&str>, breakage: &[Value]) -> Self {
        let mut objects = world::healthy();
        for object in breakage {
            let is_other = |other: &Value| {
                (&other["kind"], &other["metadata"]["name"]) != (&object["kind"], &object["metadata"]["name"])
            };
            objects.retain(is_other);
            objects.push(object.clone());
        }
        let setting = stored.map(world::ours);
        let cluster = Guarded::new(&objects, setting.as_ref());
        objects.extend(setting);
        let whereabouts = json!({"type": "Established", "status": "True"});
        objects.push(json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "ippools.whereabouts.cni.cncf.io"}, "status": {"conditions": [whereabouts]}
        }));
        let file = process::scratch("twin").join("cluster.json");
        fs::write(&file, json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string()).unwrap();
        Self { cluster, file }
    }

    /// What `review` says that the client would show.
    fn preview(&self, client: &str, manifest: &str) -> String {
        let file = self.file.with_file_name("input.json");
        fs::write(&file, manifest).unwrap();
        let mut command = Command::new(assets::webhook());
        command.args(["review", "-o", client, "--cluster"]).arg(&self.file).arg(&file).env_clear();
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    }

    /// Compares what is shown of a changed value.
    fn compare(&self, value: &str) {
        let patch = json!({"value": value});
        let arguments =
            ["patch", "settings.harvesterhci.io/vm-migration-network", "--type=merge", "--dry-run=server", "-p"];
        let shown = self.cluster.kubectl(arguments.into_iter().chain([&*patch.to_string()])).run();
        assert_eq!(self.preview("kubectl", &world::manifest(value)), shown.stderr, "{value}");
        if let Err(refusal) = self.cluster.api.patch(&format!("{SETTING}?dryRun=All"), Patch::Merge, &patch) {
            assert_eq!(self.preview("ui", &world::manifest(value)), format!("{}\n", refusal.message), "{value}");
        }
    }
}

#[test]
fn a_change_of_one_object() {
    let twin = Twin::new(Some(STORED), &[]);
    for value in [
        // One cause, several, two that are the same, none.
        r#"{"clusterNetwork":"vm-migration","vlan":4095,"range":"192.168.1.0/24"}"#,
        r#"{"clusterNetwork":"vm-migration","vlan":4095,"range":"192.168.1.1/24","exclude":["x","\u0007%s\"'"],"é":1}"#,
        r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24","a b":1,"a b":2}"#,
        "no JSON",
        // Allowed: with warnings and without.
        r#"{"vlan":100,"clusterNetwork":"mgmt","range":"192.168.1.0/30"}"#,
        r#"{"vlan":7,"clusterNetwork":"test-1","range":"172.16.0.0/24"}"#,
        r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24"}"#,
        "",
    ] {
        twin.compare(value);
    }
    let many = vec!["\"x\""; 60].join(",");
    twin.compare(&format!(
        r#"{{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24","exclude":[{many}]}}"#
    ));
}

#[test]
fn a_change_in_a_cluster_in_which_nothing_is_right() {
    let twin = Twin::new(Some(STORED), &world::breakage());
    twin.compare(world::DOCUMENTED);
    // Switching off is refused by another webhook, whose name shows.
    twin.compare("");
}

#[test]
fn a_first_object_and_a_deletion() {
    let twin = Twin::new(None, &[]);
    let manifest = world::manifest(r#"{"clusterNetwork":"vm-migration","vlan":4095,"range":"192.168.1.1/24"}"#);
    let shown = twin.cluster.kubectl(["apply", "--server-side", "-f", "-"]).stdin(&*manifest).run();
    assert_eq!(twin.preview("kubectl", &manifest), shown.stderr);

    let stored = world::ours(STORED);
    twin.cluster.store(&stored);
    let shown = twin.cluster.kubectl(["delete", "settings.harvesterhci.io", "vm-migration-network"]).run();
    let deletion = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "operation": "DELETE", "name": "vm-migration-network",
        "resource": {"group": "harvesterhci.io", "version": "v1beta1", "resource": "settings"}, "oldObject": stored,
    }});
    assert_eq!(twin.preview("kubectl", &deletion.to_string()), shown.stderr);
}

#[test]
fn several_objects_that_fail_together() {
    let twin = Twin::new(None, &[]);
    let manifests = [
        world::manifest(r#"{"clusterNetwork":"vm-migration","vlan":4095,"range":"192.168.1.1/24"}"#),
        world::manifest(r#"{"clusterNetwork":"nowhere","vlan":100,"range":"192.168.1.0/24"}"#),
    ]
    .join("\n");
    let documents = manifests.replace('\n', "\n---\n");
    let shown = twin.cluster.kubectl(["apply", "--server-side", "-f", "-"]).stdin(&*documents).run();
    assert_eq!(twin.preview("kubectl-many", &manifests), shown.stderr);
}
