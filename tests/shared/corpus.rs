//! The corpus: cases with whole cluster states, what must come of each, and the one place that compares.
//!
//! `cases.json` holds the documented cases, `chosen.json` those picked from a large number of generated ones; how they
//! were picked is in `tests/fixtures/README.md`.
#![allow(dead_code, reason = "each test crate uses a part of it")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use migration_network_webhook::cluster::files;
use migration_network_webhook::setting::Facts;
use serde_json::{Value, json};

pub(crate) const NAME: &str = "vm-migration-network";

/// One review and what is expected of it.
pub(crate) struct Case {
    pub(crate) id: String,
    /// The review as the API server sends it to `/mutate`.
    pub(crate) review: Value,
    /// The cluster state, as a file.
    pub(crate) cluster: PathBuf,
    /// The facts in that file.
    pub(crate) facts: Facts,
    /// The case as it was written down.
    pub(crate) expected: Value,
}

/// What came of a case in one layer. `None` is what the layer does not show.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) code: u64,
    /// `value` and `default` as they would be stored.
    pub(crate) stored: Option<[String; 2]>,
    /// The rules that refused, each with its field.
    pub(crate) causes: Option<BTreeSet<(String, String)>>,
    pub(crate) rules: BTreeSet<String>,
    pub(crate) fields: BTreeSet<String>,
    pub(crate) warning_kinds: Option<BTreeSet<String>>,
    pub(crate) warnings: usize,
    /// The whole text of a refusal.
    pub(crate) text: String,
}

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

pub(crate) fn text(name: &str) -> String {
    fs::read_to_string(fixture(name)).unwrap()
}

/// Every case: first the documented, then the chosen ones.
pub(crate) fn corpus() -> Vec<Case> {
    let mut clusters: BTreeMap<PathBuf, Facts> = BTreeMap::new();
    let mut case = |expected: Value| {
        let cluster = fixture(&format!("clusters/{}.yaml", expected["cluster"].as_str().unwrap()));
        let load = || files::load(std::slice::from_ref(&cluster)).unwrap().facts;
        let facts = clusters.entry(cluster.clone()).or_insert_with(load).clone();
        Case { id: expected["id"].as_str().unwrap().to_owned(), review: review(&expected), cluster, facts, expected }
    };
    let all = ["cases.json", "chosen.json"].map(|name| serde_json::from_str::<Vec<Value>>(&text(name)).unwrap());
    all.into_iter().flatten().map(&mut case).collect()
}

/// The cases with these ids, in this order.
pub(crate) fn sample(ids: &[&str]) -> Vec<Case> {
    let mut cases: BTreeMap<String, Case> = corpus().into_iter().map(|case| (case.id.clone(), case)).collect();
    ids.iter().map(|id| cases.remove(*id).unwrap_or_else(|| panic!("no case {id}"))).collect()
}

/// The review that the API server would send.
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
        if key == "name" {
            for object in ["object", "oldObject"] {
                if request[object].is_object() {
                    request[object]["metadata"]["name"] = value.clone();
                }
            }
        }
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
fn mentions(text: &str, word: &str) -> bool {
    let (text, word) = (text.to_lowercase().replace(NAME, ""), word.to_lowercase());
    let boundary = |char: Option<char>| !char.is_some_and(char::is_alphanumeric);
    text.match_indices(&word)
        .any(|(at, _)| boundary(text[..at].chars().next_back()) && boundary(text[at + word.len()..].chars().next()))
}

fn strings(list: &Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

impl Case {
    pub(crate) fn is_allowed(&self) -> bool {
        self.expected["expect"] == "allow"
    }

    /// Whether the case is about another object than the guarded Setting.
    pub(crate) fn is_of_another_object(&self) -> bool {
        self.expected["kind"] == "other"
    }

    /// What is wrong with the outcome; empty when nothing is.
    pub(crate) fn faults(&self, seen: &Outcome) -> Vec<String> {
        let expected = &self.expected;
        let mut faults = Vec::new();
        let mut check = |what: &str, seen: Value, expected: Value| {
            if seen != expected {
                faults.push(format!("{}: {what}: {seen}, expected {expected}", self.id));
            }
        };
        let refusal = if expected["operation"] == "DELETE" { 405 } else { 422 };
        let code = expected["code"].as_u64().unwrap_or(if self.is_allowed() { 200 } else { refusal });
        check("code", seen.code.into(), code.into());
        if let Some([value, default]) = &seen.stored {
            check("value", value.as_str().into(), expected["expect_value"].clone());
            if let Some(text) = expected.get("expect_default") {
                check("default", default.as_str().into(), text.clone());
            }
        }
        check("whether it is stored", seen.stored.is_some().into(), self.is_allowed().into());
        if let Some(kinds) = expected.get("warnings").filter(|_| self.is_allowed()) {
            let kinds = strings(kinds);
            check("number of warnings", seen.warnings.into(), kinds.len().into());
            if let Some(seen) = &seen.warning_kinds {
                check("warnings", json!(seen), json!(kinds));
            }
        }
        // The text about deletion is one and the same, and is tested with the answers.
        for word in strings(&expected["deny_mentions"]).into_iter().filter(|_| code == 422) {
            check(&format!("mention of {word}"), mentions(&seen.text, &word).into(), true.into());
        }
        if self.is_allowed() || expected.get("fields").is_some() {
            let none = json!([]);
            let pairs = expected.get("fields").unwrap_or(&none);
            let pairs: BTreeSet<(String, String)> = serde_json::from_value(pairs.clone()).unwrap();
            if let Some(seen) = &seen.causes {
                check("causes", json!(seen), json!(pairs));
            }
            check("rules", json!(seen.rules), json!(pairs.iter().map(|(rule, _)| rule).collect::<BTreeSet<_>>()));
            check("fields", json!(seen.fields), json!(pairs.iter().map(|(_, field)| field).collect::<BTreeSet<_>>()));
        }
        faults
    }
}
