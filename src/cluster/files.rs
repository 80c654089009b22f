//! Cluster state from manifests, as `kubectl get … -o yaml` prints them.
//!
//! Each document is one object or a `List` of objects.
//!
//! Kinds that no rule asks for are counted, not refused. An object of a known kind that can't be
//! read makes its kind of fact missing, as it would in a live view. Two objects of one kind and name
//! are an error: whichever were taken, the other might be the true one.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

pub(crate) use self::overlay::Variation;
pub(crate) use self::policy::document as policy_document;
pub(crate) use self::reload::ClusterFiles;
use super::index::Index;
use crate::escape::{Quoted, QuotedPath};
use crate::manifest::{self, ManifestFile, Origin, tree};
use crate::setting::facts::{FactKind, MatchedNodes, ObjectName, VlanConfigFact};
use crate::setting::{Facts, Policy};

mod objects;
mod overlay;
mod policy;
mod reload;

/// What the files say.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The cluster.
    pub facts: Facts,
    /// The Setting `vm-migration-network`, whole: what an update would find stored.
    pub setting: Option<Value>,
    /// The operator's choices that were captured with it.
    pub policy: Option<Policy>,
    /// What no rule asks for, sorted by file, apiVersion and kind.
    pub(crate) unknown_kinds: Vec<UnknownKind>,
    /// How many objects there are, of known kinds and others.
    pub objects: usize,
    /// What was to be kept whole.
    pub kept: KeptObjects,
    index: Index,
    /// Where each object was read.
    seen: HashMap<(FactKind, ObjectName), Origin>,
}

/// Objects that are kept as they are.
#[derive(Clone, Debug)]
pub struct KeptObjects {
    /// The objects, and where each was read.
    pub objects: Vec<(Value, Origin)>,
    /// Whether any file is a capture's, and so has nothing but what that asked for.
    pub captured: bool,
}

/// Objects that were passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownKind {
    pub path: PathBuf,
    pub api_version: String,
    pub kind: String,
    pub count: usize,
}

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, api_version) = (Quoted(&self.kind), Quoted(&self.api_version));
        let objects = if self.count == 1 { "object" } else { "objects" };
        write!(
            f,
            "{}: no rule asks for kind {kind} of {api_version} ({} {objects})",
            QuotedPath(&self.path),
            self.count
        )
    }
}

/// Why there is no view. Safe to print.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Error {
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
    #[error("{origin} {what}; each document is one Kubernetes object, or a List of them, with apiVersion and kind")]
    NotAnObject { origin: Origin, what: &'static str },
    #[error("{origin} is a Policy that can't be taken: {why}")]
    Policy { origin: Origin, why: String },
    #[error("{kind} {name} is in {first} and in {second}; one view holds each object once")]
    Twice { kind: FactKind, name: String, first: Origin, second: Origin },
}

/// Reads the files and directories into one view.
pub fn load(paths: &[PathBuf]) -> Result<Loaded, Error> {
    load_with(paths, Vec::new())
}

/// As [`load`], with objects that are at hand.
pub(crate) fn load_with(paths: &[PathBuf], objects: Vec<(Value, Origin)>) -> Result<Loaded, Error> {
    objects::index(&read(paths)?, objects, None)
}

/// As [`load`], and keeps the objects whose `apiVersion` and `kind` are wanted, whether a rule asks for them or not.
pub fn load_keeping(paths: &[PathBuf], keep: fn(&str, &str) -> bool) -> Result<Loaded, Error> {
    objects::index(&read(paths)?, Vec::new(), Some(keep))
}

/// Reads the files. Of a support bundle of Harvester, given at its root, only the objects are meant.
fn read(paths: &[PathBuf]) -> Result<Vec<ManifestFile>, manifest::Error> {
    let objects = |path: &PathBuf| {
        let objects = path.join("yamls");
        let is_bundle = ["cluster", "namespaced"].iter().any(|part| objects.join(part).is_dir());
        if is_bundle { objects } else { path.clone() }
    };
    tree::read(&paths.iter().map(objects).collect::<Vec<_>>())
}

impl Loaded {
    /// What is to be said of files that are no objects of a cluster but manifests, as Git keeps them: the rules then miss
    /// what Harvester adds to its objects.
    pub fn not_live(&self) -> Option<&'static str> {
        let configs = self.facts.vlan_configs.as_ref().ok()?;
        let bare = |config: &VlanConfigFact| config.label.is_none() && config.matched == MatchedNodes::Absent;
        (!configs.is_empty() && configs.iter().all(bare)).then_some(
            "the VlanConfigs lack the label and the annotation that Harvester adds, so these are manifests and no live \
             objects; take them from the cluster, as capture or kubectl get -o yaml writes them",
        )
    }
}

#[cfg(test)]
mod tests;
