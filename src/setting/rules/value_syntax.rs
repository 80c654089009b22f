//! `value-syntax`: the value is one JSON object with exactly the known keys and types. The parser finds what is wrong.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: RuleId::ValueSyntax,
    field: "`value.KEY` with the key, `value.exclude[i]` or `value`",
    refuses: "the value is not one JSON object with `clusterNetwork`, `vlan`, `range` and, if wanted, `exclude`, each once and of its type",
    why: "Harvester reads the value leniently: it ignores a misspelled key without a warning, and of two equal keys it uses \
          the last. If Harvester can't read the value, the Setting stays in an error, and Harvester does not retry.",
    fix: "Correct the key or the type that the message names. For a misspelled key, the message suggests the right one.",
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
