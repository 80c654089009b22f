//! The kept cases: each an `AdmissionReview`, the facts by which it is judged, and what is expected of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use migration_network_webhook::cluster::{files, fold::Fold, resources};
use migration_network_webhook::setting::Facts;
use serde_json::{Value, json};

pub(crate) const NAME: &str = "vm-migration-network";

/// One review and what is expected of it.
pub(crate) struct Case {
    /// The review as the API server sends it to `/mutate`.
    pub(crate) review: Value,
    /// The facts by which it is judged.
    pub(crate) facts: Facts,
    /// What must come of it, as the case was written down.
    pub(crate) expected: Value,
}

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

pub(crate) fn text(name: &str) -> String {
    fs::read_to_string(fixture(name)).unwrap()
}

/// The cases that documents and defects gave, each with its review on disk.
pub(crate) fn documented() -> Vec<Case> {
    let cases: Vec<Value> = serde_json::from_str(&text("cases.json")).unwrap();
    let mut clusters: BTreeMap<String, Facts> = BTreeMap::new();
    let case = |expected: Value| {
        let cluster = expected["cluster"].as_str().unwrap();
        let load = || files::load(&[fixture(cluster)]).unwrap().facts;
        let facts = clusters.entry(cluster.to_owned()).or_insert_with(load).clone();
        let review = serde_json::from_str(&text(expected["review"].as_str().unwrap())).unwrap();
        Case { review, facts, expected }
    };
    cases.into_iter().map(case).collect()
}

/// The cases that were made in numbers.
pub(crate) fn generated() -> Vec<Case> {
    let all: Value = serde_json::from_str(&text("generated.json")).unwrap();
    let facts = |objects: &Value| {
        let mut fold = Fold::default();
        for object in objects.as_array().unwrap() {
            let kind = resources::fact_kind(object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap());
            fold.insert(kind.unwrap(), object, None).unwrap();
        }
        fold.facts()
    };
    let clusters = all["clusters"].as_object().unwrap();
    let clusters: BTreeMap<&str, Facts> = clusters.iter().map(|(name, it)| (name.as_str(), facts(it))).collect();
    let case = |expected: &Value| Case {
        review: review(expected),
        facts: clusters[expected["cluster"].as_str().unwrap()].clone(),
        expected: expected.clone(),
    };
    all["cases"].as_array().unwrap().iter().map(case).collect()
}

/// The review that a generated case stands for.
fn review(case: &Value) -> Value {
    let mut request = json!({
        "uid": format!("0000-{}", case["id"].as_str().unwrap()),
        "kind": {"group": "harvesterhci.io", "version": "v1beta1", "kind": "Setting"},
        "resource": {"group": "harvesterhci.io", "version": "v1beta1", "resource": "settings"},
        "name": NAME,
        "operation": case["operation"],
        "userInfo": {"username": "admin", "groups": ["system:authenticated"]},
        "object": object(&case["new"]),
        "oldObject": object(&case["old"]),
        "dryRun": false
    });
    if case["collection"] == true {
        request.as_object_mut().unwrap().remove("name");
    }
    for (key, value) in case["request"].as_object().into_iter().flatten() {
        request[key] = value.clone();
    }
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
}

fn object(case: &Value) -> Value {
    if case.is_null() {
        return Value::Null;
    }
    let mut object = json!({"apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting", "metadata": {"name": NAME}});
    for (key, value) in case.as_object().unwrap() {
        match (key.as_str(), value.as_object()) {
            ("metadata", Some(metadata)) => {
                metadata.iter().for_each(|(key, value)| object["metadata"][key] = value.clone());
            }
            _ => object[key] = value.clone(),
        }
    }
    object
}

/// Whether the text has the word as a word of its own.
pub(crate) fn mentions(text: &str, word: &str) -> bool {
    let (text, word) = (text.to_lowercase().replace(NAME, ""), word.to_lowercase());
    let boundary = |char: Option<char>| !char.is_some_and(char::is_alphanumeric);
    text.match_indices(&word)
        .any(|(at, _)| boundary(text[..at].chars().next_back()) && boundary(text[at + word.len()..].chars().next()))
}
