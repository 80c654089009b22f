//! In which version a resource is served.

use kube::error::DiscoveryError;
use kube::{Client, discovery};

use super::error::Error;
use crate::cluster::kinds::WatchedResource;

/// The version in which the API server has this resource now, if it has it at all: its usual one, or else the most
/// stable.
///
/// A CRD may be absent; and what is served in a newer version only must not be taken for absent.
pub(super) async fn served_version(client: &Client, resource: &WatchedResource) -> Result<Option<String>, Error> {
    let group = match discovery::group(client, resource.group).await {
        Ok(group) => group,
        Err(kube::Error::Discovery(DiscoveryError::MissingApiGroup(_))) => return Ok(None),
        Err(error) => return Err(Error::of("discovery", error)),
    };
    let serves = |version: &&str| {
        let resources = group.versioned_resources(version);
        resources.iter().any(|(served, _)| served.plural == resource.plural)
    };
    let mut versions: Vec<&str> = group.versions().filter(serves).collect();
    versions.sort_by_key(|version| *version != resource.version);
    Ok(versions.first().map(|version| (*version).to_owned()))
}
