//! The cluster as it is at one moment: each source listed once, nothing watched.

use std::fmt;
use std::time::Duration;

use futures_util::future::join_all;
use kube::Client;
use serde_json::Value;
use tokio::time::timeout;

use super::api::Api;
use super::error::Error;
use super::list::list;
use super::source::Source;
use crate::cluster::fold::Fold;
use crate::setting::facts::FactKind;
use crate::setting::{Facts, SETTING};

/// How long one kind may take as a whole. Each page has a shorter time of its own.
const WITHIN: Duration = Duration::from_mins(2);

/// What was listed.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Every source, in the order of [`Source::ALL`].
    pub sources: Vec<Listed>,
    /// The objects that are no JSON value, each with its kind and why: they are in the facts as such.
    pub unreadable: Vec<String>,
    fold: Fold,
}

/// The objects of one source.
#[derive(Debug)]
pub struct Listed {
    /// The source.
    pub source: Source,
    /// The version it is served in; `None` where it is not served at all.
    pub version: Option<String>,
    /// What the rules read of each, with `apiVersion` and `kind`; of migrations those that have not ended.
    pub objects: Vec<Value>,
}

/// Which sources can't be listed, and why. Safe to print; a line for each reason.
#[derive(Debug)]
pub struct Unlisted(Vec<(Source, Error)>);

impl fmt::Display for Unlisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An API server that can't be reached is the same reason for all.
        let mut reasons: Vec<(String, bool, Vec<String>)> = Vec::new();
        for (source, error) in &self.0 {
            let why = error.to_string();
            match reasons.iter_mut().find(|(known, ..)| *known == why) {
                Some((_, _, sources)) => sources.push(source.to_string()),
                None => reasons.push((why, error.is_forbidden(), vec![source.to_string()])),
            }
        }
        for (index, (why, forbidden, sources)) in reasons.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            let verb = if *forbidden { "may not" } else { "can't" };
            write!(f, "{newline}{verb} list {}: {why}", sources.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for Unlisted {}

/// Lists every source, all at the same time.
///
/// # Errors
///
/// If any of them can't be listed, with all of those. What is not served is no error: there are no such objects.
pub async fn snapshot(client: Client) -> Result<Snapshot, Unlisted> {
    let api = Api::new(client);
    let mut snapshot = Snapshot::default();
    let mut failed = Vec::new();
    for (source, listed) in Source::ALL.iter().zip(join_all(Source::ALL.iter().map(|it| one(&api, it))).await) {
        match listed {
            Ok(listed) => snapshot.take(listed),
            Err(error) => failed.push((*source, error)),
        }
    }
    if failed.is_empty() { Ok(snapshot) } else { Err(Unlisted(failed)) }
}

/// What came of one source.
struct Found {
    listed: Listed,
    fold: Fold,
    unreadable: Vec<String>,
}

async fn one(api: &Api, source: &Source) -> Result<Found, Error> {
    let mut found = Found {
        listed: Listed { source: *source, version: None, objects: Vec::new() },
        fold: Fold::default(),
        unreadable: Vec::new(),
    };
    let mut version = source.version.to_owned();
    let mut garbled = None;
    let listing = timeout(WITHIN, async {
        list(api, source, &mut version, false, &mut |object| match object.pruned {
            Ok(pruned) => found.put(pruned),
            Err(why) if source.is_asked_for() => {
                found.unreadable.push(found.fold.refuse(source.kind, object.name, &why).to_string());
            }
            // No fact comes from it, so no fact could say so.
            Err(why) => garbled = Some(Error::Garbled(why)),
        })
        .await
    });
    let served = listing.await.unwrap_or(Err(Error::Silent { verb: "list", after: WITHIN }))?;
    if let Some(garbled) = garbled {
        return Err(garbled);
    }
    found.listed.version = served.map(|_| version);
    found.listed.name_kind();
    Ok(found)
}

impl Found {
    fn put(&mut self, pruned: Value) {
        let kind = self.listed.source.kind;
        // What has the wrong type stays in the fold as what can't be read.
        let _ = self.fold.insert(kind, &pruned, None);
        // In a large cluster most of them have ended.
        let ended =
            kind == FactKind::Migrations && !self.fold.holds(kind, &crate::cluster::fold::object_name(kind, &pruned));
        if !ended {
            self.listed.objects.push(pruned);
        }
    }
}

impl Listed {
    /// Says in each object what it is, as in a manifest: items of lists do not.
    fn name_kind(&mut self) {
        let Some(version) = &self.version else { return };
        let (api_version, kind) = (self.source.api_version(version), self.source.object_kind);
        for object in self.objects.iter_mut().filter_map(Value::as_object_mut) {
            object.insert("apiVersion".to_owned(), api_version.clone().into());
            object.insert("kind".to_owned(), kind.into());
        }
    }
}

impl Snapshot {
    fn take(&mut self, Found { listed, fold, unreadable }: Found) {
        if listed.source.is_asked_for() {
            self.fold.adopt(listed.source.kind, fold, listed.source.object_name().as_ref());
        }
        self.unreadable.extend(unreadable);
        self.sources.push(listed);
    }

    /// A snapshot of these objects, as if an API server had listed them.
    #[cfg(test)]
    pub(crate) fn of(objects: &[Value]) -> Self {
        let mut snapshot = Self::default();
        for source in Source::ALL {
            let api_version = source.api_version(source.version);
            let mut found = Found {
                listed: Listed { source, version: Some(source.version.to_owned()), objects: Vec::new() },
                fold: Fold::default(),
                unreadable: Vec::new(),
            };
            let of_source = |object: &&Value| {
                object["apiVersion"] == api_version.as_str()
                    && object["kind"] == source.object_kind
                    && source.name.is_none_or(|name| object["metadata"]["name"] == name)
            };
            for object in objects.iter().filter(of_source) {
                found.put(crate::cluster::shape::prune(source.kind, &object.to_string()).unwrap());
            }
            found.listed.name_kind();
            snapshot.take(found);
        }
        snapshot
    }

    /// What the rules know by it.
    #[must_use]
    pub fn facts(&self) -> Facts {
        self.fold.facts()
    }

    /// The Setting `vm-migration-network`: what an update would find stored.
    #[must_use]
    pub fn setting(&self) -> Option<&Value> {
        let guarded = self.sources.iter().find(|listed| listed.source.name == Some(SETTING));
        guarded.and_then(|listed| listed.objects.first())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_can_t_be_listed_is_named() {
        let [nodes, networks, configs, ..] = Source::ALL;
        let forbidden = |what: &str| {
            let body = format!(r#"{{"code":403,"reason":"Forbidden","message":"{what} is forbidden"}}"#);
            Error::refused("list", 403, body.as_bytes())
        };
        let unlisted = Unlisted(vec![
            (nodes, forbidden("nodes")),
            (networks, Error::Silent { verb: "list", after: Duration::from_secs(30) }),
            (configs, Error::Silent { verb: "list", after: Duration::from_secs(30) }),
        ]);
        assert_eq!(
            unlisted.to_string(),
            "may not list nodes: list refused with 403 Forbidden: nodes is forbidden\n\
             can't list clusternetworks.network.harvesterhci.io, vlanconfigs.network.harvesterhci.io: \
             list: no answer from the API server within 30 s"
        );
    }
}
