//! User input, as the requests that the API server would send.
//!
//! A file may hold `AdmissionReview`s, bare `AdmissionRequest`s, and manifests of the Setting, alone, in
//! several documents or in Lists, among whatever else a repository holds; or the installer's configuration with the
//! Setting's value. Each becomes a request, so that one code judges them all: the server's.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::Value;

use crate::admission::review::{API_VERSION, KIND};
use crate::admission::setting::Text as Submitted;
use crate::admission::{Request, Review, Setting};
use crate::escape::Quoted;
use crate::manifest::fields::Strings;
use crate::manifest::{Error, ManifestFile, Origin};
use crate::setting::json::is_blank;

mod contents;
mod head;
mod ignored;
mod warning;

pub use contents::{Contents, DocumentPath, InputObject, What};
pub use ignored::Ignored;
pub use warning::ManifestWarning;

/// One request to judge.
#[derive(Clone, Debug)]
pub struct Input {
    /// Where it was read, for people.
    pub origin: Origin,
    /// Where it stands in its file, for tools.
    pub place: DocumentPath,
    /// Where its strings stand in its file.
    pub strings: Strings,
    pub form: Form,
    /// What is odd about a manifest.
    pub warnings: Vec<ManifestWarning>,
    source: RequestSource,
}

#[derive(Clone, Debug)]
pub enum Form {
    Review,
    Request,
    Manifest {
        setting: Value,
        /// Where its old side is from; `None` makes it a CREATE.
        old: Option<OldSide>,
    },
}

/// What a request is made of.
#[derive(Clone, Debug)]
enum RequestSource {
    /// An `AdmissionReview`, in JSON: where that was written, the very bytes.
    Json(Vec<u8>),
    /// A manifest, and the object that it is an update of.
    Manifest { uid: String, old: Option<Arc<Value>> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldSide {
    File,
    Cluster,
    /// The live cluster that is judged by.
    Live,
}

/// The Setting that manifests are an update of.
#[derive(Clone, Debug)]
pub struct Stored {
    pub setting: Value,
    pub from: OldSide,
}

/// Makes requests out of files.
#[derive(Debug, Default)]
pub struct Reader {
    stored: Option<(Arc<Value>, OldSide)>,
    networks: Vec<(Value, Origin)>,
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
        if file.is_captured() {
            return Ok((Vec::new(), Ignored::default()));
        }
        let Contents { objects, ignored, networks } = Contents::of(file)?;
        self.networks.extend(networks);
        Ok((objects.into_iter().map(|object| self.input(object)).collect(), ignored))
    }

    /// The Settings, among all that was read, whose networks the guarded one is compared with.
    pub fn networks(&self) -> &[(Value, Origin)] {
        &self.networks
    }

    fn input(&mut self, object: InputObject) -> Input {
        let InputObject { origin, place, strings, what } = object;
        let (form, warnings, source) = match what {
            What::Review(review) => (Form::Review, Vec::new(), RequestSource::Json(review)),
            What::Request { request, has_uid } => {
                let uid = (!has_uid).then(|| self.uid());
                (Form::Request, Vec::new(), RequestSource::Json(review_around(&request, uid.as_deref())))
            }
            What::Manifest { setting, mut warnings } => {
                let uid = self.uid();
                let (stored, old) = self.stored.clone().unzip();
                if stored.as_deref().is_some_and(is_enabled) && setting.get("value").is_none() {
                    warnings.push(ManifestWarning::no_value());
                }
                (Form::Manifest { setting, old }, warnings, RequestSource::Manifest { uid, old: stored })
            }
        };
        Input { origin, place, strings, form, warnings, source }
    }

    fn uid(&mut self) -> String {
        self.unnamed += 1;
        format!("00000000-0000-4000-8000-{:012}", self.unnamed)
    }
}

impl Input {
    /// The review that the API server would send.
    pub fn review(&self) -> Result<Review<'_>, String> {
        match (&self.source, &self.form) {
            (RequestSource::Json(json), _) => Review::read(json),
            (RequestSource::Manifest { uid, old }, Form::Manifest { setting, .. }) => Ok(Review {
                uid: Cow::Borrowed(uid),
                user: Cow::Borrowed(""),
                operation: if old.is_some() { "UPDATE" } else { "CREATE" },
                request: request(setting, old.as_deref()),
            }),
            _ => Err("no request can be made of it".to_owned()),
        }
    }

    /// The review as it was written, or made of a bare request.
    pub fn json(&self) -> Option<&[u8]> {
        match &self.source {
            RequestSource::Json(json) => Some(json),
            RequestSource::Manifest { .. } => None,
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

/// A review around a bare request; one without a uid is given this one.
fn review_around(request: &[u8], uid: Option<&str>) -> Vec<u8> {
    let mut body = format!(r#"{{"apiVersion":"{API_VERSION}","kind":"{KIND}","request":"#).into_bytes();
    match uid {
        // A request has an operation, so there is something after the comma.
        Some(uid) => {
            body.extend_from_slice(format!(r#"{{"uid":"{uid}","#).as_bytes());
            body.extend_from_slice(request.trim_ascii_start().strip_prefix(b"{").unwrap_or(request));
        }
        None => body.extend_from_slice(request),
    }
    body.push(b'}');
    body
}

fn is_enabled(setting: &Value) -> bool {
    setting.get("value").and_then(Value::as_str).is_some_and(|value| !is_blank(value))
}

/// A string as the decision takes it.
pub fn submitted(string: &Value) -> Submitted<'_> {
    Submitted::deserialize(string).unwrap_or_default()
}

#[cfg(test)]
mod tests;
