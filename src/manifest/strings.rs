//! Where the strings of the Settings in a file stand: `value` and `default`, also inside lists and reviews.
//!
//! This is a second look at a file whose objects were read already. It is taken where a string is to be pointed
//! at or rewritten, which most objects of most files never are.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::{ManifestFile, Position, Scalar, document};
use crate::setting::field::{Field, StringField};
use crate::setting::span;

/// Where the strings of one object stand. All is absent where the object is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strings {
    /// `value`
    pub value: Option<Scalar>,
    /// `default`
    pub default: Option<Scalar>,
    /// Those of `items`, in order.
    pub items: Vec<Strings>,
    /// Those of `object`, or of `request.object`: a review's.
    pub object: Option<Box<Strings>>,
}

/// The strings of each document, in the order of [`document::parse`]; none of a file that only JSON readers take.
#[must_use]
pub fn find(file: &ManifestFile) -> Vec<Strings> {
    let found: Result<Vec<Strings>, _> = serde_saphyr::from_multiple_with_options(&file.text, document::options());
    found.unwrap_or_default()
}

impl Strings {
    /// Where a field of one of the strings stands: of that string's `text`, in the text of its `file`.
    #[must_use]
    pub fn position(&self, file: &str, field: &Field, text: &str) -> Option<Position> {
        let scalar = match field.string {
            StringField::Value => &self.value,
            StringField::Default => &self.default,
        };
        scalar.as_ref().map(|scalar| scalar.position(file, text, span::offset(text, &field.path)))
    }
}

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Finder)
    }
}

struct Finder;

impl<'de> Visitor<'de> for Finder {
    type Value = Strings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Strings, M::Error> {
        let mut found = Strings::default();
        while let Some(Key(key)) = map.next_key()? {
            match key.as_deref() {
                Some("value") => found.value = Some(scalar(&mut map)?),
                Some("default") => found.default = Some(scalar(&mut map)?),
                Some("items") => found.items = map.next_value::<Strings>()?.items,
                Some("object") => found.object = Some(Box::new(map.next_value()?)),
                Some("request") => found.object = map.next_value::<Strings>()?.object,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Strings, S::Error> {
        let mut found = Strings::default();
        while let Some(item) = items.next_element()? {
            found.items.push(item);
        }
        Ok(found)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Strings, E> {
        Ok(Strings::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Strings, E> {
        Ok(Strings::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Strings, E> {
        Ok(Strings::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Strings, E> {
        Ok(Strings::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Strings, E> {
        Ok(Strings::default())
    }

    fn visit_unit<E>(self) -> Result<Strings, E> {
        Ok(Strings::default())
    }
}

fn scalar<'de, M: MapAccess<'de>>(map: &mut M) -> Result<Scalar, M::Error> {
    Ok(Scalar::of(map.next_value::<Spanned<IgnoredAny>>()?.referenced))
}

/// A key, where it is a string.
struct Key(Option<String>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_json::Value::deserialize(deserializer).map(|key| Self(key.as_str().map(ToOwned::to_owned)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::field::{FieldPath, Key};

    fn find(text: &str) -> Vec<Strings> {
        super::find(&ManifestFile { path: std::path::Path::new("x.yaml").into(), text: text.to_owned() })
    }

    fn at(scalar: Option<&Scalar>) -> (usize, usize) {
        scalar.map(|scalar| (scalar.start.line, scalar.start.column)).unwrap()
    }

    #[test]
    fn strings_are_found_in_documents_lists_and_reviews() {
        let found = find(
            "kind: Setting\nvalue: 'a'\n---\n# nothing\n---\nkind: List\nitems:\n- {value: b}\n- 7\n- x: 1\n  default: \"c\"\n\
             ---\nrequest:\n  object:\n    value: d\n",
        );
        assert_eq!(found.len(), 3);
        assert_eq!(at(found[0].value.as_ref()), (2, 8));
        assert_eq!(at(found[1].items[0].value.as_ref()), (8, 11));
        assert_eq!(found[1].items[1], Strings::default());
        assert_eq!(at(found[1].items[2].default.as_ref()), (11, 12));
        assert_eq!(at(found[2].object.as_ref().unwrap().value.as_ref()), (15, 12));
    }

    #[test]
    fn what_is_not_understood_has_no_positions() {
        assert_eq!(find("a: ["), []);
        assert_eq!(find("[1, ~, 2.5, -3, yes, {1: 2, [a]: b}]")[0].items.len(), 6);
        assert_eq!(at(find("{\"value\": \"x\"}")[0].value.as_ref()), (1, 11));
        assert_eq!(find("\u{feff}value: x")[0].value.as_ref().unwrap().bytes, 10..11);
    }

    #[test]
    fn a_field_is_pointed_at_inside_its_string() {
        let file = "kind: Setting\nvalue: '{\"clusterNetwork\":\"it''s\",\"vlan\":4095}'\n";
        let text = r#"{"clusterNetwork":"it's","vlan":4095}"#;
        let strings = &find(file)[0];
        let vlan = |string| Field { string, path: FieldPath::Key(Key::Vlan) };
        assert_eq!(strings.position(file, &vlan(StringField::Value), text), Some(Position { line: 2, column: 35 }));
        assert_eq!(file.lines().nth(1).unwrap().find(r#""vlan""#), Some(34));
        assert_eq!(strings.position(file, &vlan(StringField::Default), text), None);
    }
}
