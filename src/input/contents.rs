//! The documents of a file, told apart.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::Ignored;
use crate::admission::setting::Text as Any;
use crate::escape::Quoting;
use crate::manifest::document::{self, DocumentContent};
use crate::manifest::objects::ListedObject;
use crate::manifest::strings::Strings;
use crate::manifest::{Error, ManifestFile, Origin, Position, objects};
use crate::setting::{RWX_NETWORK, SETTING, STORAGE_NETWORK};

/// What a file holds.
#[derive(Debug, Default)]
pub struct Contents {
    /// What can be judged, in order.
    pub objects: Vec<InputObject>,
    /// All else, by kind.
    pub ignored: Ignored,
    /// Of all else, the Settings whose networks the guarded one is compared with.
    pub networks: Vec<(Value, Origin)>,
}

/// Something to judge.
#[derive(Clone, Debug)]
pub struct InputObject {
    /// Where it was read, for people.
    pub origin: Origin,
    /// Where it stands in its file, for tools.
    pub place: DocumentPath,
    /// What it is.
    pub what: What,
}

/// Where an object stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentPath {
    /// Its document's place among those that are not empty, from 0.
    pub document: usize,
    /// Where its document starts, in bytes.
    pub start: usize,
    /// Its place in the document's List, and in the List within that; empty for the document itself.
    pub items: Vec<usize>,
}

impl DocumentPath {
    /// The JSON pointer from the document to it.
    #[must_use]
    pub fn pointer(&self) -> String {
        let steps = self.items.iter().map(|index| format!("/items/{index}"));
        steps.collect::<Vec<_>>().concat()
    }

    /// The strings of the object at this place, of those of its whole file; a review's are those of its object.
    #[must_use]
    pub fn strings<'s>(&self, file: &'s [Strings]) -> Option<&'s Strings> {
        let mut strings = file.get(self.document)?;
        for index in &self.items {
            strings = strings.items.get(*index)?;
        }
        Some(strings.object.as_deref().unwrap_or(strings))
    }
}

/// What an object is.
#[derive(Clone, Debug)]
pub enum What {
    /// An `AdmissionReview`, in JSON.
    Review(Vec<u8>),
    /// A bare `AdmissionRequest`, in JSON.
    Request {
        /// The request.
        request: Vec<u8>,
        /// Whether it has a uid.
        has_uid: bool,
    },
    /// A manifest of the guarded Setting.
    Manifest(Value),
}

impl Contents {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// If it is neither YAML nor JSON.
    pub fn of(file: &ManifestFile) -> Result<Self, Error> {
        let mut contents = Self::default();
        for (index, document) in document::read(file)?.into_iter().enumerate() {
            let origin = Origin { path: Arc::clone(&file.path), line: document.line, item: None };
            let place = DocumentPath { document: index, start: document.start, items: Vec::new() };
            let document = match document.content {
                DocumentContent::Yaml(yaml) => yaml,
                DocumentContent::Json(json) => {
                    let head = serde_json::from_str(json.get()).unwrap_or_default();
                    if let Some(what) = review(&head, || json.get().into()) {
                        contents.objects.push(InputObject { origin, place, what });
                        continue;
                    }
                    serde_json::from_str(json.get()).map_err(|error| Error::Syntax {
                        path: file.path.to_path_buf(),
                        format: "JSON",
                        at: Position { line: document.line + error.line() - 1, column: error.column().max(1) },
                        why: format!("{} of the document in line {}", Quoting(&error.to_string()), document.line),
                    })?
                }
            };
            objects(document).for_each(|object| contents.take(object, &origin, &place));
        }
        Ok(contents)
    }

    fn take(&mut self, object: ListedObject, origin: &Origin, place: &DocumentPath) {
        let what = if let Some(what) = review(&head_of(&object), || object.value.to_string().into_bytes()) {
            what
        } else {
            let Some((api_version, kind)) = object.type_meta() else { return self.ignored.add_no_object() };
            let group = api_version.split_once('/').map_or("", |(group, _version)| group);
            let name = object.value.pointer("/metadata/name").and_then(Value::as_str);
            if (group, kind, name) != ("harvesterhci.io", "Setting", Some(SETTING)) {
                self.ignored.add(kind, group);
                if (group, kind) == ("harvesterhci.io", "Setting")
                    && matches!(name, Some(STORAGE_NETWORK | RWX_NETWORK))
                {
                    let origin = Origin { item: object.items.last().copied(), ..origin.clone() };
                    self.networks.push((object.value, origin));
                }
                return;
            }
            What::Manifest(object.value)
        };
        let origin = Origin { item: object.items.last().copied(), ..origin.clone() };
        self.objects.push(InputObject { origin, place: DocumentPath { items: object.items, ..*place }, what });
    }
}

fn head_of(object: &ListedObject) -> Head {
    Head::deserialize(&object.value).unwrap_or_default()
}

fn review(head: &Head, json: impl FnOnce() -> Vec<u8>) -> Option<What> {
    match head.kind.as_deref() {
        Some("AdmissionReview") => Some(What::Review(json())),
        Some(_) => None,
        // An AdmissionRequest has a kind too, but that is an object: of whatever it is about.
        None if head.has_operation && !head.has_request => {
            Some(What::Request { request: json(), has_uid: head.has_uid })
        }
        None => head.has_request.then(|| What::Review(json())),
    }
}

/// As much of an object as tells a review from a request and both from a manifest.
#[derive(Default)]
struct Head {
    kind: Option<String>,
    has_request: bool,
    has_operation: bool,
    has_uid: bool,
}

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Head;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Head, M::Error> {
                let mut head = Head::default();
                while let Some(key) = map.next_key::<Any<'de>>()? {
                    match key.bytes() {
                        Some("kind") => {
                            let kind: Any<'de> = map.next_value()?;
                            head.kind = kind.bytes().filter(|kind| !kind.is_empty()).map(ToOwned::to_owned);
                            continue;
                        }
                        Some("request") => head.has_request = true,
                        Some("operation") => head.has_operation = true,
                        Some("uid") => head.has_uid = true,
                        _ => {}
                    }
                    map.next_value::<IgnoredAny>()?;
                }
                Ok(head)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}
