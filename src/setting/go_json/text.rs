//! String literals as Go decodes them, and keys as it compares them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, Visitor};

use crate::setting::json;

/// The text of a string literal. Half a surrogate pair becomes U+FFFD, where serde would refuse it.
pub(super) fn decode(literal: &str) -> Cow<'_, str> {
    json::text(literal).unwrap_or_else(|| {
        // As bytes, serde_json gives half a pair too, in WTF-8: as three bytes, which is what U+FFFD takes.
        let mut bytes = serde_json::Deserializer::from_str(literal).deserialize_bytes(Wtf8).unwrap_or_default();
        for at in 0..bytes.len().saturating_sub(2) {
            if bytes[at] == 0xed && bytes[at + 1] >= 0xa0 {
                bytes[at..at + 3].copy_from_slice("\u{fffd}".as_bytes());
            }
        }
        Cow::Owned(String::from_utf8(bytes).unwrap_or_default())
    })
}

struct Wtf8;

impl Visitor<'_> for Wtf8 {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }
}

/// Whether Go takes the key for the field: equal but for case.
///
/// No two fields differ by case alone, so that it is no matter which of them an exact match is.
pub(super) fn folds_to(key: &str, name: &str) -> bool {
    key.chars().map(fold).eq(name.chars().map(fold))
}

/// The least character that differs by case alone, for all that can meet an ASCII name.
const fn fold(c: char) -> char {
    match c {
        '\u{17f}' => 'S',
        '\u{212a}' => 'K',
        _ => c.to_ascii_uppercase(),
    }
}
