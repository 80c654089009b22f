//! The JSON Schema of a suite, so that editors complete and check it.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use serde_json::Value;

use super::spec::SuiteSpec;

pub fn schema() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = false);
    let mut schema = settings.into_generator().into_root_schema_for::<SuiteSpec>();
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
