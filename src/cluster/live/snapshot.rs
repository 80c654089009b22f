//! A cluster as it is now, asked for once.

use std::collections::BTreeMap;
use std::fmt;

use futures_util::future::join_all;
use kube::Client;
use serde_json::Value;

use super::api::Api;
use super::error::Error;
use super::list;
use super::source::Source;
use crate::cluster::fold::Fold;
use crate::network::facts::{FactKind, ObjectName};
use crate::network::{Facts, SETTING};

/// How often a list begins again because it took so long that the API server forgot where it began.
const ATTEMPTS: usize = 3;

/// What a cluster holds, as far as the rules ask for it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The cluster.
    pub facts: Facts,
    /// The Setting `vm-migration-network`, down to what is judged of it.
    pub setting: Option<Value>,
    /// What the facts were made of, and the Setting: each object down to what the rules read, sorted by name.
    pub objects: BTreeMap<FactKind, Vec<Value>>,
    /// The objects that are not even JSON values, and why; safe to print.
    pub not_values: Vec<String>,
}

/// What could not be listed, so that nothing is known of it. Safe to print.
#[derive(Debug, thiserror::Error)]
pub struct Unlisted(Vec<(&'static Source, Error)>);

impl fmt::Display for Unlisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, first) = &self.0[0];
        // An API server that is not there says so once.
        let first = first.to_string();
        if self.0.len() == Source::ALL.len() && self.0.iter().all(|(_, error)| error.to_string() == first) {
            return f.write_str(&first);
        }
        f.write_str("the cluster can't be seen whole, as these can't be listed:")?;
        self.0.iter().try_for_each(|(source, error)| write!(f, "\n  {source}: {error}"))
    }
}

/// Lists everything that the rules ask for, page by page, and watches nothing.
///
/// # Errors
///
/// If any of it can't be listed; all that can't is named.
pub async fn snapshot(client: Client) -> Result<Snapshot, Unlisted> {
    let api = Api::new(client);
    let lists = join_all(Source::ALL.iter().map(|source| Part::list(&api, source))).await;
    let (mut parts, mut unlisted) = (Vec::new(), Vec::new());
    for (source, list) in Source::ALL.iter().zip(lists) {
        match list {
            Ok(part) => parts.push((source, part)),
            Err(error) => unlisted.push((source, error)),
        }
    }
    if !unlisted.is_empty() {
        return Err(Unlisted(unlisted));
    }
    let mut fold = Fold::default();
    let (mut setting, mut not_values) = (None, Vec::new());
    let mut objects: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (source, part) in parts {
        fold.adopt(source.kind, part.fold, source.object_name().as_ref());
        if source.name == Some(SETTING) {
            setting = part.objects.values().next().cloned();
        }
        objects.entry(source.kind).or_default().extend(part.objects.into_values());
        not_values.extend(part.not_values);
    }
    Ok(Snapshot { facts: fold.facts(), setting, objects, not_values })
}

/// What one source holds.
#[derive(Default)]
struct Part {
    fold: Fold,
    objects: BTreeMap<ObjectName, Value>,
    not_values: Vec<String>,
}

impl Part {
    async fn list(api: &Api, source: &Source) -> Result<Self, Error> {
        let mut attempts = 1..=ATTEMPTS;
        loop {
            match Self::list_once(api, source).await {
                Err(error) if error.is_expired() && attempts.next() != Some(ATTEMPTS) => {}
                result => return result,
            }
        }
    }

    async fn list_once(api: &Api, source: &Source) -> Result<Self, Error> {
        let mut part = Self::default();
        // Whichever version is served, the part that is read is the same, and is written down as this one.
        let api_version = source.api_version(source.version);
        let mut each = |object: super::event::Object| match object.pruned {
            Ok(mut pruned) => {
                // The fold keeps those that can't be read; their kind of fact is missing.
                let _ = part.fold.insert(source.kind, &pruned, None);
                if part.fold.holds(source.kind, &object.name) || !source.is_asked_for() {
                    tidy(&mut pruned, &api_version, source.object_kind);
                    part.objects.insert(object.name, pruned);
                }
            }
            Err(why) => part.not_values.push(part.fold.refuse(source.kind, object.name, &why).to_string()),
        };
        list::list(api, source, &mut source.version.to_owned(), false, &mut each).await?;
        Ok(part)
    }
}

/// Makes of a pruned object one that says what it is, and nothing of when it was seen.
fn tidy(object: &mut Value, api_version: &str, kind: &str) {
    let Value::Object(fields) = object else { return };
    fields.insert("apiVersion".to_owned(), api_version.into());
    fields.insert("kind".to_owned(), kind.into());
    if let Some(Value::Object(metadata)) = fields.get_mut("metadata") {
        metadata.remove("resourceVersion");
        metadata.retain(|_, value| value.as_object().is_none_or(|fields| !fields.is_empty()));
    }
}
