//! An object in a suite: a path or the object itself.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::spanned::Spanned;
use crate::manifest::fields::Strings;

/// A path, or an object in its place.
#[derive(Clone, Debug)]
pub(super) enum ObjectSource {
    /// A path, relative to the suite's directory.
    Path(String),
    /// A Kubernetes object, and where its strings stand.
    Object(Value, Strings),
}

impl JsonSchema for ObjectSource {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Source".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A path, relative to the suite's directory, or a Kubernetes object.",
            "anyOf": [{ "type": "string" }, { "type": "object" }],
        })
    }
}

impl<'de> Deserialize<'de> for ObjectSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PathOrObject;

        impl<'de> Visitor<'de> for PathOrObject {
            type Value = ObjectSource;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the path of a file or an object")
            }

            fn visit_str<E>(self, path: &str) -> Result<ObjectSource, E> {
                Ok(ObjectSource::Path(path.to_owned()))
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<ObjectSource, M::Error> {
                let (mut object, mut strings) = (Map::new(), Strings::default());
                while let Some(key) = map.next_key::<String>()? {
                    let Spanned { value, scalar } = map.next_value()?;
                    match key.as_str() {
                        "value" => strings.value = Some(scalar),
                        "default" => strings.default = Some(scalar),
                        _ => {}
                    }
                    object.insert(key, value);
                }
                Ok(ObjectSource::Object(Value::Object(object), strings))
            }
        }

        deserializer.deserialize_any(PathOrObject)
    }
}
