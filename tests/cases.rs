//! Every case of the corpus where it is decided: mutate, then validate what mutation made of it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test asserts by panicking, in its helpers too")]

#[path = "shared/corpus.rs"]
mod corpus;

use corpus::{Case, Outcome, corpus};
use migration_network_webhook::admission::{Policy, Request, Review, Setting, Verdict, admit};
use migration_network_webhook::setting::Warning;
use serde_json::Value;

/// The string as the API server would store it: what mutation made of the submitted one.
fn stored(setting: Option<&Setting<'_>>, submitted: &Value) -> [String; 2] {
    let text = |key: &str| submitted[key].as_str().unwrap_or_default().to_owned();
    match setting {
        Some(setting) => [&setting.value, &setting.default].map(|text| text.bytes().unwrap_or_default().to_owned()),
        None => ["value", "default"].map(text),
    }
}

fn judged(case: &Case, review: &Value) -> Outcome {
    let body = review.to_string();
    let request = Review::read(body.as_bytes()).unwrap().request.unwrap();
    assert_eq!(matches!(request, Request::NotOurs), case.is_of_another_object(), "{}", case.id);
    let admission = admit(&request, &case.facts, &Policy::default());
    let mut outcome = Outcome::default();
    match &admission.decision().verdict {
        Verdict::Allowed => {
            outcome.code = 200;
            outcome.stored = Some(stored(admission.stored(&request).as_ref(), &review["request"]["object"]));
        }
        Verdict::Invalid(violations) => {
            outcome.code = 422;
            let causes = violations.listed().iter().map(|it| (it.rule().to_string(), it.field.to_string()));
            outcome.causes = Some(causes.collect());
            let lines = violations.listed().iter().map(|violation| format!("{}: {violation}", violation.field));
            outcome.text = lines.collect::<Vec<_>>().join("\n");
        }
        Verdict::FactsMissing(_) => outcome.code = 503,
        Verdict::NotDeletable => outcome.code = 405,
    }
    let causes = outcome.causes.get_or_insert_default();
    outcome.rules = causes.iter().map(|(rule, _)| rule.clone()).collect();
    outcome.fields = causes.iter().map(|(_, field)| field.clone()).collect();
    let warnings = admission.warnings();
    outcome.warnings = warnings.len();
    outcome.warning_kinds = Some(warnings.into_iter().map(Warning::kind).map(str::to_owned).collect());
    outcome
}

#[test]
fn every_case_holds() {
    let cases = corpus();
    assert_eq!(cases.len(), 243);
    let mut faults = Vec::new();
    for case in &cases {
        let outcome = judged(case, &case.review);
        faults.extend(case.faults(&outcome));
        if let Some(stored) = outcome.stored {
            let mut again = case.review.clone();
            for (key, text) in ["value", "default"].into_iter().zip(&stored) {
                if again["request"]["object"][key].is_string() {
                    again["request"]["object"][key] = text.as_str().into();
                }
            }
            assert_eq!(judged(case, &again).stored, Some(stored), "{}: mutating twice changes nothing", case.id);
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
