//! Saves a live cluster as a directory of manifests, for use without the cluster.
//!
//! There is a file for each kind of fact, also where there is no such object, so that a later capture leaves nothing of
//! an earlier one behind. The time is in one file alone, so that a capture of the same cluster changes no other. An object is cut down to what the rules read: the facts of the files are those of the cluster,
//! and nothing else of the cluster is in them.

use std::fmt::Write as _;

use serde_json::Value;

pub use self::directory::write;
use super::files::policy_document;
use super::kinds;
use super::live::Snapshot;
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
    let mut files = Vec::new();
    for kind in FactKind::ALL {
        let sources: Vec<_> = snapshot.sources.iter().filter(|listed| listed.source.kind == kind).collect();
        let name = format!("{}.yaml", kinds::kind(kind).resource.plural());
        files.push(if sources.iter().all(|listed| listed.version.is_none()) {
            File { name, text: head(source, None, &format!("{kind}: not served")), objects: 0 }
        } else {
            let objects: Vec<Value> = sources.iter().flat_map(|listed| &listed.objects).cloned().collect();
            file(source, &name, kind.resource(), &objects)?
        });
    }
    let head = head(source, Some(&source.time), "how the rules are set");
    let text = text(&head, &[policy_document(policy)])?;
    files.push(File { name: "policy.yaml".to_owned(), text, objects: 0 });
    Ok(files)
}

/// A file of a capture. Its objects are sorted by namespace and name: whatever order an API server lists in, the same
/// cluster makes the same files.
pub fn file(source: &Source, name: &str, what: &str, objects: &[Value]) -> Result<File, serde_saphyr::SerializeError> {
    let key = |object: &Value| {
        let field = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
        (field("namespace"), field("name"))
    };
    let mut objects = objects.to_vec();
    objects.sort_by_cached_key(key);
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

#[cfg(test)]
mod tests;
