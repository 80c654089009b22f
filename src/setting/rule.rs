//! Defines a rule: its help texts and its check.

use super::evaluation::Evaluation;
use super::rule_id::RuleId;
use super::validated_value::ValidatedValue;

/// A rule. Its texts are Markdown with code in backticks, each one paragraph: they are `explain`, the help in SARIF reports
/// and the table of the documentation.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub id: RuleId,
    /// The field that the rule reports, as causes name it: of `value`; of `default` it begins with `default`.
    pub field: &'static str,
    /// What is refused; it continues "Refused when".
    pub refuses: &'static str,
    /// What would happen in Harvester otherwise.
    pub why: &'static str,
    /// What to do about a refusal.
    pub fix: &'static str,
    /// A refusal to look at.
    pub example: Example,
    /// Reports what is wrong with a value that becomes enabled.
    pub(super) check: fn(&mut Evaluation<'_, '_>, &ValidatedValue<'_>),
}

/// A value that a rule refuses, and one that it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// What the cluster is like; `None` where the value alone decides.
    pub given: Option<&'static str>,
    /// The value that is refused.
    pub refused: &'static str,
    /// How to get past the rule: a value, or what to do to the cluster.
    pub instead: Instead,
}

/// What an example does to get past the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// Another value.
    Value(&'static str),
    /// The same value, once something was done or has happened.
    Then(&'static str),
}

/// What most examples submit: sound in itself.
pub(super) const SOUND: &str = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24"}"#;

impl Rule {
    /// Everything about the rule, as paragraphs of plain text.
    pub fn help(&self) -> String {
        let Example { given, refused, instead } = self.example;
        let given = given.map(|given| format!(", where {given}")).unwrap_or_default();
        let instead = match instead {
            Instead::Value(value) => format!("accepted  {value}"),
            Instead::Then(then) => format!("accepted  the same, once {then}"),
        };
        let text = format!("{}Example{given}:\n  refused   {refused}\n  {instead}\n", self.paragraphs());
        text.replace("**", "").replace('`', "")
    }

    /// The same in Markdown.
    pub fn help_in_markdown(&self) -> String {
        let Example { given, refused, instead } = self.example;
        let given = given.map(|given| format!(", where {given}")).unwrap_or_default();
        let instead = match instead {
            Instead::Value(value) => format!("Accepted:\n\n```json\n{value}\n```\n"),
            Instead::Then(then) => format!("Accepted: the same, once {then}.\n"),
        };
        format!("{}Refused{given}:\n\n```json\n{refused}\n```\n\n{instead}", self.paragraphs())
    }

    fn paragraphs(&self) -> String {
        let Self { id, field, refuses, why, fix, .. } = self;
        format!(
            "**`{id}`**, reported for {field}\n\n**Refused when** {refuses}.\n\n**Why**: {why}\n\n**Fix**: {fix}\n\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(given: Option<&'static str>, instead: Instead) -> Rule {
        Rule {
            id: RuleId::VlanRange,
            field: "value.vlan",
            refuses: "`vlan` is odd",
            why: "Half a VLAN is none.",
            fix: "Use `vlan: 2`.",
            example: Example { given, refused: "{\"vlan\":1}", instead },
            check: |_, _| {},
        }
    }

    #[test]
    fn help_is_text_and_markdown() {
        let rule = rule(None, Instead::Value("{\"vlan\":2}"));
        assert_eq!(
            rule.help(),
            "vlan-range, reported for value.vlan\n\nRefused when vlan is odd.\n\nWhy: Half a VLAN is none.\n\nFix: Use vlan: 2.\
             \n\nExample:\n  refused   {\"vlan\":1}\n  accepted  {\"vlan\":2}\n"
        );
        assert_eq!(
            rule.help_in_markdown(),
            "**`vlan-range`**, reported for value.vlan\n\n**Refused when** `vlan` is odd.\n\n**Why**: Half a VLAN is none.\n\n\
             **Fix**: Use `vlan: 2`.\n\nRefused:\n\n```json\n{\"vlan\":1}\n```\n\nAccepted:\n\n```json\n{\"vlan\":2}\n```\n"
        );
    }

    #[test]
    fn an_example_says_what_the_cluster_is_like() {
        let rule = rule(Some("`mgmt` is gone"), Instead::Then("it is back"));
        let example = "Example, where mgmt is gone:\n  refused   {\"vlan\":1}\n  accepted  the same, once it is back\n";
        assert!(rule.help().ends_with(example), "{}", rule.help());
        let example =
            "Refused, where `mgmt` is gone:\n\n```json\n{\"vlan\":1}\n```\n\nAccepted: the same, once it is back.\n";
        assert!(rule.help_in_markdown().ends_with(example), "{}", rule.help_in_markdown());
    }
}
