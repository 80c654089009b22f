//! Observes a cluster in files: manifests, captures, support bundles.
//!
//! In plain files a kind of which there is no object has none. A capture says what it asked for, and of a support bundle the
//! directories do: what was not asked for is not seen.

use std::collections::HashMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Observation;
use super::capture::{self, Captured};
use super::kinds::{self, ObservedKind, VIRT_HANDLER};
use crate::cluster::files::{self, KeptObjects};
use crate::escape::Quoted;
use crate::harvester::HARVESTER_SYSTEM;
use crate::manifest::Origin;
use crate::setting::SETTING;
use crate::status::objects::{Holder, Observable, VirtHandlerPod};
use crate::status::{Holders, Observed, Sighting, Unseen};

/// Why files are no cluster. Safe to print.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Files(#[from] files::Error),
    #[error("there is no object in what --cluster names")]
    Empty,
    #[error("{kind} {name} is in {first} and in {second}; one view holds each object once")]
    Twice {
        kind: &'static str,
        /// Quoted.
        name: String,
        first: Origin,
        second: Origin,
    },
    #[error("{origin} is an Observation that can't be taken: {why}")]
    Captured { origin: Origin, why: String },
}

/// Observes the cluster that these files and directories hold; `now` is the time, where no capture says another.
pub fn load(paths: &[PathBuf], now: Timestamp) -> Result<Observation, Error> {
    let loaded = files::load_keeping(paths, is_wanted)?;
    if loaded.objects == 0 {
        return Err(Error::Empty);
    }
    let view = FileView::new(paths, loaded.kept)?;
    let mut facts = loaded.facts;
    for missing in view.captured.iter().flat_map(Captured::lost) {
        facts.lose(missing);
    }
    let observed = view.observed(now);
    Ok(Observation { facts, policy: loaded.policy, observed })
}

fn is_wanted(api_version: &str, kind: &str) -> bool {
    (api_version, kind) == (capture::API_VERSION, capture::KIND)
        || kinds::ALL.iter().any(|wanted| wanted.is(api_version, kind))
}

/// The objects of the files, by kind.
struct FileView {
    captured: Option<Captured>,
    is_capture: bool,
    /// The directories in which support bundles have one for each namespace.
    bundles: Vec<PathBuf>,
    objects: Vec<(ObservedKind, Value)>,
}

impl FileView {
    fn new(paths: &[PathBuf], kept: KeptObjects) -> Result<Self, Error> {
        let bundles = paths.iter().flat_map(|path| [path.join("yamls/namespaced"), path.join("namespaced")]);
        let bundles = bundles.filter(|namespaces| namespaces.is_dir()).collect();
        let mut view = Self { captured: None, is_capture: kept.captured, bundles, objects: Vec::new() };
        let mut seen = HashMap::new();
        for (object, origin) in kept.objects {
            let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let (api_version, kind, name) = (text("/apiVersion"), text("/kind"), text("/metadata/name"));
            let Some(kind) = kinds::ALL.into_iter().find(|wanted| wanted.is(api_version, kind)) else {
                view.captured = Some(Captured::read(&object).map_err(|why| Error::Captured { origin, why })?);
                continue;
            };
            let key = (kind.plural, text("/metadata/namespace").to_owned(), name.to_owned());
            if let Some(first) = seen.insert(key, origin.clone())
                && !name.is_empty()
            {
                let name = Quoted(name).to_string();
                return Err(Error::Twice { kind: kind.object_kind, name, first, second: origin });
            }
            view.objects.push((kind, object));
        }
        Ok(view)
    }

