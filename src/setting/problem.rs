//! A problem in a value, not yet tied to `value` or `default`.

use std::fmt;

use super::field::FieldPath;

/// The most problems that are listed one by one.
pub const MAX_LISTED: usize = 50;

/// The reason of the API's `causes[]`: one of Kubernetes' own, or kubectl hides the causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Required,
    Duplicate,
    Invalid,
    TypeInvalid,
    Forbidden,
    NotFound,
    TooMany,
}

impl Reason {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::Forbidden => "FieldValueForbidden",
            Self::NotFound => "FieldValueNotFound",
            Self::TooMany => "FieldValueTooMany",
        }
    }

    /// As messages begin with it.
    const fn words(self) -> &'static str {
        match self {
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "Not found",
            Self::TooMany => "Too many",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub path: FieldPath,
    pub reason: Reason,
    /// What was seen, what is accepted, and the fix where one is obvious. Commands stand on lines of their own, indented.
    pub message: String,
}

impl Problem {
    /// The reason's words come before the message.
    pub(super) fn new(path: FieldPath, reason: Reason, message: impl fmt::Display) -> Self {
        Self { path, reason, message: format!("{}: {message}", reason.words()) }
    }
}

/// Problems in the order found: the first few, and how many more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    listed: Vec<Problem>,
    more: usize,
}

impl Problems {
    /// Adds a problem; past the limit it is counted, and its text never made.
    pub(super) fn push(&mut self, problem: impl FnOnce() -> Problem) {
        if self.listed.len() < MAX_LISTED { self.listed.push(problem()) } else { self.count(1) }
    }

    /// What was read; or the problem is added.
    pub(super) fn note<T>(&mut self, read: Result<T, Problem>) -> Option<T> {
        read.map_err(|problem| self.push(|| problem)).ok()
    }

    pub(super) const fn count(&mut self, more: usize) {
        self.more += more;
    }

    pub const fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    pub fn listed(&self) -> &[Problem] {
        &self.listed
    }

    /// How many there are beyond those listed.
    pub const fn more(&self) -> usize {
        self.more
    }
}
