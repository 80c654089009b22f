//! Values together with their places in the suite's file.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::manifest::fields::Strings;
use crate::manifest::{Position, Scalar};

// A value and where it stands. In the schema it is the value alone, which a doc comment would describe.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(transparent)]
pub(super) struct Spanned<T> {
    pub(super) value: T,
    #[schemars(skip)]
    pub(super) scalar: Scalar,
}

impl<T> Spanned<T> {
    pub(super) const fn position(&self) -> Position {
        self.scalar.start
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let serde_saphyr::Spanned { value, referenced, .. } = serde_saphyr::Spanned::deserialize(deserializer)?;
        Ok(Self { value, scalar: Scalar::of(referenced) })
    }
}

/// Reads a key that is optional but not `null`: an empty one is most likely a slip.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Spanned<String> {
    pub(super) fn parse<T, E: de::Error>(&self, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, E> {
        read(&self.value).map_err(|why| misplaced(self.position(), why))
    }
}

/// An error of our own about what stands at a position. Serde's errors have no room for the position, and the YAML
/// reader does not add it, so it goes before the message.
pub(super) fn misplaced<E: de::Error>(Position { line, column }: Position, why: impl fmt::Display) -> E {
    E::custom(format_args!("{line}:{column}: {why}"))
}

pub(super) fn place(message: &str) -> Option<(Position, &str)> {
    let mut parts = message.splitn(3, ':');
    let (line, column) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some((Position { line, column }, parts.next()?.strip_prefix(' ')?))
}

/// A path, or an object in its place.
#[derive(Clone, Debug)]
pub(super) enum ObjectSource {
    /// A path, relative to the suite's directory.
    Path(String),
    /// A Kubernetes object, and where its strings stand.
    Object(Value, Strings),
}

impl JsonSchema for ObjectSource {
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
