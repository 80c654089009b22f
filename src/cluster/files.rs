//! A cluster view from manifests, as `kubectl get … -o yaml` prints them.
//!
//! Paths name files or directories; of a directory, `*.yaml`, `*.yml` and `*.json` are read, in
//! sorted order and all the way down, but nothing whose name starts with a dot. A file holds
//! documents of YAML or JSON, each one object or a `List` of objects.
//!
//! Kinds that no rule asks for are counted, not refused. An object of a known kind that can't be
//! read makes its kind of fact missing, as it would in a live view. Two objects of one kind and name
//! are an error: whichever were taken, the other might be the true one.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

pub use self::watched::{Poll, Watched};
use super::quoted::Quoted;
use crate::network::Facts;
use crate::network::facts::FactKind;

mod document;
mod tree;
mod view;
mod watched;

/// What the files say.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The cluster.
    pub facts: Facts,
    /// The Setting `vm-migration-network`, whole: what an update would find stored.
    pub setting: Option<Value>,
    /// What no rule asks for, sorted by file, apiVersion and kind.
    pub unknown_kinds: Vec<UnknownKind>,
    /// How many objects there are, of known kinds and others.
    pub objects: usize,
}

/// Objects that were passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKind {
    /// The file.
    pub path: PathBuf,
    /// Their `apiVersion`.
    pub api_version: String,
    /// Their `kind`.
    pub kind: String,
    /// How many.
    pub count: usize,
}

impl fmt::Display for UnknownKind {
    #[expect(clippy::unnecessary_debug_formatting, reason = "a stranger may have named the file: Debug escapes")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, api_version) = (Quoted(&self.kind), Quoted(&self.api_version));
        let objects = if self.count == 1 { "object" } else { "objects" };
        write!(f, "{:?}: no rule asks for kind {kind} of {api_version} ({} {objects})", self.path, self.count)
    }
}

/// Why there is no view. Safe to print.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path names nothing.
    #[error("--cluster takes files or directories of YAML or JSON manifests; there is nothing at {0:?}")]
    Absent(PathBuf),
    /// A file or directory can't be read.
    #[error("{path:?} can't be read: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is larger than is reasonable.
    #[error("{0:?} is larger than {max} MiB, the most that is read of one file", max = tree::MAX_BYTES >> 20)]
    TooLarge(PathBuf),
    /// A file is not text.
    #[error("{0:?} is not UTF-8 text; YAML or JSON manifests are")]
    NotText(PathBuf),
    /// A file is neither YAML nor JSON.
    #[error("{path:?} is not valid {format}: {why}")]
    Syntax {
        /// Which.
        path: PathBuf,
        /// `YAML` or `JSON`, whichever was expected.
        format: &'static str,
        /// What is wrong and where.
        why: String,
    },
    /// A document or an item of a list is no Kubernetes object.
    #[error("{origin} {what}; each document is one Kubernetes object, or a List of them, with apiVersion and kind")]
    NotAnObject {
        /// Where.
        origin: Origin,
        /// What it is or lacks.
        what: &'static str,
    },
    /// An object is there twice.
    #[error("{kind} {name} is in {first} and in {second}; one view holds each object once")]
    Twice {
        /// Its kind.
        kind: FactKind,
        /// Its name, quoted.
        name: String,
        /// Where it is first.
        first: Origin,
        /// Where it is again.
        second: Origin,
    },
}

/// Where an object was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub path: Arc<Path>,
    /// The line in which its document starts, from 1.
    pub line: usize,
    /// Its place in the document's list, from 0.
    pub item: Option<usize>,
}

impl fmt::Display for Origin {
    #[expect(clippy::unnecessary_debug_formatting, reason = "a stranger may have named the file: Debug escapes")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} line {}", self.path, self.line)?;
        self.item.map_or(Ok(()), |item| write!(f, " items[{item}]"))
    }
}

/// Reads the files and directories into one view.
///
/// # Errors
///
/// If any of them can't be read, is no manifest, or repeats an object.
pub fn load(paths: &[PathBuf]) -> Result<Loaded, Error> {
    view::fold(&tree::read(paths)?)
}

#[cfg(test)]
mod tests;
