//! The request of a case.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::Value;

use super::Case;
use super::spec::CaseOperation;
use crate::admission::setting::{ObjectMetadata, Text};
use crate::admission::{Request, Review, Setting};
use crate::manifest::fields::Strings;
use crate::manifest::{ManifestFile, Origin, Position};
use crate::report::Location;
use crate::setting::SETTING;
use crate::setting::field::Field;

/// Objects of the cluster, each with where it was read; several cases may share them.
pub(super) type SharedObjects = Arc<[(Value, Origin)]>;

#[derive(Debug)]
pub(super) enum CaseInput {
    /// The bytes of an `AdmissionReview`, known to have a uid.
    Review { json: Vec<u8>, written: WrittenObject },
    /// A change, with what is known of it.
    Change { operation: Option<CaseOperation>, old: Option<Side>, new: Option<Side> },
}

#[derive(Debug)]
pub(super) struct Side {
    pub(super) content: SideContent,
    pub(super) written: WrittenObject,
}

#[derive(Debug)]
pub(super) enum SideContent {
    /// Its `value`; the rest is that of the stored object.
    Value(String),
    /// All of it, known to be readable.
    Setting(Value),
}

#[derive(Clone, Debug)]
pub(super) struct WrittenObject {
    pub(super) file: Arc<ManifestFile>,
    pub(super) strings: Strings,
    /// Where to point when the strings can't be.
    pub(super) start: Position,
}

impl WrittenObject {
    /// The object at a pointer in the first document of a file, which starts in this line.
    pub(super) fn of_file(file: ManifestFile, pointer: &str, line: usize) -> Self {
        let strings = Strings::of_first(&file, pointer);
        Self { file: Arc::new(file), strings, start: Position { line, column: 1 } }
    }

    pub(super) fn locate(&self, field: &Field, text: &str) -> Location {
        let position = self.strings.position(&self.file.text, field, text);
        Location::new(Arc::clone(&self.file.path), position.unwrap_or(self.start))
    }
}

impl Case {
    /// The request, given the Setting that the cluster has, or what can't be judged about it, for the user. The outer
    /// error says why the case has none, for who wrote it.
    pub(super) fn request<'a>(
        &'a self,
        in_cluster: Option<&'a Value>,
    ) -> Result<Result<Request<'a>, String>, &'static str> {
        let (operation, old, new) = match &self.input {
            CaseInput::Review { json, .. } => return Ok(Review::read(json).and_then(|review| review.request)),
            CaseInput::Change { operation, old, new } => (*operation, old.as_ref(), new.as_ref()),
        };
        let Some(new) = new else { return Ok(Ok(Request::Delete)) };
        if let SideContent::Setting(object) = &new.content
            && !is_guarded(object)
        {
            return Ok(Ok(Request::NotOurs));
        }
        let stored = match old {
            Some(side) => Some(side.setting(None)),
            None => in_cluster.map(whole),
        };
        let new = new.setting(stored.as_ref());
        match (operation, stored) {
            (Some(CaseOperation::Delete), _) => Ok(Ok(Request::Delete)),
            (Some(CaseOperation::Create), _) | (None, None) => Ok(Ok(Request::Create(new))),
            (Some(CaseOperation::Update) | None, Some(old)) => Ok(Ok(Request::Update { old, new })),
            (Some(CaseOperation::Update), None) => Err(
                "an UPDATE needs a stored Setting: give old or oldSetting, or have the Setting vm-migration-network in \
                 the cluster",
            ),
        }
    }

    pub(super) const fn written(&self) -> Option<&WrittenObject> {
        match &self.input {
            CaseInput::Review { written, .. } => Some(written),
            CaseInput::Change { new: Some(new), .. } => Some(&new.written),
            CaseInput::Change { new: None, .. } => None,
        }
    }
}

impl Side {
    fn setting<'a>(&'a self, stored: Option<&Setting<'a>>) -> Setting<'a> {
        match &self.content {
            SideContent::Value(value) => {
                let name = Text::Text(Cow::Borrowed(SETTING));
                let named =
                    || Setting { metadata: ObjectMetadata { name, ..ObjectMetadata::default() }, ..Setting::default() };
                Setting { value: Text::Text(Cow::Borrowed(value)), ..stored.cloned().unwrap_or_else(named) }
            }
            SideContent::Setting(object) => whole(object),
        }
    }
}

fn whole(object: &Value) -> Setting<'_> {
    Setting::deserialize(object).unwrap_or_default()
}

/// Whether an object is the Setting that the webhook guards, in whatever version.
pub(super) fn is_guarded(object: &Value) -> bool {
    let field = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
    field("/apiVersion").starts_with("harvesterhci.io/")
        && field("/kind") == "Setting"
        && field("/metadata/name") == SETTING
}
