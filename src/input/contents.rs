//! Finds the requests among the documents of a file.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{DocumentPath, Form, Ignored, Input, ManifestWarning, Reader};
use crate::admission::review::{API_VERSION, KIND};
use crate::admission::setting::Text;
use crate::manifest::document::{self, DocumentContent, syntax};
use crate::manifest::fields::{ManifestFields, Strings};
use crate::manifest::objects::ListedObject;
use crate::manifest::{Error, ManifestFile, Origin, Position, objects};
use crate::setting::json::is_blank;
use crate::setting::{RWX_NETWORK, SETTING, STORAGE_NETWORK};

impl Reader {
    /// As [`Self::read`], of a capture too.
    pub fn contents(&mut self, file: &ManifestFile) -> Result<(Vec<Input>, Ignored), Error> {
        let documents = document::read(file)?;
        let (mut inputs, mut ignored) = (Vec::new(), Ignored::default());
        for (index, document) in documents.iter().enumerate() {
            let origin = Origin { path: Arc::clone(&file.path), line: document.line, item: None };
            let place =
                DocumentPath { document: index, start: document.start, object: String::new(), value_key: "value" };
            let value = match &document.content {
                DocumentContent::Yaml(yaml) => yaml.clone(),
                DocumentContent::Json(json) => {
                    if let Some((form, object)) = self.written_review(json.get()) {
                        inputs.push(Input::new(origin, DocumentPath { object: object.to_owned(), ..place }, form));
                        continue;
                    }
                    serde_json::from_str(json.get()).map_err(|error| {
                        let at = Position { line: document.line + error.line() - 1, column: error.column().max(1) };
                        syntax(file, "JSON", at, &format!("{error} of the document in line {}", document.line))
                    })?
                }
            };
            inputs.extend(objects(value).filter_map(|object| self.input(object, &origin, &place, &mut ignored)));
        }
        if !inputs.is_empty() {
            let fields = ManifestFields::find(file, &documents);
            for input in &mut inputs {
                input.locate(&fields);
            }
        }
        Ok((inputs, ignored))
    }

    fn input(
        &mut self,
        object: ListedObject,
        origin: &Origin,
        document: &DocumentPath,
        ignored: &mut Ignored,
    ) -> Option<Input> {
        let origin = Origin { item: object.items.last().copied(), ..origin.clone() };
        let list = object.items.iter().map(|index| format!("/items/{index}")).collect::<Vec<_>>().concat();
        let place = |within: &str| DocumentPath { object: format!("{list}{within}"), ..document.clone() };
        let value = &object.value;
        let kind = value.get("kind").and_then(Value::as_str);
        if let Some((form, within)) =
            self.review(kind, |key| value.get(key).is_some(), || value.to_string().into_bytes())
        {
            return Some(Input::new(origin, place(within), form));
        }
        let Some((api_version, kind)) = object.type_meta() else {
            let Some((within, setting)) = install_file(value) else {
                ignored.add_no_object();
                return None;
            };
            return Some(self.manifest(
                origin,
                DocumentPath { value_key: SETTING, ..place(within) },
                setting,
                Vec::new(),
            ));
        };
        let group = api_version.split_once('/').map_or("", |(group, _version)| group);
        let name = value.pointer("/metadata/name").and_then(Value::as_str);
        if (group, kind, name) != ("harvesterhci.io", "Setting", Some(SETTING)) {
            ignored.add(kind, group);
            if (group, kind) == ("harvesterhci.io", "Setting") && matches!(name, Some(STORAGE_NETWORK | RWX_NETWORK)) {
                self.networks.push((object.value, origin));
            }
            return None;
        }
        let warnings = ManifestWarning::of(value);
        Some(self.manifest(origin, place(""), object.value, warnings))
    }

    fn manifest(
        &mut self,
        origin: Origin,
        place: DocumentPath,
        setting: Value,
        mut warnings: Vec<ManifestWarning>,
    ) -> Input {
        let (stored, old) = self.stored.clone().unzip();
        if stored.as_deref().is_some_and(is_enabled) && setting.get("value").is_none() {
            warnings.push(ManifestWarning::no_value());
        }
        Input { uid: self.uid(), warnings, stored, ..Input::new(origin, place, Form::Manifest { setting, old }) }
    }

    /// A review or request in JSON as it is written: its keys are read before what a tree would lose or refuse.
    fn written_review(&mut self, json: &str) -> Option<(Form, &'static str)> {
        let keys: HashMap<String, &RawValue> = serde_json::from_str(json).ok()?;
        let kind: Option<Text<'_>> = keys.get("kind").map(|kind| serde_json::from_str(kind.get())).transpose().ok()?;
        self.review(kind.as_ref().and_then(Text::bytes), |key| keys.contains_key(key), || json.into())
    }

    /// A review or request, and the JSON pointer to the Setting in it.
    fn review(
        &mut self,
        kind: Option<&str>,
        has: impl Fn(&str) -> bool,
        json: impl FnOnce() -> Vec<u8>,
    ) -> Option<(Form, &'static str)> {
        match kind.filter(|kind| !kind.is_empty()) {
            Some("AdmissionReview") => {}
            // An AdmissionRequest has a kind too, but that is an object: of whatever it is about.
            None if has("operation") && !has("request") => {
                let uid = (!has("uid")).then(|| self.uid());
                return Some((Form::Request(review_around(&json(), uid.as_deref())), "/object"));
            }
            None if has("request") => {}
            _ => return None,
        }
        Some((Form::Review(json()), "/request/object"))
    }
}

impl Input {
    fn new(origin: Origin, place: DocumentPath, form: Form) -> Self {
        let (strings, warnings) = (Strings::default(), Vec::new());
        Self { origin, place, strings, form, warnings, uid: String::new(), stored: None }
    }

    fn locate(&mut self, fields: &ManifestFields) {
        let DocumentPath { start, object, value_key, .. } = &self.place;
        self.strings = fields.strings(*start, object, value_key);
        for warning in &mut self.warnings {
            warning.at = fields.get(*start, &format!("{object}/{}", warning.key)).map(|field| field.key);
        }
    }
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

/// The Setting that Harvester's installer makes of its configuration file, and the JSON pointer to it.
fn install_file(document: &Value) -> Option<(&'static str, Value)> {
    let mut sections = [("/system_settings", "system_settings"), ("/systemSettings", "systemSettings")].into_iter();
    let (pointer, value) = sections.find_map(|(pointer, key)| Some((pointer, document.get(key)?.get(SETTING)?)))?;
    Some((pointer, setting_with_value(value)))
}

/// A manifest of the Setting with nothing but this value.
pub fn setting_with_value(value: &Value) -> Value {
    json!({
        "apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting", "metadata": {"name": SETTING}, "value": value,
    })
}
