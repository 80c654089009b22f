//! Lists kinds that no rule reads, for commands that look at a cluster once.

use kube::api::{ListParams, PartialObjectMeta};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, Client};

use super::error::Error;
use super::last_heard::LastHeard;
use super::object::RawObject;
use super::snapshot::paged;

#[derive(Clone, Debug, Default)]
pub struct ListQuery<'a> {
    /// Empty for the core.
    pub group: &'a str,
    pub version: &'a str,
    pub plural: &'a str,
    pub object_kind: &'a str,
    /// All objects without.
    pub namespace: Option<&'a str>,
    /// Selectors.
    pub fields: Option<String>,
    pub labels: Option<&'a str>,
}

impl ListQuery<'_> {
    fn api<K: kube::Resource<DynamicType = ApiResource, Scope = kube::core::DynamicResourceScope>>(
        &self,
        client: &Client,
    ) -> Api<K> {
        let Self { group, version, plural, object_kind, .. } = self;
        let kind = GroupVersionKind::gvk(group, version, object_kind);
        let resource = ApiResource::from_gvk_with_plural(&kind, plural);
        let client = LastHeard::new().wrap(client.clone());
        match self.namespace {
            Some(namespace) => Api::namespaced_with(client, namespace, &resource),
            None => Api::all_with(client, &resource),
        }
    }

    fn params(&self) -> ListParams {
        let (field_selector, label_selector) = (self.fields.clone(), self.labels.map(str::to_owned));
        ListParams { field_selector, label_selector, ..ListParams::default() }
    }
}

/// The JSON of each object, in pages. What is not served has none.
pub async fn list(client: &Client, query: &ListQuery<'_>) -> Result<Vec<String>, Error> {
    let api: Api<RawObject> = query.api(client);
    let listed = paged(async |params| api.list(params).await, query.params()).await;
    Ok(served(listed)?.into_iter().map(|object| object.json.get().to_owned()).collect())
}

/// The names of the objects, in pages; nothing else of them is sent.
pub async fn list_names(client: &Client, query: &ListQuery<'_>) -> Result<Vec<String>, Error> {
    let api: Api<DynamicObject> = query.api(client);
    let listed = paged(async |params| api.list_metadata(params).await, query.params()).await;
    let name = |object: PartialObjectMeta<DynamicObject>| object.metadata.name.unwrap_or_default();
    Ok(served(listed)?.into_iter().map(name).collect())
}

fn served<T>(listed: Result<Vec<T>, Error>) -> Result<Vec<T>, Error> {
    match listed {
        Err(error) if error.code() == Some(404) => Ok(Vec::new()),
        listed => listed,
    }
}
