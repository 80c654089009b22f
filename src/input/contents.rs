//! Classifies the documents of a file.

use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::{Value, json};

use super::head::{Head, HeadKind};
use super::{Ignored, ManifestWarning};
use crate::manifest::document::{self, DocumentContent, syntax};
use crate::manifest::fields::{ManifestFields, Strings};
use crate::manifest::objects::ListedObject;
use crate::manifest::{Error, ManifestFile, Origin, Position, objects};
use crate::setting::{RWX_NETWORK, SETTING, STORAGE_NETWORK};

#[derive(Debug, Default)]
pub struct Contents {
    pub objects: Vec<InputObject>,
    pub ignored: Ignored,
    /// The Settings whose networks the guarded one is compared with, and where they are.
    pub networks: Vec<(Value, Origin)>,
}

#[derive(Clone, Debug)]
pub struct InputObject {
    /// Where it was read, for people.
    pub origin: Origin,
    /// Where it stands in its file, for tools.
    pub place: DocumentPath,
    /// Where its strings stand; a review's are those of its object.
    pub strings: Strings,
    pub what: What,
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

#[derive(Clone, Debug)]
pub enum What {
    /// An `AdmissionReview`, in JSON.
    Review(Vec<u8>),
    /// A bare `AdmissionRequest`, in JSON.
    Request {
        request: Vec<u8>,
        has_uid: bool,
    },
    Manifest {
        setting: Value,
        warnings: Vec<ManifestWarning>,
    },
}

impl Contents {
    pub fn of(file: &ManifestFile) -> Result<Self, Error> {
        let documents = document::read(file)?;
        let mut contents = Self::default();
        for (index, document) in documents.iter().enumerate() {
            let origin = Origin { path: Arc::clone(&file.path), line: document.line, item: None };
            let place =
                DocumentPath { document: index, start: document.start, object: String::new(), value_key: "value" };
            let value = match &document.content {
                DocumentContent::Yaml(yaml) => yaml.clone(),
                DocumentContent::Json(json) => {
                    let head = serde_json::from_str(json.get()).unwrap_or_default();
                    if let Some((what, object)) = review(&head, || json.get().into()) {
                        contents.push(origin, DocumentPath { object: object.to_owned(), ..place }, what);
                        continue;
                    }
                    serde_json::from_str(json.get()).map_err(|error| {
                        let at = Position { line: document.line + error.line() - 1, column: error.column().max(1) };
                        syntax(file, "JSON", at, &format!("{error} of the document in line {}", document.line))
                    })?
                }
            };
            objects(value).for_each(|object| contents.take(object, &origin, &place));
        }
        if !contents.objects.is_empty() {
            let fields = ManifestFields::find(file, &documents);
            contents.objects.iter_mut().for_each(|object| object.locate(&fields));
        }
        Ok(contents)
    }

    fn take(&mut self, object: ListedObject, origin: &Origin, document: &DocumentPath) {
        let origin = Origin { item: object.items.last().copied(), ..origin.clone() };
        let list = object.items.iter().map(|index| format!("/items/{index}")).collect::<Vec<_>>().concat();
        let place = |within: &str| DocumentPath { object: format!("{list}{within}"), ..document.clone() };
        let head = Head::deserialize(&object.value).unwrap_or_default();
        if let Some((what, within)) = review(&head, || object.value.to_string().into_bytes()) {
            return self.push(origin, place(within), what);
        }
        let Some((api_version, kind)) = object.type_meta() else {
            return match install_file(&object.value) {
                Some((within, setting)) => {
                    let place = DocumentPath { value_key: SETTING, ..place(within) };
                    self.push(origin, place, What::Manifest { setting, warnings: Vec::new() });
                }
                None => self.ignored.add_no_object(),
            };
        };
        let group = api_version.split_once('/').map_or("", |(group, _version)| group);
        let name = object.value.pointer("/metadata/name").and_then(Value::as_str);
        if (group, kind, name) != ("harvesterhci.io", "Setting", Some(SETTING)) {
            self.ignored.add(kind, group);
            if (group, kind) == ("harvesterhci.io", "Setting") && matches!(name, Some(STORAGE_NETWORK | RWX_NETWORK)) {
                self.networks.push((object.value, origin));
            }
            return;
        }
        let warnings = ManifestWarning::of(&object.value);
        self.push(origin, place(""), What::Manifest { setting: object.value, warnings });
    }

    fn push(&mut self, origin: Origin, place: DocumentPath, what: What) {
        self.objects.push(InputObject { origin, place, strings: Strings::default(), what });
    }
}

impl InputObject {
    fn locate(&mut self, fields: &ManifestFields) {
        let field = |key: &str| fields.get(self.place.start, &format!("{}/{key}", self.place.object));
        let scalar = |key| field(key).map(|field| field.scalar.clone());
        self.strings = Strings { value: scalar(self.place.value_key), default: scalar("default") };
        if let What::Manifest { warnings, .. } = &mut self.what {
            for warning in warnings {
                warning.at = field(&warning.key).map(|field| field.key);
            }
        }
    }
}

/// A review or request, and the JSON pointer to the Setting in it.
fn review(head: &Head, json: impl FnOnce() -> Vec<u8>) -> Option<(What, &'static str)> {
    match head.kind()? {
        HeadKind::Review => Some((What::Review(json()), "/request/object")),
        HeadKind::Request { has_uid } => Some((What::Request { request: json(), has_uid }, "/object")),
    }
}

/// The Setting that Harvester's installer makes of its configuration file, and the JSON pointer to it.
fn install_file(document: &Value) -> Option<(&'static str, Value)> {
    let mut sections = [("/system_settings", "system_settings"), ("/systemSettings", "systemSettings")].into_iter();
    let (pointer, value) = sections.find_map(|(pointer, key)| Some((pointer, document.get(key)?.get(SETTING)?)))?;
    let metadata = json!({"name": SETTING});
    let setting =
        json!({"apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting", "metadata": metadata, "value": value});
    Some((pointer, setting))
}
