//! What the answers to the kept cases must be.
//!
//! Who runs them finds a way to `/mutate` and `/validate`: a function, the router over TLS, a process.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use migration_network_webhook::setting::config::hash;
use serde_json::{Value, json};

#[path = "kept.rs"]
pub(crate) mod kept;

pub(crate) use kept::{Case, documented, generated};
use kept::{NAME, mentions};

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
