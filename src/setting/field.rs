//! Field paths: which part of which string something is about.

use std::fmt;

use serde::{Serialize, Serializer};

use super::key::Key;

/// A field as API clients know it: `value.exclude[1]`. It shows without a character that JSON escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub string: StringField,
    pub path: FieldPath,
}

impl Field {
    /// One of the strings as a whole.
    pub const fn whole(string: StringField) -> Self {
        Self { string, path: FieldPath::Whole }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let string = self.string;
        match &self.path {
            FieldPath::Whole => write!(f, "{string}"),
            FieldPath::Key(key) => write!(f, "{string}.{key}"),
            FieldPath::ExcludeItem(index) => write!(f, "{string}.exclude[{index}]"),
            FieldPath::UnknownKey(key) => write!(f, "{string}.{}", key.as_str()),
        }
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The string of the Setting that a problem is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StringField {
    Value,
    Default,
}

impl StringField {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Default => "default",
        }
    }
}

impl fmt::Display for StringField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldPath {
    Whole,
    Key(&'static Key),
    ExcludeItem(usize),
    /// A key that is not one of the four, but plain enough to be part of a path.
    UnknownKey(PlainKey),
}

/// A key that can stand in a field path without being mistaken for a part of it: 1 to 64 letters, digits, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainKey(String);

impl PlainKey {
    /// The key; `None` where it is not plain.
    pub fn of(key: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        ((1..=64).contains(&key.len()) && key.bytes().all(plain)).then(|| Self(key.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
