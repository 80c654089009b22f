//! Finds the version in which the API server serves a resource.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIGroup;
use kube::Client;

use super::error::{Error, get};
use crate::cluster::kinds::WatchedResource;

const DISCOVERY: &str = "discovery";

/// The version in which the API server has this resource now, if it has it at all: its usual one, or else the one that
/// the API server prefers.
///
/// A CRD may be absent; and what is served in a newer version only must not be taken for absent.
pub(super) async fn served_version(client: &Client, resource: &WatchedResource) -> Result<Option<String>, Error> {
    let group = get::<APIGroup>(client, format!("/apis/{}", resource.group())).await;
    let Some(APIGroup { mut versions, .. }) = Error::found(DISCOVERY, group)? else { return Ok(None) };
    versions.sort_by_key(|served| served.version != resource.version);
    for served in versions {
        let resources = Error::found(DISCOVERY, client.list_api_group_resources(&served.group_version).await)?;
        if resources.is_some_and(|list| list.resources.iter().any(|one| one.name == resource.plural())) {
            return Ok(Some(served.version));
        }
    }
    Ok(None)
}
