//! Adds objects from files to the index.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::{Error, KeptObjects, Loaded, UnknownKind, policy};
use crate::cluster::index::Index;
use crate::cluster::kinds::{fact_kind, object_name};
use crate::escape::Quoted;
use crate::manifest::objects::{ListedObject, objects};
use crate::manifest::{ManifestFile, Origin, document};
use crate::setting::facts::{FactKind, ObjectName};
use crate::setting::{Policy, SETTING};

/// The objects of the files, and these.
pub(super) fn index(
    files: &[ManifestFile],
    objects: Vec<(Value, Origin)>,
    keep: Option<fn(&str, &str) -> bool>,
) -> Result<Loaded, Error> {
    let mut view = FileObjects { keep, ..FileObjects::default() };
    for file in files {
        view.captured = file.is_captured();
        for (line, document) in document::parse(file)? {
            view.take(document, &Origin { path: Arc::clone(&file.path), line, item: None })?;
        }
    }
    view.captured = false;
    objects.into_iter().try_for_each(|(object, origin)| view.take(object, &origin))?;
    let (facts, unknown_kinds) = (view.index.facts(), view.unknown_kinds());
    let FileObjects { index, setting, policy, objects, seen, kept, .. } = view;
    let kept = KeptObjects { objects: kept, captured: files.iter().any(ManifestFile::is_captured) };
    Ok(Loaded { facts, setting, policy, unknown_kinds, objects, kept, index, seen })
}

#[derive(Default)]
pub(super) struct FileObjects {
    pub(super) index: Index,
    pub(super) setting: Option<Value>,
    pub(super) policy: Option<Policy>,
    unknown_kinds: BTreeMap<(Arc<Path>, String, String), usize>,
    objects: usize,
    pub(super) seen: HashMap<(FactKind, ObjectName), Origin>,
    keep: Option<fn(&str, &str) -> bool>,
    kept: Vec<(Value, Origin)>,
    /// Whether the file that is read is a capture's: what else it holds was captured for other commands.
    captured: bool,
}

impl FileObjects {
    /// A view in which objects may take the place of those in another.
    pub(super) fn over(base: &Loaded) -> Self {
        Self { index: base.index.clone(), setting: base.setting.clone(), ..Self::default() }
    }

    pub(super) fn unknown_kinds(&self) -> Vec<UnknownKind> {
        let unknown = |((path, api_version, kind), count): (&(Arc<Path>, String, String), &usize)| UnknownKind {
            path: path.to_path_buf(),
            api_version: api_version.clone(),
            kind: kind.clone(),
            count: *count,
        };
        self.unknown_kinds.iter().map(unknown).collect()
    }

    pub(super) fn take(&mut self, document: Value, origin: &Origin) -> Result<(), Error> {
        objects(document).try_for_each(|ListedObject { value, items }| {
            let item = items.last().copied();
            self.take_one(value, &Origin { item: item.or(origin.item), ..origin.clone() })
        })
    }

    fn take_one(&mut self, object: Value, origin: &Origin) -> Result<(), Error> {
        let not_an_object = |what| Error::NotAnObject { origin: origin.clone(), what };
        if !object.is_object() {
            return Err(not_an_object("is no object"));
        }
        let field = |name: &str| object.get(name).and_then(Value::as_str);
        let kind = field("kind").ok_or_else(|| not_an_object("has no kind"))?;
        let api_version = field("apiVersion").ok_or_else(|| not_an_object("has no apiVersion"))?;
        if kind == "List" {
            return Err(not_an_object("is a List whose items are no array"));
        }
        if (api_version, kind) == (policy::API_VERSION, policy::KIND) {
            return self.take_policy(object, origin);
        }
        self.objects += 1;
        let wanted = self.keep.is_some_and(|keep| keep(api_version, kind));
        if wanted {
            self.kept.push((object.clone(), origin.clone()));
        }
        let Some(fact) = fact_kind(api_version, kind) else {
            if !wanted && !self.captured {
                let unknown = (Arc::clone(&origin.path), api_version.to_owned(), kind.to_owned());
                *self.unknown_kinds.entry(unknown).or_default() += 1;
            }
            return Ok(());
        };
        let name = object_name(fact, &object);
        if let Some(first) = self.seen.insert((fact, name.clone()), origin.clone())
            && !name.name.is_empty()
        {
            let name = Quoted(&name.to_string()).to_string();
            return Err(Error::Twice { kind: fact, name, first, second: origin.clone() });
        }
        // What can't be read stands in the facts, for every verdict that asks for it.
        let _ = self.index.insert(fact, &object, Some(origin));
        if fact == FactKind::Settings && &*name.name == SETTING {
            self.setting = Some(object);
        }
        Ok(())
    }

    fn take_policy(&mut self, object: Value, origin: &Origin) -> Result<(), Error> {
        let wrong = |why| Error::Policy { origin: origin.clone(), why };
        if self.policy.is_some() {
            return Err(wrong("there is another one, and one view holds one".to_owned()));
        }
        self.policy = Some(policy::read(object).map_err(wrong)?);
        Ok(())
    }
}
