//! A snapshot of the cluster: each resource is listed once, nothing is watched.

use std::time::Duration;

use futures_util::future::join_all;
use kube::api::{ListParams, ObjectList};
use kube::{Api, Client};
use serde_json::Value;
use tokio::time::timeout;

use super::error::Error;
use super::last_heard::LastHeard;
use super::object::RawObject;
use super::served::served_version;
use super::watch::PAGE_OBJECTS;
use crate::cluster::index::Index;
use crate::cluster::kinds::{self, WatchedResource};
use crate::setting::facts::{FactKind, Missing};
use crate::setting::{Facts, SETTING};

/// How long one kind may take as a whole, and a page of it.
const WITHIN: Duration = Duration::from_mins(2);
const PAGE: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub struct Snapshot {
    pub sources: Vec<Listed>,
    /// The objects that are no JSON value, each with its kind and why: they are in the facts as such.
    pub unreadable: Vec<String>,
    index: Index,
    /// What could not be listed.
    lost: Vec<Missing>,
}

#[derive(Debug)]
pub struct Listed {
    pub source: WatchedResource,
    /// The version it is served in; `None` where it is not served at all.
    pub version: Option<String>,
    /// What the rules read of each, with `apiVersion` and `kind`; of migrations those that have not ended.
    pub objects: Vec<Value>,
    /// The same objects, whole, of what was to be kept so.
    whole: Option<Vec<String>>,
}

/// Which resources can't be listed, and why. Safe to print; a line for each reason.
fn unlisted(failed: &[(WatchedResource, Error)], address: &str) -> String {
    // An API server that can't be reached is the same reason for all.
    let mut reasons: Vec<(String, &str, Vec<String>)> = Vec::new();
    for (source, error) in failed {
        let why = error.at(address);
        let verb = if matches!(error.code(), Some(401 | 403)) { "may not" } else { "can't" };
        match reasons.iter_mut().find(|(known, ..)| *known == why) {
            Some((_, _, sources)) => sources.push(source.to_string()),
            None => reasons.push((why, verb, vec![source.to_string()])),
        }
    }
    let lines = reasons.into_iter().map(|(why, verb, sources)| format!("{verb} list {}: {why}", sources.join(", ")));
    lines.collect::<Vec<_>>().join("\n")
}

/// Lists every resource, all at the same time, of the API server at this address. One that is not served has no objects.
pub async fn snapshot(client: Client, address: &str) -> Result<Snapshot, String> {
    let (snapshot, unlisted) = partial_snapshot(client, address, |_| false).await;
    unlisted.map_or(Ok(snapshot), Err)
}

/// As [`snapshot`]; the facts of what can't be listed are missing. Some objects may be kept whole.
pub async fn partial_snapshot(
    client: Client,
    address: &str,
    keep: fn(&WatchedResource) -> bool,
) -> (Snapshot, Option<String>) {
    let client = LastHeard::new().wrap(client);
    let mut snapshot = Snapshot::default();
    let mut failed = Vec::new();
    for (resource, listed) in kinds::watches().zip(join_all(kinds::watches().map(|it| one(&client, it))).await) {
        match listed {
            Ok(Some((version, objects))) => snapshot.take(resource, Some(version), &objects, keep(&resource)),
            Ok(None) => snapshot.take(resource, None, &[], keep(&resource)),
            Err(error) => {
                snapshot.lost.push(Missing { kind: resource.kind, why: error.at(address).into() });
                failed.push((resource, error));
            }
        }
    }
    let unlisted = (!failed.is_empty()).then(|| unlisted(&failed, address));
    (snapshot, unlisted)
}

async fn one(client: &Client, resource: WatchedResource) -> Result<Option<(String, Vec<RawObject>)>, Error> {
    let listing = timeout(WITHIN, async {
        let usual = resource.version.to_owned();
        let refused = match pages(client, &resource, &usual).await {
            Err(error) if error.code() == Some(404) && !resource.group().is_empty() => error,
            listed => return listed.map(|objects| Some((usual, objects))),
        };
        match served_version(client, &resource).await? {
            None => Ok(None),
            Some(version) if version == usual => Err(refused),
            Some(version) => pages(client, &resource, &version).await.map(|objects| Some((version, objects))),
        }
    });
    listing.await.unwrap_or(Err(Error::Silent { verb: "list", after: WITHIN }))
}

async fn pages(client: &Client, resource: &WatchedResource, version: &str) -> Result<Vec<RawObject>, Error> {
    let api: Api<RawObject> = Api::all_with(client.clone(), &resource.api_resource(version));
    let params = ListParams { field_selector: resource.field_selector(), ..ListParams::default() };
    paged(async |params| api.list(params).await, params).await
}

