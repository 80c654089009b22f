//! The canonical form of a value that is looked at alone, without a cluster.

use super::Policy;
use super::decision::read;
use super::setting::Text;
use crate::setting::config::Config;
use crate::setting::rules::{Findings, RuleContext, ValidatedValue, Violations, judge};
use crate::setting::{Facts, StringField};

/// The text that would be stored for a submitted `value`: the canonical form, or nothing where it is blank.
///
/// # Errors
///
/// Every problem that can be seen in it without a cluster, when one of them leaves it without a canonical form.
pub fn canonical(value: &Text<'_>) -> Result<String, Violations> {
    let Some(draft) = read(value) else { return Ok(String::new()) };
    let checked = ValidatedValue::new(&draft);
    if let Some(config) = checked.config() {
        return Ok(Config::canonical(&config));
    }
    let mut findings = Findings::default();
    let context = RuleContext {
        facts: &Facts::unknown("no cluster is asked"),
        policy: &Policy::default(),
        migration_override: None,
    };
    judge(StringField::Value, &checked, context, &mut findings);
    Err(findings.violations)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Result<String, Vec<String>> {
        canonical(&Text::Text(value.into()))
            .map_err(|violations| violations.listed().iter().map(|it| format!("{}: {it}", it.field)).collect())
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
