//! Every kept case through the binary: its records and its answers, grouped by cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use migration_network_webhook::admission::{Phase, Policy, answer};
use migration_network_webhook::cluster::files;
use serde_json::{Value, json};

use crate::binary::{COULD_NOT_TELL, OK, REFUSED, fixture, fixtures, run};

/// A case's review on disk.
struct Case<'c> {
    case: &'c Value,
    review: PathBuf,
}

/// Runs the cases of one cluster in both formats, and compares the answers with the server's own.
fn records(cluster: &PathBuf, cases: &[Case<'_>]) -> Vec<Value> {
    let run = |format| {
        let reviews = cases.iter().map(|case| case.review.to_str().unwrap());
        let arguments: Vec<_> =
            ["review", "--cluster", cluster.to_str().unwrap(), "-o", format].into_iter().chain(reviews).collect();
        let ran = run(&arguments);
        let refused = cases.iter().any(|case| case.case["expect"] != "allow");
        assert_eq!(ran.code, if refused { REFUSED } else { OK }, "{ran:?}");
        assert_eq!(ran.json().len(), cases.len(), "{ran:?}");
        ran
    };
    let facts = files::load(std::slice::from_ref(cluster)).unwrap().facts;
    for (line, case) in run("review").stdout.lines().zip(cases) {
        let body = fs::read(&case.review).unwrap();
        let served = answer(Phase::Mutate, &body, &facts, &Policy::default());
        assert_eq!(line, String::from_utf8(served.body).unwrap(), "{}", case.case["id"]);
    }
    run("json").json()
}

fn by_cluster(cases: &[Value]) -> BTreeMap<&str, Vec<&Value>> {
    let mut groups: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for case in cases {
        groups.entry(case["cluster"].as_str().unwrap()).or_default().push(case);
    }
    groups
}

#[test]
fn the_documented_cases_hold() {
    let cases: Vec<Value> = serde_json::from_str(&fixture("cases.json")).unwrap();
    let mut seen = 0;
    for (cluster, cases) in by_cluster(&cases) {
        let on_disk: Vec<_> =
            cases.iter().map(|case| Case { case, review: fixtures().join(case["review"].as_str().unwrap()) }).collect();
        for (record, case) in records(&fixtures().join(cluster), &on_disk).into_iter().zip(&cases) {
            let expected = if case["expect"] == "allow" { "allowed" } else { "refused" };
            assert_eq!(record["verdict"], expected, "{case}\n{record}");
            if expected == "allowed" {
                assert_eq!(record["value"], case["expect_value"], "{case}\n{record}");
                assert_eq!((&record["code"], &record["causes"]), (&json!(200), &json!([])), "{case}\n{record}");
            } else {
                assert_eq!(record["value"], Value::Null, "{case}");
                let deleting = record["operation"] == "DELETE";
                assert_eq!(record["code"], if deleting { 405 } else { 422 }, "{case}\n{record}");
                let text = record["message"].as_str().unwrap().to_lowercase();
                for word in case["deny_mentions"].as_array().unwrap() {
                    assert!(text.contains(&word.as_str().unwrap().to_lowercase()), "{case}\n{record}");
                }
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 179);
}

/// The review that the API server would send in a generated case.
fn review(case: &Value) -> Value {
    let object = |name: &str| {
        let mut object = case[name].clone();
        if object.is_object() {
            object["apiVersion"] = "harvesterhci.io/v1beta1".into();
            object["kind"] = "Setting".into();
            object["metadata"]["name"] = "vm-migration-network".into();
        }
        object
    };
    let mut request = json!({
        "uid": case["id"],
        "kind": {"group": "harvesterhci.io", "version": "v1beta1", "kind": "Setting"},
        "resource": {"group": "harvesterhci.io", "version": "v1beta1", "resource": "settings"},
        "name": "vm-migration-network",
        "operation": case["operation"],
        "userInfo": {"username": "admin"},
        "object": object("new"),
        "oldObject": object("old"),
    });
    if case["collection"] == true {
        request["name"] = "".into();
    }
    for (key, value) in case["request"].as_object().into_iter().flatten() {
        request[key] = value.clone();
        if key == "name" {
            for object in
                ["object", "oldObject"].iter().filter(|object| request[**object].is_object()).collect::<Vec<_>>()
            {
                request[*object]["metadata"]["name"] = value.clone();
            }
        }
    }
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
}

#[test]
fn the_generated_cases_hold() {
    let all: Value = serde_json::from_str(&fixture("generated.json")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for (cluster, cases) in by_cluster(all["cases"].as_array().unwrap()) {
        let file = directory.path().join(format!("{cluster}.json"));
        let list = json!({"apiVersion": "v1", "kind": "List", "items": all["clusters"][cluster]});
        fs::write(&file, list.to_string()).unwrap();
        let on_disk: Vec<_> = cases
            .iter()
            .map(|case| {
                let file = directory.path().join(format!("{}.json", case["id"].as_str().unwrap()));
                fs::write(&file, review(case).to_string()).unwrap();
                Case { case, review: file }
            })
            .collect();
        for (record, case) in records(&file, &on_disk).into_iter().zip(&cases) {
            check_generated(&record, case);
            seen += 1;
        }
    }
    assert_eq!(seen, 497);
}

fn check_generated(record: &Value, case: &Value) {
    let about = format!("{case}\n{record}");
    assert_eq!(record["uid"], case["id"]);
    assert_eq!(record["code"], case["code"], "{about}");
    let pairs = |list: &Value, pair: fn(&Value) -> (Value, Value)| -> BTreeSet<(String, String)> {
        let text = |value: Value| value.as_str().unwrap().to_owned();
        list.as_array().into_iter().flatten().map(pair).map(|(rule, field)| (text(rule), text(field))).collect()
    };
    let causes = pairs(&record["causes"], |cause| (cause["rule"].clone(), cause["field"].clone()));
    assert_eq!(causes, pairs(&case["fields"], |pair| (pair[0].clone(), pair[1].clone())), "{about}");
    let names = |list: &Value| -> BTreeSet<String> {
        list.as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&record["rules"]), names(&case["rules"]), "{about}");
    if case["expect"] == "allow" {
        assert_eq!(record["verdict"], "allowed", "{about}");
        assert_eq!(record["value"], case["expect_value"], "{about}");
        assert_eq!(record["default"], case["expect_default"], "{about}");
        assert_eq!(names(&record["warningKinds"]), names(&case["warnings"]), "{about}");
    } else {
        assert_eq!(record["verdict"], "refused", "{about}");
    }
}

#[test]
fn the_cases_hold_as_manifests_too() {
    let cases: Vec<Value> = serde_json::from_str(&fixture("cases.json")).unwrap();
    let mut seen = 0;
    // What a manifest and its old side can say: not who asks, nor that an object is being deleted.
    for case in cases.iter().filter(|case| case["cluster"] == "clusters/vmim-running.yaml") {
        let review: Value = serde_json::from_str(&fixture(case["review"].as_str().unwrap())).unwrap();
        let [new, old] = ["object", "oldObject"].map(|key| &review["request"][key]);
        if new.is_null() || old.is_null() {
            continue;
        }
        let files = crate::binary::directory(&[("new.yaml", &new.to_string()), ("old.json", &old.to_string())]);
        let [new, old] = ["new.yaml", "old.json"].map(|name| files.path().join(name));
        let cluster = fixtures().join("clusters/vmim-running.yaml");
        let ran = run(&[
            "review",
            new.to_str().unwrap(),
            "--old",
            old.to_str().unwrap(),
            "--cluster",
            cluster.to_str().unwrap(),
            "-o",
            "json",
        ]);
        assert_ne!(ran.code, COULD_NOT_TELL, "{ran:?}");
        let record = &ran.json()[0];
        assert_eq!((record["form"].as_str(), record["old"].as_str()), (Some("manifest"), Some("file")));
        assert_eq!(record["verdict"] == "allowed", case["expect"] == "allow", "{case}\n{record}");
        if record["verdict"] == "allowed" {
            assert_eq!(record["value"], case["expect_value"], "{case}\n{record}");
        }
        seen += 1;
    }
    assert!(seen >= 3, "{seen}");
}
