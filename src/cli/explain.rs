//! `explain`: explains a rule.

use std::fmt::Write as _;

use super::Exit;
use super::output;
use crate::setting::{RuleId, rules};

/// Columns that a terminal has at least.
const WIDTH: usize = 80;

/// Explain a rule: what it refuses, why it matters in Harvester, and how to fix the value
///
/// Of a field it lists the rules that report it, without either all rules.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A rule, by the name that refusals, audit annotations and metrics carry, or a field, such as value.range
    #[arg(value_name = "RULE|FIELD", value_parser = topic)]
    topic: Option<Topic>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Topic {
    Rule(RuleId),
    Field(Vec<RuleId>),
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        output::print(&match self.topic {
            Some(Topic::Rule(rule)) => wrapped(&rules::rule(rule).help()),
            Some(Topic::Field(of_field)) => list(&of_field),
            None => list(&RuleId::ALL),
        })?;
        Ok(Exit::Ok)
    }
}

fn topic(name: &str) -> Result<Topic, String> {
    let folded = name.to_ascii_lowercase();
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
    if of_field.is_empty() { folded.parse().map(Topic::Rule) } else { Ok(Topic::Field(of_field)) }
}

fn list(listed: &[RuleId]) -> String {
    let mut list = String::new();
    for rule in listed {
        let refuses = wrapped(&format!("Refused when {}.", rules::rule(*rule).refuses.replace('`', "")));
        let _ = writeln!(list, "{rule}\n    {}", refuses.trim_end().replace('\n', "\n    "));
    }
    list
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
        }
    }

    #[test]
    fn a_rule_or_a_field_is_named_in_any_case() {
        assert_eq!(names("VLAN-Range"), ["vlan-range"]);
        for field in ["value.vlan", "default.vlan", "vlan", "Value.VLAN"] {
            assert_eq!(names(field), ["vlan-range", "vlan-untagged-on-mgmt", "vlan-exclusive"], "{field}");
        }
        for field in ["value.exclude[7]", "exclude"] {
            assert_eq!(names(field), ["value-syntax", "exclude-invalid"], "{field}");
        }
        assert_eq!(names("value"), ["value-syntax", "migration-in-progress", "whereabouts-crd-missing"]);
        assert_eq!(names("clusternetwork").len(), 3);
        assert!(topic("value.rang").is_err());
    }
}
