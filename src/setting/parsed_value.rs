//! What a user submitted, parsed strictly and as far as it can be.
//!
//! Each member is checked on its own, so one pass finds every mistake. A text of the largest size the API
//! server takes may be a million mistakes: only the first few are kept, the rest are counted.

use std::borrow::Cow;

use serde_json::value::RawValue;

use self::members::Members;
use super::field::FieldPath;
use super::json::{self, JsonKind, NotAnObject};
use super::key::{self, Key};
use super::problem::{Problem, Problems, Reason};
use crate::escape::Excerpt;

mod members;

/// What a value looks like, for those who sent something else altogether.
const EXAMPLE: &str = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24"}"#;

/// A submitted value: every part that obeys the grammar, and every problem with it.
///
/// A part that is `None` has a problem in [`ParsedValue::syntax`].
#[derive(Clone, Debug, Default)]
pub struct ParsedValue<'a> {
    /// What breaks the rule `value-syntax`.
    pub syntax: Problems,
    /// A string that is not empty.
    pub cluster_network: Option<Cow<'a, str>>,
    /// The digits of an integer of any size, with its sign.
    pub vlan: Option<&'a str>,
    /// Any string.
    pub range: Option<Cow<'a, str>>,
    /// Any strings; empty when the key is absent or `null`.
    pub exclude: Option<Entries<'a>>,
}

#[derive(Clone, Debug, Default)]
pub struct Entries<'a> {
    /// Each in its place; `None` for what is no string.
    pub items: Vec<Option<Cow<'a, str>>>,
    /// Whether some of them have a problem in [`ParsedValue::syntax`], so that it is open which addresses they exclude.
    pub broken: bool,
}

impl<'a> ParsedValue<'a> {
    /// Reads a value that is not blank.
    pub fn read(text: &'a str) -> Self {
        let mut members = Members::default();
        match json::members(text, |key, value| members.add(key, value)) {
            Ok(()) => members.finish(),
            Err(why) => Self::not_an_object(text, &why),
        }
    }

    /// What is no string at all.
    pub fn not_a_string(seen: JsonKind) -> Self {
        let message = format!("{seen}: must be a string that holds JSON; in YAML, put it in single quotes");
        Self::unreadable(Reason::TypeInvalid, &message)
    }

    fn not_an_object(text: &str, why: &NotAnObject) -> Self {
        let text = Excerpt::of(text);
        let message = match why {
            NotAnObject::NotJson(why) => format!("{text}: not JSON: {why}; accepted is one object such as {EXAMPLE}"),
            NotAnObject::Other(kind) => format!("{text}: {kind}, not a JSON object such as {EXAMPLE}"),
        };
        Self::unreadable(Reason::Invalid, &message)
    }

    fn unreadable(reason: Reason, message: &str) -> Self {
        let mut value = Self::default();
        value.syntax.push(|| Problem::new(FieldPath::Whole, reason, message));
        value
    }
}

fn wrong_type(key: &'static Key, value: &RawValue, kind: JsonKind) -> Problem {
    let path = FieldPath::Key(key);
    if kind == JsonKind::Null {
        return Problem::new(path, Reason::Required, format_args!("{key} is null; {}", key.accepts));
    }
    Problem::new(path, Reason::TypeInvalid, format_args!("{} is {kind}; {}", Excerpt::of(value.get()), key.accepts))
}

fn string<'a>(key: &'static Key, value: &'a RawValue) -> Result<Cow<'a, str>, Problem> {
    match JsonKind::of(value.get()) {
        JsonKind::String => {}
        kind => return Err(wrong_type(key, value, kind)),
    }
    match json::text(value.get()) {
        None => Err(half_surrogate(FieldPath::Key(key), value)),
        Some(text) if *key == key::CLUSTER_NETWORK && text.is_empty() => {
            let message = format_args!("{key} is empty; {}", key.accepts);
            Err(Problem::new(FieldPath::Key(key), Reason::Required, message))
        }
        Some(text) => Ok(text),
    }
}

fn half_surrogate(path: FieldPath, string: &RawValue) -> Problem {
    let string = Excerpt::of(string.get());
    Problem::new(path, Reason::Invalid, format_args!("{string}: half a surrogate pair is no text"))
}

fn integer<'a>(key: &'static Key, value: &'a RawValue) -> Result<&'a str, Problem> {
    let written = value.get();
    match JsonKind::of(written) {
        JsonKind::Number if is_integer(written) => Ok(written),
        kind => Err(wrong_type(key, value, kind)),
    }
}

/// Whether a JSON number is an integer as Go's integer types take it: no fraction, no exponent, no minus zero.
fn is_integer(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    digits.bytes().all(|byte| byte.is_ascii_digit()) && number != "-0"
}

/// What is wrong with one string leaves the others as they are.
fn strings<'a>(key: &'static Key, value: &'a RawValue, problems: &mut Problems) -> Result<Entries<'a>, Problem> {
    let mut entries = Entries::default();
    match JsonKind::of(value.get()) {
        JsonKind::Null => return Ok(entries),
        JsonKind::Array => {}
        kind => return Err(wrong_type(key, value, kind)),
    }
    json::items(value.get(), |item| {
        let text = json::text(item.get());
        if text.is_none() {
            entries.broken = true;
            let path = FieldPath::ExcludeItem(entries.items.len());
            problems.push(|| match JsonKind::of(item.get()) {
                JsonKind::String => half_surrogate(path, item),
                kind => {
                    let seen = Excerpt::of(item.get());
                    let message = format!("{seen} is {kind}; each entry is a string such as \"192.168.1.1/32\"");
                    Problem::new(path, Reason::TypeInvalid, message)
                }
            });
        }
        entries.items.push(text);
    });
    Ok(entries)
}

#[cfg(test)]
mod tests;
