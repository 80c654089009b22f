//! One JSON object as key and value slices of its own text.
//!
//! Slices instead of a tree: nothing is copied, a text of a million keys costs no memory, what lies
//! inside an unknown key is skipped without recursion, and each member is judged on its own, so that
//! one wrong type does not hide the next.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAnObject {
    /// It is no JSON text; the reason carries line and column but none of the text.
    NotJson(String),
    Other(JsonKind),
}

/// The kinds of JSON value, by their first character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonKind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl JsonKind {
    /// The kind of a text that is known to be JSON.
    pub(super) fn of(json: &str) -> Self {
        match trim_start(json).bytes().next() {
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            Some(b'"') => Self::String,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'n') => Self::Null,
            _ => Self::Number,
        }
    }
}

impl fmt::Display for JsonKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}

/// The text without the white space before it: JSON's, and only that.
pub(super) fn trim_start(text: &str) -> &str {
    let blank = text.bytes().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
    &text[blank..]
}

/// Whether a text holds nothing but JSON white space.
pub fn is_blank(text: &str) -> bool {
    trim_start(text).is_empty()
}

/// Calls `member` with each key and value, in order. The text must be one object and nothing else; when it
/// turns out not to be, members may have been seen already and count for nothing.
pub(super) fn members<'a>(text: &'a str, member: impl FnMut(&'a RawValue, &'a RawValue)) -> Result<(), NotAnObject> {
    let not_json = |error: serde_json::Error| NotAnObject::NotJson(error.to_string());
    if text.starts_with('\u{feff}') {
        return Err(NotAnObject::NotJson("starts with a byte order mark (U+FEFF)".into()));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    if !trim_start(text).starts_with('{') {
        serde_json::from_str::<IgnoredAny>(text).map_err(not_json)?;
        return Err(NotAnObject::Other(JsonKind::of(text)));
    }
    deserializer.deserialize_map(MemberVisitor(member)).map_err(not_json)?;
    deserializer.end().map_err(not_json)
}

/// Hands each member to a function instead of building a map.
struct MemberVisitor<F>(F);

impl<'de, F: FnMut(&'de RawValue, &'de RawValue)> Visitor<'de> for MemberVisitor<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<(), M::Error> {
        while let Some((key, value)) = map.next_entry()? {
            (self.0)(key, value);
        }
        Ok(())
    }
}

/// Calls `item` with each item of a text that is known to be an array, in order.
pub(super) fn items<'a>(array: &'a str, item: impl FnMut(&'a RawValue)) {
    // It is known to be one, so this can't fail.
    let _ = serde_json::Deserializer::from_str(array).deserialize_seq(ItemVisitor(item));
}

/// Hands each item to a function instead of building a vector.
struct ItemVisitor<F>(F);

impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for ItemVisitor<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<S: SeqAccess<'de>>(mut self, mut items: S) -> Result<(), S::Error> {
        while let Some(item) = items.next_element()? {
            (self.0)(item);
        }
        Ok(())
    }
}

/// A JSON string's text; `None` when an escape names half a surrogate pair, which is no character.
pub(super) fn text(string: &str) -> Option<Cow<'_, str>> {
    let inner = string.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(string).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(&str, &str)>, NotAnObject> {
        let mut seen = Vec::new();
        members(text, |key, value| seen.push((key.get(), value.get())))?;
        Ok(seen)
    }

    #[test]
    fn members_are_slices_of_the_text() {
        assert_eq!(
            read(" \t\r\n{ \"a\" : [1, {}], \"a\":\"\\u0062\" } ").unwrap(),
            [("\"a\"", "[1, {}]"), ("\"a\"", "\"\\u0062\""),]
        );
        assert_eq!(read("{}").unwrap(), []);
    }

    #[test]
    fn what_is_no_object_is_named() {
        let kinds = [
            ("null", JsonKind::Null, "null"),
            ("true", JsonKind::Boolean, "a boolean"),
            ("false", JsonKind::Boolean, "a boolean"),
            ("-1", JsonKind::Number, "a number"),
            ("\"{}\"", JsonKind::String, "a string"),
            ("[{}]", JsonKind::Array, "an array"),
        ];
        for (text, kind, words) in kinds {
            assert_eq!(read(text), Err(NotAnObject::Other(kind)));
            assert_eq!(read(&format!("\n {text}\t")), Err(NotAnObject::Other(kind)));
            assert_eq!(kind.to_string(), words);
        }
        assert_eq!((JsonKind::of("{}"), JsonKind::Object.to_string()), (JsonKind::Object, "an object".to_owned()));
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        let why = |text| match read(text) {
            Err(NotAnObject::NotJson(why)) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(why(""), "EOF while parsing a value at line 1 column 0");
        assert_eq!(why("{} {}"), "trailing characters at line 1 column 4");
        assert_eq!(why("[1"), "EOF while parsing a list at line 1 column 2");
        assert_eq!(why("{\"a\":1"), "EOF while parsing an object at line 1 column 6");
        assert_eq!(why("\u{feff}{}"), "starts with a byte order mark (U+FEFF)");
        assert_eq!(why("\u{a0}{}"), "expected value at line 1 column 1");
    }

    #[test]
    fn blank_is_only_what_json_takes_for_white_space() {
        assert!(["", " ", "\t\n\r "].into_iter().all(is_blank));
        assert!(!["\u{b}", "\u{a0}", " x", "0"].into_iter().any(is_blank));
    }

    #[test]
    fn items_are_slices_too() {
        let mut seen = Vec::new();
        items(" [1 , \"a\",[]] ", |item| seen.push(item.get()));
        assert_eq!(seen, ["1", "\"a\"", "[]"]);
    }

    #[test]
    fn half_a_surrogate_pair_is_no_text() {
        let read = |json: &str| text(json).map(Cow::into_owned);
        assert!(matches!(text(r#""a b""#), Some(Cow::Borrowed("a b"))));
        assert_eq!(read("\"\\ud83d\\ude00\\n\""), Some("\u{1f600}\n".to_owned()));
        assert_eq!(read("\"\\ud83d\""), None);
        assert_eq!(read("1"), None);
    }
}
