//! Every kept case, through the whole pipeline: mutate, then validate what mutation made of it.

#![expect(clippy::unwrap_used, reason = "a test asserts by panicking, in its helpers too")]

#[path = "shared/kept.rs"]
mod kept;

use std::collections::BTreeSet;

use kept::{Case, documented, generated, mentions};
use migration_network_webhook::admission::{Decision, Mutation, Phase, Policy, Request, Setting, Verdict, decide};
use serde_json::Value;

fn setting(object: &str) -> Setting<'_> {
    serde_json::from_str(object).unwrap()
}

/// What the API server would do: the verdict, and what it would store.
struct Outcome {
    decision: Decision,
    value: String,
    default: String,
    warnings: Vec<&'static str>,
}

fn stored(mutation: &Mutation, submitted: &Value) -> String {
    mutation.replacement().map_or_else(|| submitted.as_str().unwrap_or_default().to_owned(), str::to_owned)
}

fn admit(case: &Case) -> Outcome {
    let (request, facts) = (&case.review["request"], &case.facts);
    let (old, new) = (&request["oldObject"], &request["object"]);
    let ours = case.expected["kind"] != "other";
    let policy = Policy::default();
    let run = |phase, new: &Value| {
        if !ours {
            return decide(phase, &Request::NotOurs, facts, &policy);
        }
        let (old_text, new_text) = (old.to_string(), new.to_string());
        let request = match (old.is_null(), new.is_null()) {
            (_, true) => Request::Delete,
            (true, false) => Request::Create(setting(&new_text)),
            (false, false) => Request::Update { old: setting(&old_text), new: setting(&new_text) },
        };
        decide(phase, &request, facts, &policy)
    };
    let mutated = run(Phase::Mutate, new);
    let value = stored(&mutated.value, &new["value"]);
    let default = stored(&mutated.default, &new["default"]);
    let warnings = mutated.warnings.iter().map(migration_network_webhook::setting::Warning::kind).collect();
    if mutated.verdict != Verdict::Allowed {
        return Outcome { decision: mutated, value, default, warnings };
    }
    let mut result = new.clone();
    for (key, text) in [("value", &value), ("default", &default)] {
        if result.get(key).is_some() {
            result[key] = text.as_str().into();
        }
    }
    let again = run(Phase::Mutate, &result);
    assert_eq!(stored(&again.value, &result["value"]), value, "mutating twice changes nothing");
    assert_eq!(stored(&again.default, &result["default"]), default, "mutating twice changes nothing");
    Outcome { decision: run(Phase::Validate, &result), value, default, warnings }
}

/// The refusing rules with their fields, and the whole text of the refusal.
fn refusal(verdict: &Verdict) -> (BTreeSet<(String, String)>, String) {
    match verdict {
        Verdict::Invalid(violations) => {
            let pairs = violations.listed().iter().map(|v| (v.rule().to_string(), v.field.to_string())).collect();
            let lines: Vec<_> = violations.listed().iter().map(|v| format!("{}: {v}", v.field)).collect();
            (pairs, lines.join("\n"))
        }
        Verdict::FactsMissing(missing) => (BTreeSet::new(), format!("{missing:?}")),
        Verdict::Allowed | Verdict::NotDeletable => (BTreeSet::new(), String::new()),
    }
}

#[test]
fn the_generated_cases_hold() {
    let cases = generated();
    assert_eq!(cases.len(), 497);
    let mut wrong = Vec::new();
    for case in &cases {
        let (outcome, case) = (admit(case), &case.expected);
        let (seen, _) = refusal(&outcome.decision.verdict);
        let expected: BTreeSet<(String, String)> =
            case.get("fields").map_or_else(BTreeSet::new, |fields| serde_json::from_value(fields.clone()).unwrap());
        let allowed = case["expect"] == "allow";
        let mut sound = (outcome.decision.verdict == Verdict::Allowed) == allowed && seen == expected;
        if allowed {
            sound &= case["expect_value"] == outcome.value.as_str();
            sound &= case["expect_default"] == outcome.default.as_str();
            let expected: BTreeSet<&str> =
                case["warnings"].as_array().unwrap().iter().map(|kind| kind.as_str().unwrap()).collect();
            sound &= outcome.warnings.len() == expected.len();
            sound &= outcome.warnings.iter().copied().collect::<BTreeSet<_>>() == expected;
        }
        if !sound {
            wrong.push(format!(
                "{}: {seen:?}, expected {expected:?}; warnings {:?} expected {}; stored {:?} expected {}",
                case["id"], outcome.warnings, case["warnings"], outcome.value, case["expect_value"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_documented_cases_hold() {
    let cases = documented();
    assert_eq!(cases.len(), 179);
    let mut wrong = Vec::new();
    for case in &cases {
        let (outcome, case) = (admit(case), &case.expected);
        let (_, text) = refusal(&outcome.decision.verdict);
        let allowed = case["expect"] == "allow";
        let mut sound = (outcome.decision.verdict == Verdict::Allowed) == allowed;
        if allowed {
            sound &= case["expect_value"] == outcome.value.as_str();
        } else if outcome.decision.verdict != Verdict::NotDeletable {
            let words = case["deny_mentions"].as_array().unwrap();
            sound &= words.iter().all(|word| mentions(&text, word.as_str().unwrap()));
        }
        if !sound {
            wrong.push(format!("{case}\n   {text} {:?}", outcome.value));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
