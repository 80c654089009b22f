//! The documented reviews as bytes: to `/mutate`, its patch applied, then to `/validate`.

#![expect(clippy::unwrap_used, reason = "a test asserts by panicking, in its helpers too")]

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use migration_network_webhook::admission::{Phase, Policy, answer};
use migration_network_webhook::cluster::files;
use migration_network_webhook::network::Facts;
use serde_json::{Value, json};

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn call(phase: Phase, review: &Value, facts: &Facts) -> Value {
    let answer = answer(phase, review.to_string().as_bytes(), facts, &Policy::default());
    assert_eq!(answer.http_status, 200);
    let review_response: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(review_response["response"]["uid"], review["request"]["uid"]);
    review_response["response"].clone()
}

#[test]
fn the_documented_reviews_are_answered() {
    let cases: Vec<Value> = serde_json::from_str(&fs::read_to_string(fixtures().join("cases.json")).unwrap()).unwrap();
    assert_eq!(cases.len(), 179);
    for case in cases {
        let facts = files::load(&[fixtures().join(case["cluster"].as_str().unwrap())]).unwrap().facts;
        let review = fs::read(fixtures().join(case["review"].as_str().unwrap())).unwrap();
        let mut review: Value = serde_json::from_slice(&review).unwrap();
        let mut response = call(Phase::Mutate, &review, &facts);
        if response["allowed"] == true {
            if let Some(patch) = response["patch"].as_str() {
                assert_eq!(response["patchType"], "JSONPatch");
                let operations: Vec<Value> = serde_json::from_slice(&STANDARD.decode(patch).unwrap()).unwrap();
                for operation in operations {
                    assert_eq!(operation["op"], "replace");
                    *review["request"]["object"].pointer_mut(operation["path"].as_str().unwrap()).unwrap() =
                        operation["value"].clone();
                }
            }
            response = call(Phase::Validate, &review, &facts);
            assert_eq!(response.get("patch"), None, "{case}");
        }
        assert_eq!(response["allowed"], case["expect"] == "allow", "{case}");
        if response["allowed"] == true {
            let stored = review["request"]["object"]["value"].as_str().unwrap_or_default();
            assert_eq!(case["expect_value"], stored, "{case}");
        } else {
            let status = &response["status"];
            assert!([405, 422].map(Value::from).contains(&status["code"]), "{case}");
            assert_eq!(status["details"]["name"], "vm-migration-network");
        }
    }
}

#[test]
fn what_is_no_review_is_told_so() {
    let facts = Facts::unknown("not listed yet");
    let ask = |body: &str| answer(Phase::Validate, body.as_bytes(), &facts, &Policy::default());
    assert_eq!(ask("{").http_status, 400);
    assert_eq!(ask(r#"{"request":{}}"#).http_status, 400);

    let beta = ask(r#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{"uid":"u"}}"#);
    assert_eq!(beta.http_status, 200);
    let response: Value = serde_json::from_slice(&beta.body).unwrap();
    assert_eq!(response["response"]["uid"], "u");
    assert_eq!(
        response["response"]["status"]["message"],
        "the request can't be judged, so it is refused: \"admission.k8s.io/v1beta1\" \"AdmissionReview\" is not answered, \
         only admission.k8s.io/v1 AdmissionReview"
    );

    let other = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "operation": "CREATE", "resource": {"group": "longhorn.io", "resource": "settings"},
        "object": {"metadata": {"name": "vm-migration-network"}, "value": 7}}});
    assert_eq!(call(Phase::Mutate, &other, &facts)["allowed"], true);
}
