use serde_json::json;

use super::*;

fn review(operation: &str, value: &str) -> String {
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u\n1", "operation": operation, "name": "vm-migration-network", "userInfo": {"username": "ad\u{1b}min"},
        "resource": {"group": "harvesterhci.io", "version": "v1beta1", "resource": "settings"},
        "object": {"metadata": {"name": "vm-migration-network"}, "value": value},
        "oldObject": {"metadata": {"name": "vm-migration-network"}, "value": "{}"},
    }})
    .to_string()
}

/// The record in one line, with the HTTP status before it.
fn told(answer: &Answer) -> String {
    let DecisionRecord { uid, user, operation, verdict, code, rules, mutation } = &answer.record;
    format!(
        "{}: {uid:?} {user:?} {operation} {verdict} {code} {:?} {mutation:?}",
        answer.http_status,
        rules.to_string()
    )
}

#[test]
fn the_record_tells_what_was_decided() {
    let facts = Facts::unknown("no cluster");
    let known = r#""u\\n1" "ad\\u001bmin""#;
    for (phase, body, expected) in [
        (Phase::Validate, review("UPDATE", "{}"), format!(r#"200: {known} UPDATE allowed 200 "" "kept""#)),
        (Phase::Mutate, review("CREATE", " "), format!(r#"200: {known} CREATE allowed 200 "" "emptied""#)),
        (Phase::Validate, review("UPDATE", ""), format!(r#"200: {known} UPDATE unavailable 503 "" "kept""#)),
        (Phase::Validate, review("UPDATE", "x"), format!(r#"200: {known} UPDATE refused 422 "value-syntax" "kept""#)),
        (Phase::Validate, review("DELETE", ""), format!(r#"200: {known} DELETE refused 405 "" "kept""#)),
        (Phase::Validate, review("CONNECT", "x"), format!(r#"200: {known} unknown malformed 400 "" """#)),
        (Phase::Validate, "{".to_owned(), r#"400: "" "" unknown malformed 400 "" """#.to_owned()),
    ] {
        assert_eq!(told(&answer(phase, body.as_bytes(), &facts, &Policy::default())), expected, "{body}");
    }
}

#[test]
fn a_late_answer_tells_that_it_is_late() {
    let budget = Duration::from_secs(4);
    let late = |body: &str| told(&out_of_time(body.as_bytes(), budget));
    assert_eq!(late(&review("UPDATE", "x")), r#"200: "u\\n1" "" unknown timeout 504 "" """#);
    assert_eq!(late("{"), r#"504: "" "" unknown timeout 504 "" """#);
}

#[test]
fn a_phase_is_called_as_in_the_manifests() {
    let words = [Phase::Mutate, Phase::Validate].map(|phase| (phase.name(), phase.path()));
    assert_eq!(words, [("mutate", "/mutate"), ("validate", "/validate")]);
}
