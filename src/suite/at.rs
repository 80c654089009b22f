//! A value together with its place in the suite's file.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

use crate::manifest::strings::Strings;
use crate::manifest::{Position, Scalar};

/// A value and where it stands. In the schema it is the value alone.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) scalar: Scalar,
}

impl<T> At<T> {
    pub(super) const fn position(&self) -> Position {
        self.scalar.start
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, .. } = Spanned::deserialize(deserializer)?;
        Ok(Self { value, scalar: Scalar::of(referenced) })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Reads a key that is optional but not `null`: an empty one is most likely a slip.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A path, or an object in its place.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A path, relative to the suite's directory.
    Path(String),
    /// A Kubernetes object, and where its strings stand.
    Object(Map<String, Value>, Strings),
}

impl JsonSchema for Source {
    fn schema_name() -> Cow<'static, str> {
        "Source".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A path, relative to the suite's directory, or a Kubernetes object.",
            "anyOf": [{ "type": "string" }, { "type": "object" }],
        })
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PathOrObject;

        impl<'de> Visitor<'de> for PathOrObject {
            type Value = Source;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the path of a file or an object")
            }

            fn visit_str<E>(self, path: &str) -> Result<Source, E> {
                Ok(Source::Path(path.to_owned()))
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Source, M::Error> {
                let (mut object, mut strings) = (Map::new(), Strings::default());
                while let Some(key) = map.next_key::<String>()? {
                    let at: At<Value> = map.next_value()?;
                    match key.as_str() {
                        "value" => strings.value = Some(at.scalar),
                        "default" => strings.default = Some(at.scalar),
                        _ => {}
                    }
                    object.insert(key, at.value);
                }
                Ok(Source::Object(object, strings))
            }
        }

        deserializer.deserialize_any(PathOrObject)
    }
}
