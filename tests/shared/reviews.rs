//! The kept cases as `AdmissionReview`s, and what their answers must be.
//!
//! Who runs them finds a way to `/mutate` and `/validate`: a function, the router over TLS, a process.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use migration_network_webhook::cluster::{files, fold::Fold, resources};
use migration_network_webhook::network::Facts;
use migration_network_webhook::network::config::hash;
use serde_json::{Value, json};

const NAME: &str = "vm-migration-network";

/// One review and what is expected of it.
pub(crate) struct Case {
    /// The review as the API server sends it to `/mutate`.
    pub(crate) review: Value,
    /// The facts by which it is judged.
    pub(crate) facts: Facts,
    expected: Value,
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

/// The review as `/validate` gets it: with the patch of the response applied.
pub(crate) fn patched(review: &Value, response: &Value) -> Value {
    let mut review = review.clone();
    let Some(patch) = response["patch"].as_str() else { return review };
    assert_eq!(response["patchType"], "JSONPatch");
    let operations: Vec<Value> = serde_json::from_slice(&STANDARD.decode(patch).unwrap()).unwrap();
    for operation in operations {
        assert_eq!(operation["op"], "replace");
        let target = review["request"]["object"].pointer_mut(operation["path"].as_str().unwrap());
        *target.unwrap() = operation["value"].clone();
    }
    review
}

impl Case {
    /// What is wrong with the last response, to this review as it then was; empty when nothing is.
    ///
    /// `warnings` is how many distinct ones both responses had.
    pub(crate) fn faults(&self, review: &Value, response: &Value, warnings: usize) -> Vec<String> {
        let expected = &self.expected;
        let mut faults = Vec::new();
        let mut check = |what: &str, seen: &Value, expected: &Value| {
            if seen != expected {
                faults.push(format!("{}: {what} is {seen}, expected {expected}", self.expected["id"]));
            }
        };
        let allowed = expected["expect"] == "allow";
        check("uid", &response["uid"], &review["request"]["uid"]);
        check("allowed", &response["allowed"], &allowed.into());
        let status = &response["status"];
        if let Some(code) = expected.get("code").filter(|_| !allowed) {
            check("code", &status["code"], code);
        }
        let object = &review["request"]["object"];
        if allowed {
            check("value", &object["value"].as_str().unwrap_or_default().into(), &expected["expect_value"]);
            if let Some(default) = expected.get("expect_default") {
                check("default", &object["default"].as_str().unwrap_or_default().into(), default);
            }
            if let Some(kinds) = expected.get("warnings") {
                check("number of warnings", &warnings.into(), &kinds.as_array().unwrap().len().into());
            }
            if let Some(stored) = response["auditAnnotations"].get("config-hash") {
                check("config-hash", stored, &hash(object["value"].as_str().unwrap_or_default()).into());
            }
            return faults;
        }
        check("name", &status["details"]["name"], &NAME.into());
        let text = status["message"].as_str().unwrap();
        for word in expected["deny_mentions"].as_array().into_iter().flatten().filter(|_| status["code"] == 422) {
            check(&format!("mention of {word}"), &mentions(text, word.as_str().unwrap()).into(), &true.into());
        }
        if let Some(pairs) = expected.get("fields") {
            let pairs: BTreeSet<(String, String)> = serde_json::from_value(pairs.clone()).unwrap();
            let rules = response["auditAnnotations"]["rules"].as_str().unwrap();
            let rules: BTreeSet<&str> = rules.split(',').filter(|rule| !rule.is_empty()).collect();
            check("set of rules", &json!(rules), &json!(pairs.iter().map(|(rule, _)| rule).collect::<BTreeSet<_>>()));
            let causes = status["details"]["causes"].as_array().unwrap();
            let fields: BTreeSet<&str> = causes.iter().map(|cause| cause["field"].as_str().unwrap()).collect();
            check("set of fields", &json!(fields), &json!(pairs.iter().map(|(_, it)| it).collect::<BTreeSet<_>>()));
        }
        faults
    }
}

/// Whether the text has the word as a word of its own.
fn mentions(text: &str, word: &str) -> bool {
    let (text, word) = (text.to_lowercase().replace(NAME, ""), word.to_lowercase());
    let boundary = |char: Option<char>| !char.is_some_and(char::is_alphanumeric);
    text.match_indices(&word)
        .any(|(at, _)| boundary(text[..at].chars().next_back()) && boundary(text[at + word.len()..].chars().next()))
}
