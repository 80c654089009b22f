//! The canonical form of a value on its own, without a cluster.

use super::change::read;
use super::decision::{Request, Verdict, decide};
use super::mutation::Mutation;
use super::setting::{Setting, Text};
use super::{Phase, Policy};
use crate::setting::evaluation::{Findings, RuleContext};
use crate::setting::rules::evaluate;
use crate::setting::violation::Violations;
use crate::setting::{Facts, GuardedSetting, StringField, ValidatedValue};

/// The text that would be stored for a submitted `value`: the canonical form, or nothing where it is blank.
pub fn canonical(value: &Text<'_>) -> Result<String, Violations> {
    let [setting] = GuardedSetting::ALL;
    let Some(parsed) = read(setting, value) else { return Ok(String::new()) };
    let value = ValidatedValue::new(parsed);
    if let Some(canonical) = (setting.canonical)(&value) {
        return Ok(canonical);
    }
    let mut findings = Findings::default();
    let context = RuleContext {
        setting,
        facts: &Facts::unknown("no cluster is asked"),
        policy: &Policy::default(),
        migration_override: None,
    };
    evaluate(setting.rules, StringField::Value, &value, context, &mut findings);
    Err(findings.violations)
}

/// The text that would be stored for a submitted `value` where another one is stored: that one, if they mean the same.
pub fn stored<'v>(value: &Text<'v>, old: &Text<'v>) -> Result<String, Violations> {
    let setting = |value: &Text<'v>| Setting { value: value.clone(), ..Setting::default() };
    let request = Request::Update { old: setting(old), new: setting(value) };
    // What is equal is kept or restored whatever the cluster looks like, also where rules would refuse it.
    let facts = Facts::unknown("no cluster is asked");
    let decision = decide(Phase::Mutate, &request, &facts, &Policy::default());
    match (decision.verdict, decision.value) {
        (Verdict::Allowed, Mutation::Restored(stored)) => Ok(stored),
        // Without facts nothing else is allowed than what is stored already.
        (Verdict::Allowed, Mutation::Unchanged) => Ok(value.bytes().unwrap_or_default().to_owned()),
        _ => canonical(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Result<String, Vec<String>> {
        canonical(&Text::Text(value.into()))
            .map_err(|violations| violations.listed().iter().map(|it| format!("{}: {it}", it.field)).collect())
    }

    #[test]
    fn what_means_the_same_stays_as_it_is_stored() {
        let of = |value: &str, old: &str| stored(&Text::Text(value.into()), &Text::Text(old.into())).ok();
        let odd = r#"{"vlan":100,"clusterNetwork":"c","range":"10.0.0.0/24"}"#;
        let canonical_form = r#"{"clusterNetwork":"c","vlan":100,"range":"10.0.0.0/24"}"#;
        for (value, old, expected) in [
            (odd, odd, Some(odd)),
            (canonical_form, odd, Some(odd)),
            (odd, canonical_form, Some(canonical_form)),
            (odd, "", Some(canonical_form)),
            (odd, "{}", Some(canonical_form)),
            ("{}", "{}", Some("{}")),
            ("{}", odd, None),
            (" ", odd, Some("")),
            (" ", " ", Some(" ")),
        ] {
            assert_eq!(of(value, old).as_deref(), expected, "{value} over {old}");
        }
        assert_eq!(stored(&Text::Absent, &Text::Absent), Ok(String::new()));
    }

    #[test]
    fn a_value_has_one_form_or_reasons_why_not() {
        let canonical_form = r#"{"clusterNetwork":"mgmt","vlan":1,"range":"10.52.0.0/24"}"#;
        // Rules that ask about a cluster, or may only warn, have no say in the form.
        assert_eq!(
            of(r#" {"range":"10.52.0.0/24","vlan":1, "clusterNetwork":"mgmt", "exclude": []}"#),
            Ok(canonical_form.to_owned())
        );
        assert_eq!(of(" \n"), Ok(String::new()));
        assert_eq!(canonical(&Text::Absent), Ok(String::new()));
        let problems = of(r#"{"clusterNetwork":"c","vlan":5000,"range":"10.0.0.1/24","vlna":1}"#).unwrap_err();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(
            problems[2].starts_with("value.range: Invalid value: \"10.0.0.1/24\": has host bits set"),
            "{problems:?}"
        );
    }
}
