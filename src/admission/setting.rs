//! The fields of a Setting that the decision reads, borrowed from the review.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::setting::json::JsonKind;
use crate::setting::{ALLOW_DURING_MIGRATION, object};

/// A string of the Setting. Harvester takes absent, `null` and `""` for the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Text<'a> {
    /// No such key, or `null`.
    #[default]
    Absent,
    /// A string.
    Text(Cow<'a, str>),
    /// Anything else: the API server's schema lets none through, but a file may hold it.
    Other(JsonKind),
}

impl Text<'_> {
    /// The bytes that Harvester sees; `None` where it could not read the object at all.
    pub fn bytes(&self) -> Option<&str> {
        match self {
            Self::Absent => Some(""),
            Self::Text(text) => Some(text),
            Self::Other(_) => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Text<'de>, E> {
        Ok(Text::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Text<'de>, E> {
        Ok(Text::Other(JsonKind::Boolean))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Text<'de>, E> {
        Ok(Text::Other(JsonKind::Number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Text<'de>, E> {
        Ok(Text::Other(JsonKind::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Text<'de>, E> {
        Ok(Text::Other(JsonKind::Number))
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Text<'de>, M::Error> {
        IgnoredAny.visit_map(map).map(|_| Text::Other(JsonKind::Object))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, seq: S) -> Result<Text<'de>, S::Error> {
        IgnoredAny.visit_seq(seq).map(|_| Text::Other(JsonKind::Array))
    }
}

/// An object of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub struct Setting<'a> {
    /// The part of `metadata` that matters.
    #[serde(borrow, default, deserialize_with = "object::or_default")]
    pub metadata: ObjectMetadata<'a>,
    /// `value`
    #[serde(borrow, default)]
    pub value: Text<'a>,
    /// `default`
    #[serde(borrow, default)]
    pub default: Text<'a>,
}

/// `metadata`, shrunk.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectMetadata<'a> {
    /// `name`; absent with `generateName`.
    #[serde(borrow, default)]
    pub name: Text<'a>,
    /// `deletionTimestamp`
    #[serde(borrow, default)]
    pub deletion_timestamp: Text<'a>,
    /// The annotation [`ALLOW_DURING_MIGRATION`], of all: others may be as large as the object.
    #[serde(borrow, default, rename = "annotations", deserialize_with = "allow_during_migration")]
    pub allow_during_migration: Text<'a>,
}

fn allow_during_migration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text<'de>, D::Error> {
    struct Annotations;
    impl<'de> Visitor<'de> for Annotations {
        type Value = Text<'de>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("annotations: an object of strings")
        }

        fn visit_unit<E>(self) -> Result<Text<'de>, E> {
            Ok(Text::Absent)
        }

        fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Text<'de>, M::Error> {
            let mut found = Text::Absent;
            while let Some(key) = map.next_key::<Text<'de>>()? {
                if key.bytes() == Some(ALLOW_DURING_MIGRATION) {
                    found = map.next_value()?;
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(found)
        }
    }
    deserializer.deserialize_any(Annotations)
}
