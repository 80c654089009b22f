//! An object as the API server sends it.

use std::borrow::Cow;

use kube::Resource;
use kube::core::{ApiResource, DynamicResourceScope, ObjectMeta};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::cluster::kinds::WatchedResource;
use crate::setting::facts::ObjectName;

/// An object of which only the name and the version are looked at, so that none is too odd for a list or a watch. What
/// can't be read is then named by the index.
///
/// kube's `DeserializeGuard` does the same with values instead of text: a node's images would become values in memory,
/// and one object that is nested too deeply would end the list.
#[derive(Clone, Debug)]
pub(super) struct RawObject {
    metadata: ObjectMeta,
    pub(super) json: Box<RawValue>,
}

impl RawObject {
    pub(super) fn name(&self, resource: &WatchedResource) -> ObjectName {
        resource.name_of(self.metadata.namespace.as_deref(), self.metadata.name.as_deref())
    }
}

impl<'de> Deserialize<'de> for RawObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        let ObjectHead { metadata: HeadMetadata { name, namespace, resource_version } } =
            serde_json::from_str(json.get()).unwrap_or_default();
        Ok(Self { metadata: ObjectMeta { name, namespace, resource_version, ..ObjectMeta::default() }, json })
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ObjectHead {
    metadata: HeadMetadata,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct HeadMetadata {
    name: Option<String>,
    namespace: Option<String>,
    resource_version: Option<String>,
}

impl Resource for RawObject {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(resource: &ApiResource) -> Cow<'_, str> {
        (&resource.kind).into()
    }

    fn group(resource: &ApiResource) -> Cow<'_, str> {
        (&resource.group).into()
    }

    fn version(resource: &ApiResource) -> Cow<'_, str> {
        (&resource.version).into()
    }

    fn plural(resource: &ApiResource) -> Cow<'_, str> {
        (&resource.plural).into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use kube::api::WatchEvent;

    use super::*;

    #[test]
    fn an_object_that_is_no_value_still_has_its_name() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let json = format!(r#"{{"spec":{{"ips":{deep}}},"metadata":{{"name":"h","resourceVersion":"3","x":{deep}}}}}"#);
        let event = format!(r#"{{"type":"ADDED","object":{json}}}"#);
        let WatchEvent::Added(object) = serde_json::from_str::<WatchEvent<RawObject>>(&event).unwrap() else {
            panic!("another event")
        };
        assert_eq!(object.metadata.name.as_deref(), Some("h"));
        assert_eq!(object.metadata.resource_version.as_deref(), Some("3"));
        assert_eq!(object.json.get(), json);
        let nameless: RawObject = serde_json::from_str(r#"{"metadata":[]}"#).unwrap();
        assert_eq!(nameless.metadata, ObjectMeta::default());
    }
}
