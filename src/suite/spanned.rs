//! A value together with its place in the suite's file.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, Deserialize, Deserializer};

use crate::manifest::{Position, Scalar};

/// A value and where it stands. In the schema it is the value alone.
#[derive(Clone, Debug)]
pub(super) struct Spanned<T> {
    pub(super) value: T,
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

impl<T: JsonSchema> JsonSchema for Spanned<T> {
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

impl Spanned<String> {
    /// Makes something of the string.
    pub(super) fn parse<T, E: de::Error>(&self, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, E> {
        read(&self.value).map_err(|why| misplaced(self.position(), why))
    }
}

/// An error of our own about what stands at a position. Serde's errors have no room for the position, and the YAML
/// reader does not add it, so it goes before the message.
pub(super) fn misplaced<E: de::Error>(Position { line, column }: Position, why: impl fmt::Display) -> E {
    E::custom(format_args!("{line}:{column}: {why}"))
}

/// The position and the message of such an error.
pub(super) fn place(message: &str) -> Option<(Position, &str)> {
    let mut parts = message.splitn(3, ':');
    let (line, column) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some((Position { line, column }, parts.next()?.strip_prefix(' ')?))
}
