//! User input, as the requests that the API server would send.
//!
//! A file may hold `AdmissionReview`s, bare `AdmissionRequest`s, and manifests of the Setting, alone, in
//! several documents or in Lists, among whatever else a repository holds; or the installer's configuration with the
//! Setting's value. Each becomes a request, so that one code judges them all: the server's.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize as _, Serialize};
use serde_json::Value;

use crate::admission::setting::Text as Submitted;
use crate::admission::{Request, Review, Setting};
use crate::escape::Quoted;
use crate::manifest::fields::Strings;
use crate::manifest::{Error, ManifestFile, Origin};

mod contents;
mod ignored;
mod warning;

pub use contents::setting_with_value;
pub use ignored::Ignored;
pub use warning::ManifestWarning;

/// One request to judge.
#[derive(Clone, Debug)]
pub struct Input {
    /// Where it was read, for people.
    pub origin: Origin,
    /// Where it stands in its file, for tools.
    pub place: DocumentPath,
    /// Where its strings stand in its file; a review's are those of its object.
    pub strings: Strings,
    pub form: Form,
    /// What is odd about a manifest.
    pub warnings: Vec<ManifestWarning>,
    /// Of a manifest: a review has its own.
    uid: String,
    /// The object that a manifest is an update of.
    stored: Option<Arc<Value>>,
}

/// What a user wrote.
#[derive(Clone, Debug)]
pub enum Form {
    /// An `AdmissionReview`, in JSON: where that was written, the very bytes.
    Review(Vec<u8>),
    /// An `AdmissionRequest`, in a review that was made around it.
    Request(Vec<u8>),
    /// The Setting as it is to be, and where its old side is from; `None` makes it a CREATE.
    Manifest { setting: Value, old: Option<OldSide> },
}

/// Where the Setting of an object stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentPath {
    /// Its document's place among those that are not empty, from 0.
    pub document: usize,
    /// Where its document starts, in bytes.
    pub start: usize,
    /// The JSON pointer that leads from there to what holds its value.
    pub object: String,
    pub value_key: &'static str,
}

impl DocumentPath {
    /// The JSON pointer from the document to its value.
    pub fn value(&self) -> String {
        format!("{}/{}", self.object, self.value_key)
    }
}

/// Where the old side of a manifest is from: a file named for the purpose, or the cluster that is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OldSide {
    File,
    Cluster,
    Live,
}

#[derive(Clone, Debug)]
pub struct Stored {
    pub setting: Value,
    pub from: OldSide,
}

/// Makes requests out of files.
#[derive(Debug, Default)]
pub struct Reader {
    stored: Option<(Arc<Value>, OldSide)>,
    /// The Settings, among all that was read, whose networks the guarded one is compared with.
    pub networks: Vec<(Value, Origin)>,
    /// How many requests were made that came without a uid.
    unnamed: usize,
}

impl Reader {
    /// A reader of manifests that are updates of this object, or creates where there is none.
    pub fn new(stored: Option<Stored>) -> Self {
        let stored = stored.map(|stored| (Arc::new(stored.setting), stored.from));
        Self { stored, ..Self::default() }
    }

    /// The requests in a file, in order, and what else it holds. A capture says what is, and asks for nothing.
    pub fn read(&mut self, file: &ManifestFile) -> Result<(Vec<Input>, Ignored), Error> {
        if file.is_captured() { Ok((Vec::new(), Ignored::default())) } else { self.contents(file) }
    }

    /// A uid for a request that came without one: the same in each run.
    fn uid(&mut self) -> String {
        self.unnamed += 1;
        format!("00000000-0000-4000-8000-{:012}", self.unnamed)
    }
}

impl Input {
    /// The review that the API server would send.
    pub fn review(&self) -> Result<Review<'_>, String> {
        match &self.form {
            Form::Review(json) | Form::Request(json) => Review::read(json),
            Form::Manifest { setting, .. } => Ok(Review {
                uid: Cow::Borrowed(&self.uid),
                user: Cow::Borrowed(""),
                operation: if self.stored.is_some() { "UPDATE" } else { "CREATE" },
                request: request(setting, self.stored.as_deref()),
            }),
        }
    }

    pub fn json(&self) -> Option<&[u8]> {
        match &self.form {
            Form::Review(json) | Form::Request(json) => Some(json),
            Form::Manifest { .. } => None,
        }
    }
}

/// The request of a Setting that takes the place of another, or is new.
fn request<'v>(setting: &'v Value, old: Option<&'v Value>) -> Result<Request<'v>, String> {
    let read = |object: &'v Value| {
        Setting::deserialize(object)
            .map_err(|error| format!("not a Setting that can be read: {}", Quoted(&error.to_string())))
    };
    let new = read(setting)?;
    Ok(match old {
        Some(old) => Request::Update { old: read(old)?, new },
        None => Request::Create(new),
    })
}

/// A string as the decision takes it.
pub fn submitted(string: &Value) -> Submitted<'_> {
    Submitted::deserialize(string).unwrap_or_default()
}

#[cfg(test)]
mod tests;
