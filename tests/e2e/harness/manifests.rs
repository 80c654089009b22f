//! Our manifests as a user renders them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

use super::assets::{self, repository};
use super::process::scratch;

/// The files of plain YAML that `make dist` renders.
pub const PLAIN: [&str; 4] = ["harvester", "self-managed", "cert-manager", "secret"];

/// A file's objects, in its order.
pub fn render(file: &str) -> Vec<Value> {
    static RENDERED: LazyLock<BTreeMap<&str, Vec<Value>>> =
        LazyLock::new(|| PLAIN.iter().map(|file| (*file, documents(&render_text(file)))).collect());
    RENDERED[file].clone()
}

/// A file as it is rendered.
pub fn render_text(file: &str) -> String {
    fs::read_to_string(rendered(&format!("{file}.yaml"))).expect("a rendered file")
}

/// A file beside the rendered ones, such as the packed chart.
pub fn rendered(name: &str) -> PathBuf {
    static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| {
        let directory = scratch("plain");
        let mut command = Command::new(repository().join("manifests/render"));
        let run = command.arg(&directory).env("HELM", assets::helm(4)).output().expect("manifests/render runs");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        directory
    });
    DIRECTORY.join(name)
}

/// The documents of a YAML stream.
pub fn documents(text: &str) -> Vec<Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).expect("YAML");
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

/// The one object of this kind.
pub fn only<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let found: Vec<&Value> = objects.iter().filter(|object| object["kind"] == kind).collect();
    assert_eq!(found.len(), 1, "objects of kind {kind}");
    found[0]
}
