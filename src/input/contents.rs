//! The documents of a file, told apart.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::PassedOver;
use crate::admission::setting::Text as Any;
use crate::escape::Quoting;
use crate::manifest::document::{self, Content};
use crate::manifest::strings::Strings;
use crate::manifest::{Error, Origin, Position, Text};
use crate::setting::SETTING;

/// What a file holds.
#[derive(Debug, Default)]
pub struct Contents {
    /// What can be judged, in order.
    pub objects: Vec<Object>,
    /// All else, by kind.
    pub passed_over: PassedOver,
}

/// Something to judge.
#[derive(Clone, Debug)]
pub struct Object {
    /// Where it was read, for people.
    pub origin: Origin,
    /// Where it stands in its file, for tools.
    pub place: Place,
    /// What it is.
    pub what: What,
}

/// Where an object stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its document's place among those that are not empty, from 0.
    pub document: usize,
    /// Where its document starts, in bytes.
    pub start: usize,
    /// Its place in the document's List, and in the List within that; empty for the document itself.
    pub items: Vec<usize>,
}

impl Place {
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
    pub fn of(file: &Text) -> Result<Self, Error> {
        let mut contents = Self::default();
        for (index, document) in document::read(file)?.into_iter().enumerate() {
            let origin = Origin { path: Arc::clone(&file.path), line: document.line, item: None };
            let place = Place { document: index, start: document.start, items: Vec::new() };
            let object = match document.content {
                Content::Yaml(object) => object,
                Content::Json(json) => {
                    let head = serde_json::from_str(json.get()).unwrap_or_default();
                    if let Some(what) = review(&head, || json.get().into()) {
                        contents.objects.push(Object { origin, place, what });
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
            contents.take(object, &origin, &place, None);
        }
        Ok(contents)
    }

    fn take(&mut self, mut object: Value, origin: &Origin, place: &Place, implied: Option<&Implied>) {
        let head = Head::deserialize(&object).unwrap_or_default();
        if let Some(what) = review(&head, || object.to_string().into_bytes()) {
            return self.objects.push(Object { origin: origin.clone(), place: place.clone(), what });
        }
        let field = |name: &str| object.get(name).and_then(Value::as_str);
        let (Some(kind), Some(api_version)) = (
            field("kind").or(implied.map(|implied| implied.kind.as_str())),
            field("apiVersion").or(implied.map(|implied| implied.api_version.as_str())),
        ) else {
            return self.passed_over.add_no_object();
        };
        if let Some(item_kind) = kind.strip_suffix("List")
            && matches!(object.get("items"), Some(Value::Array(_) | Value::Null))
        {
            let implied = (!item_kind.is_empty())
                .then(|| Implied { api_version: api_version.to_owned(), kind: item_kind.to_owned() });
            if let Some(Value::Array(items)) = object.get_mut("items").map(Value::take) {
                for (index, item) in items.into_iter().enumerate() {
                    let items = place.items.iter().copied().chain([index]).collect();
                    let origin = Origin { item: Some(index), ..origin.clone() };
                    self.take(item, &origin, &Place { items, ..*place }, implied.as_ref());
                }
            }
            return;
        }
        let group = api_version.split_once('/').map_or("", |(group, _version)| group);
        let name = object.pointer("/metadata/name").and_then(Value::as_str);
        if (group, kind, name) != ("harvesterhci.io", "Setting", Some(SETTING)) {
            return self.passed_over.add(kind, group);
        }
        self.objects.push(Object { origin: origin.clone(), place: place.clone(), what: What::Manifest(object) });
    }
}

/// What the items of a `SettingList` are, as they need not say it themselves.
struct Implied {
    api_version: String,
    kind: String,
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
