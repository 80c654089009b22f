//! `review`: any bytes are answered, and the answer is one that an API server takes.

use std::path::Path;
use std::sync::LazyLock;

use data_encoding::BASE64;
use serde_json::Value;

use super::assert_harmless;
use super::tree::Tree;
use crate::admission::{Answer, Phase, answer, out_of_time};
use crate::cluster::files;
use crate::setting::{Facts, Policy};

static FACTS: LazyLock<[Facts; 3]> = LazyLock::new(|| {
    let facts = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/clusters/{name}.yaml"));
        files::load(&[path]).unwrap().facts
    };
    [facts("ready"), facts("broken-everything"), Facts::unknown("not listed yet")]
});

/// Answers a body, in both phases and in three clusters.
pub fn review(data: &[u8]) {
    let tree = std::str::from_utf8(data).ok().and_then(|text| Tree::read(text).ok());
    let policy = Policy::default();
    for facts in &*FACTS {
        for phase in [Phase::Mutate, Phase::Validate] {
            let answered = answer(phase, data, facts, &policy);
            let response = check(&answered, tree.as_ref(), phase);
            if let Some(response) = response.filter(|it| it["allowed"] == true && phase == Phase::Mutate) {
                stays(data, &response, tree.as_ref(), facts, &policy);
            }
        }
    }
    check(&out_of_time(data, std::time::Duration::from_secs(1)), tree.as_ref(), Phase::Validate);
}

/// The response, where there is one.
fn check(answered: &Answer, tree: Option<&Tree>, phase: Phase) -> Option<Value> {
    let uid = tree.and_then(|tree| tree.only("request")?.only("uid"));
    let Answer { http_status, body, record } = answered;
    for text in [&record.uid, &record.user] {
        assert_harmless(text, false);
    }
    if *http_status != 200 {
        assert!([400, 504].contains(http_status), "{http_status}");
        let text = std::str::from_utf8(body).unwrap();
        assert_harmless(text.trim_end(), false);
        return None;
    }
    let review: Value = serde_json::from_slice(body).unwrap();
    assert_eq!((&review["apiVersion"], &review["kind"]), (&"admission.k8s.io/v1".into(), &"AdmissionReview".into()));
    let response = review["response"].clone();
    if let Some(uid) = uid {
        assert_eq!(Tree::String(response["uid"].as_str().unwrap().to_owned()), *uid);
    }
    let allowed = response["allowed"].as_bool().unwrap();
    assert_eq!(allowed, response.get("status").is_none());
    assert!(response.get("patch").is_none() || allowed && phase == Phase::Mutate);
    if let Some(status) = response.get("status") {
        let code = status["code"].as_u64().unwrap();
        assert!([400, 405, 422, 503, 504].contains(&code), "{code}");
        let message = status["message"].as_str().unwrap();
        assert!(message.len() <= 16 << 10 && !message.is_empty());
        assert_harmless(message, true);
        let causes = status["details"]["causes"].as_array();
        assert!(causes.is_none_or(|causes| causes.len() <= 51));
        for cause in causes.into_iter().flatten() {
            assert_harmless(cause["message"].as_str().unwrap(), false);
            assert_harmless(cause["field"].as_str().unwrap(), false);
        }
    }
    for warning in response["warnings"].as_array().into_iter().flatten() {
        assert_harmless(warning.as_str().unwrap(), false);
    }
    for (key, value) in response["auditAnnotations"].as_object().into_iter().flatten() {
        assert!(key.len() <= 63 && value.is_string());
    }
    Some(response)
}

/// What was made of an allowed request is allowed, and stays as it is.
fn stays(data: &[u8], response: &Value, tree: Option<&Tree>, facts: &Facts, policy: &Policy) {
    let Ok(mut review) = serde_json::from_slice::<Value>(data) else { return };
    if tree.is_none_or(Tree::has_duplicates) {
        return;
    }
    if let Some(patch) = response["patch"].as_str() {
        let operations: Vec<Value> = serde_json::from_slice(&BASE64.decode(patch.as_bytes()).unwrap()).unwrap();
        assert!(!operations.is_empty());
        for operation in operations {
            assert_eq!(operation["op"], "replace");
            *review["request"]["object"].pointer_mut(operation["path"].as_str().unwrap()).unwrap() =
                operation["value"].clone();
        }
    }
    let body = review.to_string();
    for phase in [Phase::Mutate, Phase::Validate] {
        let again = answer(phase, body.as_bytes(), facts, policy);
        let again: Value = serde_json::from_slice(&again.body).unwrap();
        assert_eq!(again["response"]["allowed"], true, "{body}: {again}");
        assert!(again["response"].get("patch").is_none(), "{body}: {again}");
    }
}
