//! A reason to refuse a value: which problem, and in which field.

use std::fmt::{self, Write};

use super::problem::Problem;
use super::rule::RuleId;

/// The string of the Setting that a problem is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// `value`
    Value,
    /// `default`
    Default,
}

impl Root {
    /// The field's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Default => "default",
        }
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The place of a problem inside the JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// The text as a whole.
    Whole,
    /// One of the four keys.
    Key(Key),
    /// An entry of `exclude`.
    ExcludeItem(usize),
    /// A key that is not one of the four, but plain enough to be part of a path.
    UnknownKey(PlainKey),
}

/// A key that can stand in a field path without being mistaken for a part of it: 1 to 64 letters, digits, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainKey(String);

impl PlainKey {
    /// The key; `None` where it is not plain.
    #[must_use]
    pub fn of(key: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        ((1..=64).contains(&key.len()) && key.bytes().all(plain)).then(|| Self(key.to_owned()))
    }

    /// As it is spelled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The keys of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// `clusterNetwork`
    ClusterNetwork,
    /// `vlan`
    Vlan,
    /// `range`
    Range,
    /// `exclude`
    Exclude,
}

impl Key {
    /// The keys in canonical order.
    pub const ALL: [Self; 4] = [Self::ClusterNetwork, Self::Vlan, Self::Range, Self::Exclude];

    /// The key as it is spelled.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClusterNetwork => "clusterNetwork",
            Self::Vlan => "vlan",
            Self::Range => "range",
            Self::Exclude => "exclude",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One reason to refuse a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which of the Setting's strings.
    pub root: Root,
    /// Where in it.
    pub path: Path,
    /// What.
    pub problem: Problem,
}

impl Violation {
    /// The rule that is broken.
    #[must_use]
    pub const fn rule(&self) -> RuleId {
        self.problem.rule()
    }

    /// The field path as API clients know it: `value.exclude[1]`. It has no character that JSON escapes.
    #[must_use]
    pub fn field(&self) -> String {
        let mut field = String::new();
        self.push_field(&mut field);
        field
    }

    pub(crate) fn push_field(&self, text: &mut String) {
        text.push_str(self.root.as_str());
        let key = match &self.path {
            Path::Whole => return,
            Path::ExcludeItem(index) => {
                // Writing to a string can't fail.
                let _ = write!(text, ".exclude[{index}]");
                return;
            }
            Path::Key(key) => key.as_str(),
            Path::UnknownKey(key) => key.as_str(),
        };
        text.push('.');
        text.push_str(key);
    }

    /// The reason of the API's `causes[]`.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        self.problem.reason()
    }
}

/// The message alone, on one line: what was seen, what is accepted, and the fix where one is obvious.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}
