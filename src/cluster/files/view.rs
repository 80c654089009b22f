//! Objects, as they are met in files, on their way into the fold.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::{Error, Loaded, UnknownKind, policy};
use crate::cluster::fold::{Fold, object_name};
use crate::cluster::resources::fact_kind;
use crate::escape::Quoted;
use crate::manifest::{ManifestFile, Origin, document};
use crate::setting::facts::{FactKind, ObjectName};
use crate::setting::{Policy, SETTING};

/// Folds the objects of the files, one document at a time.
pub(super) fn fold(files: &[ManifestFile]) -> Result<Loaded, Error> {
    let mut view = View::default();
    files.iter().try_for_each(|file| view.take_file(file))?;
    let unknown_kinds = view.unknown_kinds();
    let View { fold, setting, policy, objects, .. } = view;
    Ok(Loaded { facts: fold.facts(), setting, policy, unknown_kinds, objects })
}

#[derive(Default)]
pub(super) struct View {
    pub(super) fold: Fold,
    pub(super) setting: Option<Value>,
    pub(super) policy: Option<Policy>,
    unknown_kinds: BTreeMap<(Arc<Path>, String, String), usize>,
    objects: usize,
    pub(super) seen: HashMap<(FactKind, ObjectName), Origin>,
}

impl View {
    /// A view in which objects may take the place of those in another.
    pub(super) fn over(base: &Self) -> Self {
        Self { fold: base.fold.clone(), setting: base.setting.clone(), ..Self::default() }
    }

    /// Takes in a file's documents.
    pub(super) fn take_file(&mut self, file: &ManifestFile) -> Result<(), Error> {
        for (line, document) in document::parse(file)? {
            self.take(document, &Origin { path: Arc::clone(&file.path), line, item: None }, None)?;
        }
        Ok(())
    }

    /// What no rule asks for.
    pub(super) fn unknown_kinds(&self) -> Vec<UnknownKind> {
        let unknown = |((path, api_version, kind), count): (&(Arc<Path>, String, String), &usize)| UnknownKind {
            path: path.to_path_buf(),
            api_version: api_version.clone(),
            kind: kind.clone(),
            count: *count,
        };
        self.unknown_kinds.iter().map(unknown).collect()
    }

    /// Takes in an object or a list. Items of a `NodeList` may leave out that they are `Node`s:
    /// `implied` is the apiVersion and kind that their list says.
    pub(super) fn take(
        &mut self,
        mut object: Value,
        origin: &Origin,
        implied: Option<&(String, String)>,
    ) -> Result<(), Error> {
        let not_an_object = |what| Error::NotAnObject { origin: origin.clone(), what };
        if !object.is_object() {
            return Err(not_an_object("is no object"));
        }
        let field = |name: &str| object.get(name).and_then(Value::as_str);
        let kind =
            field("kind").or(implied.map(|(_, kind)| kind.as_str())).ok_or_else(|| not_an_object("has no kind"))?;
        let api_version = field("apiVersion").or(implied.map(|(api_version, _)| api_version.as_str()));
        let api_version = api_version.ok_or_else(|| not_an_object("has no apiVersion"))?;

        if let Some(item_kind) = kind.strip_suffix("List")
            && (item_kind.is_empty() || matches!(object.get("items"), Some(Value::Array(_) | Value::Null)))
        {
            let implied = (!item_kind.is_empty()).then(|| (api_version.to_owned(), item_kind.to_owned()));
            return self.take_items(object.get_mut("items").map(Value::take), origin, implied.as_ref());
        }

        if (api_version, kind) == (policy::API_VERSION, policy::KIND) {
            return self.take_policy(object, origin);
        }
        self.objects += 1;
        let Some(fact) = fact_kind(api_version, kind) else {
            let unknown = (Arc::clone(&origin.path), api_version.to_owned(), kind.to_owned());
            *self.unknown_kinds.entry(unknown).or_default() += 1;
            return Ok(());
        };
        let name = object_name(fact, &object);
        if let Some(first) = self.seen.insert((fact, name.clone()), origin.clone())
            && !name.name.is_empty()
        {
            let quoted =
                if name.namespace.is_empty() { name.name } else { format!("{}/{}", name.namespace, name.name).into() };
            return Err(Error::Twice { kind: fact, name: Quoted(&quoted).to_string(), first, second: origin.clone() });
        }
        // What can't be read stands in the facts, for every verdict that asks for it.
        let _ = self.fold.insert(fact, &object, Some(origin));
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

    fn take_items(
        &mut self,
        items: Option<Value>,
        origin: &Origin,
        implied: Option<&(String, String)>,
    ) -> Result<(), Error> {
        let items = match items {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                let what = "is a List whose items are no array";
                return Err(Error::NotAnObject { origin: origin.clone(), what });
            }
        };
        items
            .into_iter()
            .enumerate()
            .try_for_each(|(index, item)| self.take(item, &Origin { item: Some(index), ..origin.clone() }, implied))
    }
}
