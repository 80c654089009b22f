//! The JSON Schema of a suite, so that editors complete and check it.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::format::Suite;
use crate::setting::{RuleId, Warning};

/// The name of a rule.
pub(super) struct RuleName;

/// The name of a kind of warning, those of rules included.
pub(super) struct WarningKind;

impl JsonSchema for RuleName {
    fn schema_name() -> Cow<'static, str> {
        "RuleName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = |rule: RuleId| json_schema!({ "const": rule.as_str(), "description": rule.refuses() });
        json_schema!({ "description": "The name of a rule.", "oneOf": RuleId::ALL.map(one) })
    }
}

impl JsonSchema for WarningKind {
    fn schema_name() -> Cow<'static, str> {
        "WarningKind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<_> = warning_kinds().collect();
        json_schema!({ "description": "The name of a kind of warning.", "type": "string", "enum": kinds })
    }
}

/// Every kind of warning, each once.
pub(super) fn warning_kinds() -> impl Iterator<Item = &'static str> + Clone {
    let rules = RuleId::ALL.into_iter().map(RuleId::as_str);
    Warning::KINDS.into_iter().chain(rules.filter(|rule| !Warning::KINDS.contains(rule)))
}

/// The schema, as JSON.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = false);
    let mut schema = settings.into_generator().into_root_schema_for::<Suite>();
    RecursiveTransform(forbid_null).transform(&mut schema);
    let mut schema = schema.to_value();
    // The reader takes a case without one, for the run to fail it; an editor may say so at once.
    if let Some(Value::Array(required)) = schema.pointer_mut("/definitions/Case/required") {
        required.push("expect".into());
    }
    schema
}

/// A key that is optional may be left out, not be `null`.
fn forbid_null(schema: &mut Schema) {
    schema.remove("default");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(any)) = schema.get_mut("anyOf") {
        any.retain(|kind| kind.get("type").is_none_or(|kind| kind != "null"));
    }
}
