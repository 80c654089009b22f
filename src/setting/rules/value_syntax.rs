//! `value-syntax`: the value is one JSON object with exactly the known keys and types. The parser finds what is wrong.

use crate::setting::evaluation::Evaluation;
use crate::setting::rule::{Example, Instead, Rule, SOUND};
use crate::setting::rule_id::RuleId;
use crate::setting::validated_value::ValidatedValue;

pub(super) static RULE: Rule = Rule {
    id: RuleId::ValueSyntax,
    field: "`value.KEY` with the key, `value.exclude[i]` or `value`",
    refuses: "the value is not one JSON object with `clusterNetwork`, `vlan`, `range` and, if wanted, `exclude`, each once and of its type",
    why: "Harvester reads the value leniently: a misspelled key is dropped without a word, of two equal keys the last wins, \
          and a value it can't read leaves the setting in an error that it does not retry.",
    fix: "Correct the key or the type that the message names; nearly right keys come with the key that was probably meant.",
    example: Example {
        given: None,
        refused: r#"{"clusterNetwork":"vm-migration","vlan":"100","rnage":"192.168.1.0/24"}"#,
        instead: Instead::Value(SOUND),
    },
    check,
};

fn check(evaluation: &mut Evaluation<'_, '_>, value: &ValidatedValue<'_>) {
    evaluation.judged();
    evaluation.report_all(value.syntax());
}
