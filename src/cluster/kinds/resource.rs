//! API coordinates of a watched resource.

use std::fmt;

use kube::core::{ApiResource, GroupVersionKind};

use crate::setting::SETTING;
use crate::setting::facts::{FactKind, ObjectName};

/// All objects of a kind, or the one of a name where nothing else of that kind is anyone's business: the account may
/// list no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchedResource {
    pub kind: FactKind,
    /// The version that is asked for first. Where it is not served, another is looked for.
    pub version: &'static str,
    pub object_kind: &'static str,
    pub namespaced: bool,
    pub name: Option<&'static str>,
}

impl WatchedResource {
    /// All objects of a kind without namespaces.
    pub(super) const fn new(kind: FactKind, version: &'static str, object_kind: &'static str) -> Self {
        Self { kind, version, object_kind, namespaced: false, name: None }
    }

    pub fn plural(&self) -> &'static str {
        self.kind.resource().split('.').next().unwrap_or_default()
    }

    /// The API group; empty for the core.
    pub fn group(&self) -> &'static str {
        self.kind.resource().split_once('.').map_or("", |(_plural, group)| group)
    }

    /// Whether a fact comes from it. The guarded Setting gives none: a request brings it along.
    pub fn is_asked_for(&self) -> bool {
        self.name != Some(SETTING)
    }

    pub(in crate::cluster) fn name_of(&self, namespace: Option<&str>, name: Option<&str>) -> ObjectName {
        // As kubectl puts it where the manifest does not say.
        let namespace = namespace.filter(|namespace| !namespace.is_empty()).unwrap_or("default");
        let namespace = if self.namespaced { namespace } else { "" };
        ObjectName { namespace: namespace.into(), name: name.unwrap_or_default().into() }
    }

    pub fn api_version(&self, version: &str) -> String {
        let group = self.group();
        if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
    }

    pub(in crate::cluster) fn api_resource(&self, version: &str) -> ApiResource {
        ApiResource::from_gvk_with_plural(
            &GroupVersionKind::gvk(self.group(), version, self.object_kind),
            self.plural(),
        )
    }

    pub(in crate::cluster) fn field_selector(&self) -> Option<String> {
        self.name.map(|name| format!("metadata.name={name}"))
    }
}

/// As `kubectl get` takes it.
impl fmt::Display for WatchedResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        self.name.map_or(Ok(()), |name| write!(f, "/{name}"))
    }
}
