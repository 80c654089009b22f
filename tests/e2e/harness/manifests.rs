//! Our manifests as a user renders them.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::assets::repository;
use super::kubectl::Kubectl;
use super::process::scratch;

/// The overlays, by directory.
pub const OVERLAYS: [&str; 3] = ["harvester", "self-managed", "cert-manager"];

/// An overlay's objects, in the order in which kustomize puts them.
pub fn render(overlay: &str) -> Vec<Value> {
    static RENDERED: Mutex<BTreeMap<String, Vec<Value>>> = Mutex::new(BTreeMap::new());
    let mut rendered = RENDERED.lock().unwrap_or_else(PoisonError::into_inner);
    let objects = rendered.entry(overlay.to_owned()).or_insert_with(|| documents(&render_text(overlay)));
    objects.clone()
}

/// An overlay as `kubectl kustomize` prints it.
pub fn render_text(overlay: &str) -> String {
    let path = repository().join("manifests/overlays").join(overlay);
    offline().command(["kustomize".as_ref(), path.as_os_str()]).ok()
}

/// An overlay with components added, as the comment in it says to do: the YAML that prints.
pub fn render_with_components(overlay: &str, components: &[&str]) -> String {
    let root = scratch("kustomize").join("manifests");
    copy(&repository().join("manifests"), &root);
    let directory = root.join("overlays").join(overlay);
    let path = directory.join("kustomization.yaml");
    let mut text = fs::read_to_string(&path).expect("a kustomization");
    for component in components {
        let line = format!("  # - ../../components/{component}\n");
        assert!(text.contains(&line), "{overlay} does not offer the component {component}");
        text = text.replace(&line, &line.replace("# ", "")).replace("components: []\n", "components:\n");
    }
    fs::write(&path, text).expect("a written file");
    offline().command(["kustomize".as_ref(), directory.as_os_str()]).ok()
}

/// The documents of a YAML stream.
pub fn documents(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).expect("YAML")
}

/// The one object of this kind.
pub fn only<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let found: Vec<&Value> = objects.iter().filter(|object| object["kind"] == kind).collect();
    assert_eq!(found.len(), 1, "objects of kind {kind}");
    found[0]
}

fn offline() -> Kubectl {
    Kubectl::new("/nowhere/kubeconfig".into())
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a readable directory") {
        let entry = entry.expect("a readable entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
