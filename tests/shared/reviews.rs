//! Answers on the wire: the patch applied as the API server does, and what came of a case.

use std::collections::BTreeSet;

use data_encoding::BASE64;
use migration_network_webhook::setting::hash;
use serde_json::Value;

#[path = "corpus.rs"]
pub(crate) mod corpus;

use corpus::{NAME, Outcome};

/// The review as `/validate` gets it: with the patch of the response applied.
pub(crate) fn patched(review: &Value, response: &Value) -> Value {
    let mut review = review.clone();
    let Some(patch) = response["patch"].as_str() else { return review };
    assert_eq!(response["patchType"], "JSONPatch");
    let operations: Vec<Value> = serde_json::from_slice(&BASE64.decode(patch.as_bytes()).unwrap()).unwrap();
    for operation in operations {
        assert_eq!(operation["op"], "replace");
        let target = review["request"]["object"].pointer_mut(operation["path"].as_str().unwrap());
        *target.unwrap() = operation["value"].clone();
    }
    review
}

/// The texts of a response's warnings.
pub(crate) fn warnings(response: &Value) -> BTreeSet<String> {
    response["warnings"].as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// What came of it, by the last response to the review as it then was, and the warnings of both responses.
pub(crate) fn outcome(review: &Value, response: &Value, warnings: &BTreeSet<String>) -> Outcome {
    assert_eq!(response["uid"], review["request"]["uid"]);
    let texts = |list: &Value, key: &str| -> BTreeSet<String> {
        list.as_array().into_iter().flatten().map(|it| it[key].as_str().unwrap().to_owned()).collect()
    };
    let rules = response["auditAnnotations"]["rules"].as_str().unwrap_or_default();
    let outcome = Outcome {
        rules: rules.split(',').filter(|rule| !rule.is_empty()).map(str::to_owned).collect(),
        warnings: warnings.len(),
        ..Outcome::default()
    };
    if response["allowed"] == true {
        let stored = ["value", "default"].map(|key| review["request"]["object"][key].as_str().unwrap_or_default());
        if let Some(annotation) = response["auditAnnotations"].get("config-hash") {
            assert_eq!(annotation, &hash(stored[0]));
        }
        return Outcome { code: 200, stored: Some(stored.map(str::to_owned)), ..outcome };
    }
    assert_eq!(response["allowed"], false);
    let status = &response["status"];
    assert_eq!(status["details"]["name"], NAME);
    Outcome {
        code: status["code"].as_u64().unwrap(),
        fields: texts(&status["details"]["causes"], "field"),
        text: status["message"].as_str().unwrap().to_owned(),
        ..outcome
    }
}
