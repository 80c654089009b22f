//! Files of an observation: what `capture --status` writes beside the facts of the rules.
//!
//! ```yaml
//! apiVersion: migration-network-webhook/v1
//! kind: Observation
//! time: 2026-01-02T03:04:05Z
//! unlisted: {"pods default": "list refused with 403 Forbidden: …"}
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::LiveObservation;
use super::kinds::{self, ObservedKind};
use crate::cluster::capture::{self, File, Source};
use crate::escape::Quoting;
use crate::setting::facts::{FactKind, Missing};
use crate::setting::{Policy, SETTING};
use crate::status::Unseen;

pub(super) const API_VERSION: &str = "migration-network-webhook/v1";
pub(super) const KIND: &str = "Observation";

/// What a capture says of itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Captured {
    #[serde(rename = "apiVersion")]
    api_version: String,
    kind: String,
    pub(super) time: Timestamp,
    /// Why these resources could not be listed; of pods in a namespace `pods NAMESPACE`.
    pub(super) unlisted: BTreeMap<String, String>,
}

impl Captured {
    /// Reads the document; the error is safe to print.
    pub(super) fn read(document: &Value) -> Result<Self, String> {
        Self::deserialize(document).map_err(|error| Quoting(&error.to_string()).to_string())
    }

    /// The facts that are missing for it.
    pub(super) fn lost(&self) -> impl Iterator<Item = Missing> {
        let why = |kind: FactKind| Some(Quoting(self.unlisted.get(kind.resource())?).to_string().into());
        FactKind::ALL.into_iter().filter_map(move |kind| Some(Missing { kind, why: why(kind)? }))
    }
}

/// The files of a capture with all that the checks of `status` look at, in a fixed order.
pub fn files(
    live: &mut LiveObservation,
    policy: &Policy,
    source: &Source,
) -> Result<Vec<File>, serde_saphyr::SerializeError> {
    let mut unlisted = BTreeMap::new();
    let observed = &live.observed;
    let settings = values(kinds::SETTINGS, observed.setting.as_ref(), &mut unlisted);
    let migrations = values(kinds::MIGRATIONS, observed.migrations.as_ref(), &mut unlisted);
    let mut pods = values(kinds::PODS, observed.pods.as_ref(), &mut unlisted);
    let known: BTreeSet<String> = pods.iter().map(key).collect();
    for holders in observed.holders.values() {
        let holders = values(kinds::PODS, holders.as_ref().map(BTreeMap::values), &mut unlisted);
        pods.extend(holders.into_iter().filter(|pod| !known.contains(&key(pod))));
    }
    let kinds = [
        (kinds::ATTACHMENTS, values(kinds::ATTACHMENTS, observed.attachments.as_ref(), &mut unlisted)),
        (kinds::KUBEVIRTS, values(kinds::KUBEVIRTS, observed.kubevirt.as_ref(), &mut unlisted)),
        (kinds::DAEMON_SETS, values(kinds::DAEMON_SETS, observed.daemon_set.as_ref(), &mut unlisted)),
        (kinds::PODS, pods),
        (kinds::POOLS, values(kinds::POOLS, observed.pools.as_ref(), &mut unlisted)),
        (kinds::MUTATING, values(kinds::MUTATING, observed.webhooks[0].as_ref(), &mut unlisted)),
        (kinds::VALIDATING, values(kinds::VALIDATING, observed.webhooks[1].as_ref(), &mut unlisted)),
        (kinds::SLICES, values(kinds::SLICES, observed.slices.as_ref(), &mut unlisted)),
    ];
    for missing in live.snapshot.lost() {
        unlisted.insert(missing.kind.to_string(), missing.why.to_string());
    }
    // The rules read a part of these objects and the checks another: a file holds both.
    for listed in &mut live.snapshot.sources {
        match listed.source.kind {
            FactKind::Settings if listed.source.name == Some(SETTING) => merge_all(&mut listed.objects, &settings),
            FactKind::Migrations => merge_all(&mut listed.objects, &migrations),
            _ => {}
        }
    }
    let mut files = capture::files(&live.snapshot, policy, source)?;
    for (kind, objects) in kinds {
        files.push(capture::file(source, &format!("{}.yaml", kind.plural), &kind.resource(), &objects)?);
    }
    let itself = json!({
        "apiVersion": API_VERSION, "kind": KIND, "time": live.observed.at.to_string(), "unlisted": unlisted,
    });
    let mut observation = capture::file(source, "observation.yaml", "what this capture asked for", &[itself])?;
    observation.objects = 0;
    files.push(observation);
    Ok(files)
}

/// The objects that were seen, else why they were not is noted.
fn values(
    kind: ObservedKind,
    seen: Result<impl IntoIterator<Item = impl Serialize>, &Unseen>,
    unlisted: &mut BTreeMap<String, String>,
) -> Vec<Value> {
    match seen {
        Ok(objects) => objects.into_iter().filter_map(|object| value(kind, object)).collect(),
        Err(Unseen { what, why }) => {
            unlisted.insert(what.clone(), why.clone());
            Vec::new()
        }
    }
}

fn value(kind: ObservedKind, object: impl Serialize) -> Option<Value> {
    let mut value = serde_json::to_value(object).ok()?;
    value["apiVersion"] = kind.api_version().into();
    value["kind"] = kind.object_kind.into();
    Some(value)
}

fn merge_all(objects: &mut [Value], more: &[Value]) {
    let more: HashMap<String, &Value> = more.iter().map(|object| (key(object), object)).collect();
    for object in objects {
        if let Some(more) = more.get(&key(object)) {
            merge(object, more);
        }
    }
}

fn key(object: &Value) -> String {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
    format!("{}/{}", text("namespace"), text("name"))
}

/// Adds what the other has, of the same object.
fn merge(object: &mut Value, more: &Value) {
    match (object, more) {
        (Value::Object(object), Value::Object(more)) => {
            for (key, value) in more {
                match object.get_mut(key) {
                    // Each has its own version, and the facts' is the one that is served.
                    Some(_) if key == "apiVersion" => {}
                    Some(known) => merge(known, value),
                    None => drop(object.insert(key.clone(), value.clone())),
                }
            }
        }
        (object, more) => *object = more.clone(),
    }
}
