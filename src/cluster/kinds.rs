//! The kinds that are watched: one struct each, which reads of an object what the rules need and nothing else.
//!
//! Reading prunes, writing makes the objects of a capture, and `Watched` says what the rules get.
//!
//! To add a kind: a struct in a file of its own, a line in [`KINDS`], a [`FactKind`] and a field of `Facts`, and the
//! right to list and watch it in the manifests.

use serde_json::Value;

use self::objects::{Objects, OfKind};
pub use self::resource::WatchedResource;
use self::watched::Watched;
use crate::setting::facts::{FactKind, ObjectName};

mod cluster_network;
mod crd;
mod host_network_config;
mod metadata;
mod migration;
mod node;
pub(super) mod objects;
mod prelude;
pub(super) mod read;
mod resource;
mod service_cidr;
mod setting;
mod vlan_config;
mod vlan_status;
mod watched;

/// Every kind, in the order of [`FactKind`].
pub static KINDS: [Kind; FactKind::ALL.len()] = [
    Kind::of::<node::NodeObject>(),
    Kind::of::<cluster_network::ClusterNetworkObject>(),
    Kind::of::<vlan_config::VlanConfigObject>(),
    Kind::of::<vlan_status::VlanStatusObject>(),
    Kind::of::<host_network_config::HostNetworkConfigObject>(),
    Kind::of::<migration::MigrationObject>(),
    Kind::of::<crd::CrdObject>(),
    Kind::of::<service_cidr::ServiceCidrObject>(),
    Kind::of::<setting::SettingObject>(),
];

pub struct Kind {
    pub resource: WatchedResource,
    names: &'static [&'static str],
    pub(super) none: fn() -> Box<dyn Objects>,
    /// Reads the JSON of an object and writes what was read.
    pub(super) prune: fn(&str) -> Result<Value, serde_json::Error>,
}

impl Kind {
    const fn of<K: Watched>() -> Self {
        Self { resource: K::RESOURCE, names: K::NAMES, none: || Box::<OfKind<K>>::default(), prune: read::prune::<K> }
    }

    pub fn watches(&self) -> impl Iterator<Item = WatchedResource> {
        let all = self.names.is_empty().then_some(self.resource);
        all.into_iter().chain(self.names.iter().map(|name| WatchedResource { name: Some(name), ..self.resource }))
    }
}

pub fn kind(fact: FactKind) -> &'static Kind {
    &KINDS[position(fact)]
}

pub(super) const fn position(fact: FactKind) -> usize {
    fact as usize
}

/// The kind of fact that objects of this group and kind give, in whatever version they are served.
pub fn fact_kind(api_version: &str, object_kind: &str) -> Option<FactKind> {
    let group = api_version.rsplit_once('/').map_or("", |(group, _version)| group);
    let found = KINDS.iter().find(|kind| kind.resource.group() == group && kind.resource.object_kind == object_kind);
    found.map(|kind| kind.resource.kind)
}

/// Everything that is listed and watched: what the rules ask for, and the guarded Setting itself.
pub fn watches() -> impl Iterator<Item = WatchedResource> {
    KINDS.iter().flat_map(Kind::watches)
}

/// Whether a rule can ask for the object of this name: of some kinds only a few matter.
pub fn is_asked_for(fact: FactKind, name: &str) -> bool {
    kind(fact).watches().any(|watch| watch.name.is_none_or(|watched| watched == name) && watch.is_asked_for())
}

/// The name under which an index keeps an object; empty for an object without a readable one.
pub fn object_name(fact: FactKind, object: &Value) -> ObjectName {
    let field = |name: &str| object.get("metadata")?.get(name)?.as_str();
    kind(fact).resource.name_of(field("namespace"), field("name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_fact_has_its_kind() {
        for (kind, fact) in KINDS.iter().zip(FactKind::ALL) {
            let WatchedResource { version, object_kind, .. } = kind.resource;
            assert_eq!(kind.resource.kind, fact);
            assert_eq!(fact_kind(&kind.resource.api_version(version), object_kind), Some(fact));
            let parts = [kind.resource.plural(), kind.resource.group()];
            assert_eq!(fact.resource(), parts.join(".").trim_end_matches('.'));
        }
        assert_eq!(fact_kind("v1", "Pod"), None);
    }

    #[test]
    fn of_some_kinds_only_a_few_objects_are_watched() {
        let names: Vec<String> = watches().filter(|watch| watch.name.is_some()).map(|it| it.to_string()).collect();
        let settings = "settings.harvesterhci.io";
        let expected = [
            "customresourcedefinitions.apiextensions.k8s.io/ippools.whereabouts.cni.cncf.io".to_owned(),
            format!("{settings}/storage-network"),
            format!("{settings}/rwx-network"),
            format!("{settings}/vm-migration-network"),
        ];
        assert_eq!((names, watches().count()), (expected.to_vec(), 11));
        assert!(is_asked_for(FactKind::Settings, "rwx-network") && is_asked_for(FactKind::Nodes, "any"));
        assert!(!is_asked_for(FactKind::Settings, "vm-migration-network"));
        assert!(!is_asked_for(FactKind::WhereaboutsCrd, "ippools.loadbalancer.harvesterhci.io"));
    }
}
