//! Errors in a suite, with their place in the file.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use serde_saphyr::{Error as YamlError, Localizer, Location, UserMessageFormatter};

use super::spanned;
use crate::escape::{Quoted, Quoting};
use crate::manifest::Position;
use crate::report;
use crate::setting::suggest::nearest_or_all;

/// Something in a suite that can't be taken as it stands. Safe to print.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what}")]
pub struct Error {
    pub at: report::Location,
    pub what: String,
}

impl Error {
    pub(super) fn new(path: &Arc<Path>, position: Position, what: impl Into<String>) -> Self {
        Self { at: report::Location::new(Arc::clone(path), position), what: what.into() }
    }

    pub(super) fn yaml(path: &Arc<Path>, error: &YamlError) -> Self {
        let error = error.without_snippet();
        if let YamlError::Message { msg, .. } = error
            && let Some((position, what)) = spanned::place(msg)
        {
            return Self::new(path, position, what);
        }
        let position = error.location().filter(|location| *location != Location::UNKNOWN);
        Self::new(path, position.map_or(Position::START, Position::of), yaml(error))
    }
}

fn yaml(error: &YamlError) -> String {
    match error {
        YamlError::SerdeUnknownField { field, expected, .. } => {
            let hint = nearest_or_all("the keys here are", field, expected.iter().copied());
            format!("unknown key {}; {hint}", Quoted(field))
        }
        YamlError::SerdeUnknownVariant { variant, expected, .. } => not_known(variant, expected.iter().copied()),
        YamlError::SerdeMissingField { field, .. } => format!("the key {field} is missing"),
        YamlError::SerdeInvalidType { unexpected, expected, .. } => {
            format!("is {}, must be {expected}", Quoting(unexpected))
        }
        YamlError::Unexpected { expected: "string scalar", .. } => "must be a string".into(),
        YamlError::Unexpected { expected: "sequence start", .. } => "must be a list".into(),
        YamlError::Unexpected { expected: "mapping start", .. } => "must be an object with keys and values".into(),
        YamlError::QuotingRequired { value, .. } => {
            format!("must be a string, and YAML takes {} for something else; put it in quotes", Quoting(value))
        }
        YamlError::NullIntoString { .. } => {
            "must be a string, and nothing is no string; write '' for an empty one".into()
        }
        YamlError::InvalidScalar { ty: "u16", .. } => "must be a whole number from 0 to 65535".into(),
        YamlError::DuplicateMappingKey { key, .. } => {
            format!("the key {} stands twice", Quoted(key.as_deref().unwrap_or_default()))
        }
        YamlError::Eof { .. } => "there is nothing here; a suite has the keys cluster and cases".into(),
        YamlError::MultipleDocuments { .. } => "a second document starts here; one file holds one suite".into(),
        // What is wrong with the text of an anchor, met again where it is used.
        YamlError::AliasError { error, .. } => yaml(error.without_snippet()),
        YamlError::Budget { .. } => "nested, repeated or long beyond reason".into(),
        other => {
            let words = other.render_with_formatter(&UserMessageFormatter.with_localizer(&WithoutLocation));
            format!("is not YAML that can be read: {}", Quoting(&words))
        }
    }
}

/// A name that is none of those known.
pub(super) fn not_known<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    format!("{} is not known here; {}", Quoted(name), nearest_or_all("it is one of", name, known))
}

/// The place stands before the message already.
struct WithoutLocation;

impl Localizer for WithoutLocation {
    fn attach_location<'a>(&self, base: Cow<'a, str>, _: Location) -> Cow<'a, str> {
        base
    }
}