/// Lists page by page.
pub(super) async fn paged<T: Clone>(
    list: impl AsyncFn(&ListParams) -> kube::Result<ObjectList<T>>,
    params: ListParams,
) -> Result<Vec<T>, Error> {
    let mut params = params.limit(PAGE_OBJECTS);
    let mut objects = Vec::new();
    loop {
        let page = timeout(PAGE, list(&params)).await.map_err(|_| Error::Silent { verb: "list", after: PAGE })?;
        let page = page.map_err(|error| Error::of("list", error))?;
        objects.extend(page.items);
        params.continue_token = page.metadata.continue_.filter(|token| !token.is_empty());
        if params.continue_token.is_none() {
            return Ok(objects);
        }
    }
}

impl Snapshot {
    fn take(&mut self, resource: WatchedResource, version: Option<String>, objects: &[RawObject], keep: bool) {
        let kind = kinds::kind(resource.kind);
        let api_version = resource.api_version(version.as_deref().unwrap_or_default());
        let whole = keep.then(Vec::new);
        let mut listed = Listed { source: resource, version, objects: Vec::new(), whole };
        for object in objects {
            let (name, json) = (object.name(&resource), object.json.get());
            // What has the wrong type stays in the index as what can't be read.
            let indexed = self.index.insert_json(resource.kind, name.clone(), json);
            // In a large cluster most migrations have ended.
            if resource.is_asked_for() && !self.index.of(resource.kind).holds(&name) {
                continue;
            }
            listed.whole.iter_mut().for_each(|whole| whole.push(json.to_owned()));
            match ((kind.prune)(json), indexed) {
                (Ok(mut pruned), _) => {
                    // Items of lists do not say what they are.
                    pruned["apiVersion"] = api_version.clone().into();
                    pruned["kind"] = resource.object_kind.into();
                    listed.objects.push(pruned);
                }
                (Err(_), Err(why)) => self.unreadable.push(format!("{} {why}", resource.kind)),
                (Err(error), Ok(())) => self.unreadable.push(format!("{resource}: {error}")),
            }
        }
        self.sources.push(listed);
    }

    /// A snapshot of these objects, as if an API server had listed them.
    #[cfg(test)]
    pub(crate) fn of(objects: &[Value]) -> Self {
        let mut snapshot = Self::default();
        for resource in kinds::watches() {
            let api_version = resource.api_version(resource.version);
            let of_resource = |object: &&Value| {
                object["apiVersion"] == api_version.as_str()
                    && object["kind"] == resource.object_kind
                    && resource.name.is_none_or(|name| object["metadata"]["name"] == name)
            };
            let objects = objects.iter().filter(of_resource);
            let objects: Vec<RawObject> =
                objects.map(|object| serde_json::from_str(&object.to_string()).unwrap()).collect();
            snapshot.take(resource, Some(resource.version.to_owned()), &objects, false);
        }
        snapshot
    }

    pub fn facts(&self) -> Facts {
        let mut facts = self.index.facts();
        self.lost.iter().for_each(|missing| facts.lose(missing.clone()));
        facts
    }

    /// The kinds that could not be listed, and why.
    pub fn lost(&self) -> &[Missing] {
        &self.lost
    }

    /// The JSON of the objects of a kind that were kept whole; or why there are none. Safe to print.
    pub fn whole(&self, kind: FactKind) -> Result<&[String], &str> {
        let mut of_kind = self.sources.iter().filter(|listed| listed.source.kind == kind);
        of_kind.find_map(|listed| listed.whole.as_deref()).ok_or_else(|| {
            let lost = self.lost.iter().find(|missing| missing.kind == kind);
            lost.map_or("not asked for", |missing| &*missing.why)
        })
    }

    /// The Setting `vm-migration-network`: what an update would find stored.
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
        let [nodes, networks, configs] = [0, 1, 2].map(|at| kinds::watches().nth(at).unwrap());
        let silent = || Error::Silent { verb: "list", after: Duration::from_secs(30) };
        let forbidden = Error::Refused {
            verb: "list",
            code: 403,
            reason: "Forbidden".to_owned(),
            message: "nodes is forbidden".to_owned(),
        };
        let failed = vec![(nodes, forbidden), (networks, silent()), (configs, silent())];
        assert_eq!(
            unlisted(&failed, "10.0.0.1:6443"),
            "may not list nodes: list refused with 403 Forbidden: nodes is forbidden\n\
             can't list clusternetworks.network.harvesterhci.io, vlanconfigs.network.harvesterhci.io: \
             list: no answer from the API server at 10.0.0.1:6443 within 30 s"
        );
    }
}
