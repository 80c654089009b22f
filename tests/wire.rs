//! Every eighth case of the corpus as bytes: to `/mutate`, its patch applied, then to `/validate`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test asserts by panicking, in its helpers too")]

#[path = "shared/reviews.rs"]
mod reviews;

use std::collections::BTreeSet;

use migration_network_webhook::admission::{Phase, Policy, answer};
use migration_network_webhook::setting::Facts;
use reviews::corpus::corpus;
use reviews::{outcome, patched, warnings};
use serde_json::{Value, json};

fn call(phase: Phase, review: &Value, facts: &Facts) -> Value {
    let answer = answer(phase, review.to_string().as_bytes(), facts, &Policy::default());
    assert_eq!(answer.http_status, 200);
    let review_response: Value = serde_json::from_slice(&answer.body).unwrap();
    review_response["response"].clone()
}

#[test]
fn reviews_are_answered_as_decided() {
    let (mut faults, mut codes) = (Vec::new(), BTreeSet::new());
    for case in corpus().into_iter().skip(4).step_by(8) {
        let mut review = case.review.clone();
        let mut response = call(Phase::Mutate, &review, &case.facts);
        let mut seen = warnings(&response);
        if response["allowed"] == true {
            review = patched(&review, &response);
            assert_eq!(call(Phase::Mutate, &review, &case.facts).get("patch"), None, "mutating twice changes nothing");
            response = call(Phase::Validate, &review, &case.facts);
            assert_eq!(response.get("patch"), None);
            seen.extend(warnings(&response));
        }
        let outcome = outcome(&review, &response, &seen);
        codes.insert(outcome.code);
        faults.extend(case.faults(&outcome));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(codes, [200, 405, 422].into());
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
