//! Finds the version in which the API server serves a resource.

use hyper::Request;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIGroup;
use kube::Client;

use super::error::Error;
use crate::cluster::kinds::WatchedResource;

/// The version in which the API server has this resource now, if it has it at all: its usual one, or else the one that
/// the API server prefers.
///
/// A CRD may be absent; and what is served in a newer version only must not be taken for absent.
pub(super) async fn served_version(client: &Client, resource: &WatchedResource) -> Result<Option<String>, Error> {
    let group = Request::get(format!("/apis/{}", resource.group)).body(Vec::new());
    let group =
        client.request::<APIGroup>(group.map_err(|error| Error::of("discovery", kube::Error::HttpError(error)))?);
    let Some(group) = found(group.await)? else { return Ok(None) };
    let mut versions = group.versions;
    versions.sort_by_key(|served| served.version != resource.version);
    for served in versions {
        let resources = found(client.list_api_group_resources(&served.group_version).await)?;
        if resources.is_some_and(|list| list.resources.iter().any(|one| one.name == resource.plural)) {
            return Ok(Some(served.version));
        }
    }
    Ok(None)
}

/// A discovery document; `None` where there is none.
fn found<T>(document: kube::Result<T>) -> Result<Option<T>, Error> {
    match document.map_err(|error| Error::of("discovery", error)) {
        Ok(document) => Ok(Some(document)),
        Err(error) if error.code() == Some(404) => Ok(None),
        Err(error) => Err(error),
    }
}
