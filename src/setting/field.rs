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
            FieldPath::UnknownKey(key) => write!(f, "{string}.{key}"),
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
    /// A key that is not one of the four, of 1 to 64 letters, digits, `_` and `-`: nothing in it is taken for another
    /// part of the path.
    UnknownKey(String),
}
