//! `explain`: explains a rule, or a check of `status`.

use std::fmt;

use super::Exit;
use super::output;
use crate::setting::suggest::nearest_or_all;
use crate::setting::{RuleId, rules};
use crate::status::CheckId;

/// Columns that a terminal has at least.
const WIDTH: usize = 80;

/// Explain a rule or a check: what it refuses or looks at, why that matters in Harvester, and how to fix it
///
/// Of a field it lists the rules that report it; without a name it lists all rules, and the checks of status.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A rule, by the name that refusals, audit annotations and metrics carry; a field, such as value.range; or a check of
    /// status
    #[arg(value_name = "RULE|FIELD|CHECK", value_parser = topic)]
    topic: Option<Topic>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Topic {
    Rule(RuleId),
    Field(Vec<RuleId>),
    Check(CheckId),
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        output::print(match self.topic {
            Some(Topic::Rule(rule)) => wrapped(&rules::rule(rule).help()),
            Some(Topic::Field(of_field)) => list(&of_field),
            Some(Topic::Check(check)) => wrapped(&check.help()),
            None => list(&RuleId::ALL) + &list_checks(),
        })?;
        Ok(Exit::Ok)
    }
}

/// Reads a rule, a field or a check, in whatever case.
fn topic(name: &str) -> Result<Topic, String> {
    let folded = name.to_ascii_lowercase();
    if let Some(check) = CheckId::named(&folded) {
        return Ok(Topic::Check(check));
    }
    // A field of `default` is reported as the same of `value`, and items of a list all alike.
    let inside = folded.strip_prefix("default").map_or_else(|| folded.clone(), |inside| format!("value{inside}"));
    let field = inside.split_once('[').map_or_else(|| inside.clone(), |(list, _)| format!("{list}[i]"));
    let reports = |rule: &RuleId| {
        let fields = rules::rule(*rule).field.to_ascii_lowercase();
        [&field, &format!("value.{field}"), &format!("{field}[i]"), &format!("value.{field}[i]")]
            .iter()
            .any(|field| fields.contains(&format!("`{field}`")))
    };
    let of_field: Vec<_> = RuleId::ALL.into_iter().filter(reports).collect();
    if !of_field.is_empty() {
        return Ok(Topic::Field(of_field));
    }
    folded.parse().map(Topic::Rule).map_err(|_| {
        let rules = RuleId::ALL.into_iter().map(RuleId::as_str);
        let known = rules.chain(CheckId::ALL.into_iter().map(CheckId::as_str));
        let hint = nearest_or_all("the rules and checks are", name, known);
        format!("no rule, field or check is named {name:?}; {hint}")
    })
}

fn list(listed: &[RuleId]) -> String {
    let item = |rule: &RuleId| item(rule, &format!("Refused when {}.", rules::rule(*rule).refuses.replace('`', "")));
    listed.iter().map(item).collect()
}

fn list_checks() -> String {
    CheckId::ALL.iter().map(|check| item(check, &format!("Holds when {}.", check.holds()))).collect()
}

fn item(name: &impl fmt::Display, text: &str) -> String {
    format!("{name}\n    {}\n", wrapped(text).trim_end().replace('\n', "\n    "))
}

/// Paragraphs broken at words. What is indented is an example, and left whole to be copied.
fn wrapped(text: &str) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        let mut column = 0;
        for word in if line.starts_with(' ') { vec![line] } else { line.split(' ').collect() } {
            if column > 0 && column + 1 + word.chars().count() > WIDTH - 4 {
                wrapped.push('\n');
                column = 0;
            } else if column > 0 {
                wrapped.push(' ');
                column += 1;
            }
            wrapped.push_str(word);
            column += word.chars().count();
        }
        wrapped.push('\n');
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        match topic(text).unwrap() {
            Topic::Rule(rule) => vec![rule.as_str()],
            Topic::Field(rules) => rules.into_iter().map(RuleId::as_str).collect(),
            Topic::Check(check) => vec![check.as_str()],
        }
    }

    #[test]
    fn a_rule_or_a_field_is_named_in_any_case() {
        assert_eq!(names("VLAN-Range"), ["vlan-range"]);
        assert_eq!(names("Addresses-Free"), ["addresses-free"]);
        for field in ["value.vlan", "default.vlan", "vlan", "Value.VLAN"] {
            assert_eq!(names(field), ["vlan-range", "vlan-untagged-on-mgmt", "vlan-exclusive"], "{field}");
        }
        for field in ["value.exclude[7]", "exclude"] {
            assert_eq!(names(field), ["value-syntax", "exclude-invalid"], "{field}");
        }
        assert_eq!(names("value"), ["value-syntax", "migration-in-progress", "whereabouts-crd-missing"]);
        assert_eq!(names("clusternetwork").len(), 3);
    }

    #[test]
    fn a_wrong_name_says_the_nearest_rule_or_check_or_all() {
        assert_eq!(
            topic("Adresses-Free").unwrap_err(),
            "no rule, field or check is named \"Adresses-Free\"; did you mean addresses-free?"
        );
        assert_eq!(
            topic("vlan-rnage").unwrap_err(),
            "no rule, field or check is named \"vlan-rnage\"; did you mean vlan-range?"
        );
        let far = topic("value.rang").unwrap_err();
        assert!(far.contains("; the rules and checks are value-syntax, "), "{far}");
        assert!(far.ends_with(", webhook-endpoints"), "{far}");
    }
}
