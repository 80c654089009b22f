//! Saves a live cluster as a directory of manifests, for use without the cluster.
//!
//! There is a file for each kind of fact, also where there is no such object, so that a later capture leaves nothing of
//! an earlier one behind. The time is in one file alone, so that a capture of the same cluster changes no other. An object is cut down to what the rules read: the facts of the files are those of the cluster,
//! and nothing else of the cluster is in them.

use std::fmt::Write as _;

use serde_json::Value;

pub use self::directory::write;
use super::files::policy_document;
use super::live::{Listed, Snapshot};
use crate::escape::Plain;
use crate::setting::Policy;
use crate::setting::facts::FactKind;

mod directory;

/// How each file begins, by which it is known for one of ours.
const MARK: &str = crate::manifest::CAPTURE_MARK;

#[derive(Clone, Debug)]
pub struct Source {
    /// When, as RFC 3339.
    pub time: String,
    pub server: String,
    /// Its version, where it tells.
    pub version: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub name: String,
    pub text: String,
    /// How many objects of the cluster that is.
    pub objects: usize,
}

/// The files of a capture, in a fixed order.
pub fn files(snapshot: &Snapshot, policy: &Policy, source: &Source) -> Result<Vec<File>, serde_saphyr::SerializeError> {
    let policy = (POLICY.to_owned(), vec![policy_document(policy)], "how the rules are set".to_owned());
    let kinds = FactKind::ALL.map(|kind| {
        let sources = || snapshot.sources.iter().filter(move |listed| listed.source.kind == kind);
        let objects = objects(sources());
        let what = if sources().all(|listed| listed.version.is_none()) {
            format!("{kind}: not served")
        } else {
            format!("{kind}: {}", objects.len())
        };
        (file_name(kind), objects, what)
    });
    let mut files = Vec::with_capacity(FILES);
    for (name, objects, what) in kinds.into_iter().chain([policy]) {
        let is_policy = name == POLICY;
        let time = is_policy.then_some(&*source.time);
        let text = text(&head(source, time, &what), &objects)?;
        files.push(File { name, text, objects: if is_policy { 0 } else { objects.len() } });
    }
    Ok(files)
}

/// A file of a capture beside those of the facts.
pub fn file(source: &Source, name: &str, what: &str, objects: &[Value]) -> Result<File, serde_saphyr::SerializeError> {
    let mut objects = objects.to_vec();
    sort(&mut objects);
    let text = text(&head(source, None, &format!("{what}: {}", objects.len())), &objects)?;
    Ok(File { name: name.to_owned(), text, objects: objects.len() })
}

fn text(head: &str, objects: &[Value]) -> Result<String, serde_saphyr::SerializeError> {
    let mut text = head.to_owned();
    for object in objects {
        text.push_str("---\n");
        text.push_str(&serde_saphyr::to_string(object)?);
    }
    Ok(text)
}

const POLICY: &str = "policy.yaml";
const FILES: usize = FactKind::ALL.len() + 1;

fn file_name(kind: FactKind) -> String {
    let resource = kind.resource();
    format!("{}.yaml", resource.split_once('.').map_or(resource, |(plural, _)| plural))
}

fn head(source: &Source, time: Option<&str>, what: &str) -> String {
    let Source { server, version, .. } = source;
    let mut head = format!("{MARK} {}\n#", env!("CARGO_PKG_VERSION"));
    if let Some(time) = time {
        let _ = write!(head, " at {time}");
    }
    let _ = write!(head, " from {}", Plain(server));
    if let Some(version) = version {
        let _ = write!(head, ", Kubernetes {}", Plain(version));
    }
    let _ = write!(head, "\n# {what}\n");
    head
}

/// Sorted by namespace and name: whatever order an API server lists in, the same cluster makes the same files.
fn objects<'a>(listed: impl Iterator<Item = &'a Listed>) -> Vec<Value> {
    let mut objects: Vec<Value> = listed.flat_map(|listed| &listed.objects).cloned().collect();
    sort(&mut objects);
    objects
}

fn sort(objects: &mut [Value]) {
    let key = |object: &Value| {
        let field = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
        (field("namespace"), field("name"))
    };
    objects.sort_by_cached_key(key);
}

#[cfg(test)]
mod tests;