    fn observed(&self, now: Timestamp) -> Observed {
        let mut pods: Sighting<Vec<VirtHandlerPod>> = self.all(kinds::PODS);
        if let Ok(pods) = &mut pods {
            let (label, name) = VIRT_HANDLER;
            pods.retain(|pod| pod.metadata.namespace == HARVESTER_SYSTEM);
            pods.retain(|pod| pod.metadata.labels.get(label).is_some_and(|text| text == name));
        }
        let mut observed = Observed {
            at: self.captured.as_ref().map_or(now, |captured| captured.time),
            is_live: false,
            setting: self.named(kinds::SETTINGS, SETTING),
            attachments: self.all(kinds::ATTACHMENTS),
            kubevirt: self.named(kinds::KUBEVIRTS, "kubevirt"),
            daemon_set: self.named(kinds::DAEMON_SETS, "virt-handler"),
            pods,
            migrations: self.all(kinds::MIGRATIONS),
            pools: self.all(kinds::POOLS),
            holders: Holders::new(),
            webhooks: [kinds::MUTATING, kinds::VALIDATING].map(|kind| kinds::ours(self.all(kind))),
            slices: self.all(kinds::SLICES),
        };
        observed.holders = self.holders(&observed);
        observed
    }

    /// The pods that the pool names, where they are there.
    fn holders(&self, observed: &Observed) -> Holders {
        let pods = self.all::<Holder>(kinds::PODS);
        let holders = kinds::holders(observed).into_iter().map(|(namespace, names)| {
            let seen = match (self.pods_not_asked(&namespace), &pods) {
                (Some(why), _) => Err(Unseen { what: format!("pods {namespace}"), why }),
                (None, Err(unseen)) => Err(unseen.clone()),
                (None, Ok(pods)) => {
                    let held = pods.iter().filter(|pod| pod.metadata.namespace == namespace);
                    let held = held.filter(|pod| names.contains(&pod.metadata.name));
                    Ok(held.map(|pod| (pod.metadata.name.clone(), pod.clone())).collect())
                }
            };
            (namespace, seen)
        });
        holders.collect()
    }

    /// Why the files may lack pods of the namespace that the cluster had.
    fn pods_not_asked(&self, namespace: &str) -> Option<String> {
        if let Some(captured) = &self.captured {
            return captured.unlisted.get(&format!("pods {namespace}")).cloned();
        }
        let is_bundle = !self.bundles.is_empty();
        (is_bundle && !self.bundles.iter().any(|namespaces| namespaces.join(namespace).is_dir()))
            .then(|| format!("the support bundle has nothing of the namespace {}", Quoted(namespace)))
    }

    /// The objects of a kind, in the namespace that it is asked of.
    fn of(&self, kind: ObservedKind) -> Sighting<impl Iterator<Item = &Value>> {
        let objects = self.objects.iter().filter(move |(of, object)| {
            let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str);
            // Pods of other namespaces may hold addresses.
            *of == kind && (kind == kinds::PODS || kind.namespace.is_none_or(|wanted| namespace == Some(wanted)))
        });
        let mut objects = objects.map(|(_, object)| object).peekable();
        if objects.peek().is_none()
            && let Some(why) = self.not_asked(kind)
        {
            return Err(kind.unseen(why));
        }
        Ok(objects)
    }

    /// Why a capture may lack objects of the kind that the cluster had.
    fn not_asked(&self, kind: ObservedKind) -> Option<String> {
        match &self.captured {
            Some(captured) => captured.unlisted.get(&kind.resource()).cloned(),
            None if self.is_capture && ![kinds::SETTINGS, kinds::MIGRATIONS].contains(&kind) => {
                Some("the capture did not ask for them; make it with capture --status".to_owned())
            }
            None => None,
        }
    }

    fn all<T: DeserializeOwned + Observable>(&self, kind: ObservedKind) -> Sighting<Vec<T>> {
        self.of(kind)?.map(|object| kind.read(object)).collect()
    }

    fn named<T: DeserializeOwned + Observable>(&self, kind: ObservedKind, name: &str) -> Sighting<Option<T>> {
        let is_it = |object: &&Value| object.pointer("/metadata/name").and_then(Value::as_str) == Some(name);
        self.of(kind)?.find(is_it).map(|object| kind.read(object)).transpose()
    }
}
