//! What is listed and watched.

use std::fmt;

use kube::core::request::Request;

use crate::cluster::resources::is_asked_for;
use crate::setting::facts::{FactKind, ObjectName};
use crate::setting::{RWX_NETWORK, SETTING, STORAGE_NETWORK, WHEREABOUTS_CRD};

/// All objects of a kind, or the one of a name where nothing else of that kind is anyone's business: the account may
/// list no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The kind of fact it gives.
    pub kind: FactKind,
    /// The API group; empty for the core.
    pub group: &'static str,
    /// The version that is asked for first. Where it is not served, another is looked for.
    pub version: &'static str,
    /// The resource's name in paths.
    pub plural: &'static str,
    /// The kind's name in objects.
    pub object_kind: &'static str,
    /// The one object.
    pub name: Option<&'static str>,
}

const fn all(
    kind: FactKind,
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    object_kind: &'static str,
) -> Source {
    Source { kind, group, version, plural, object_kind, name: None }
}

const HARVESTER: &str = "network.harvesterhci.io";
const SETTINGS: Source = all(FactKind::Settings, "harvesterhci.io", "v1beta1", "settings", "Setting");

impl Source {
    /// Everything that the rules ask for, and the guarded Setting itself.
    pub const ALL: [Self; 11] = [
        all(FactKind::Nodes, "", "v1", "nodes", "Node"),
        all(FactKind::ClusterNetworks, HARVESTER, "v1beta1", "clusternetworks", "ClusterNetwork"),
        all(FactKind::VlanConfigs, HARVESTER, "v1beta1", "vlanconfigs", "VlanConfig"),
        all(FactKind::VlanStatuses, HARVESTER, "v1beta1", "vlanstatuses", "VlanStatus"),
        all(FactKind::HostNetworkConfigs, HARVESTER, "v1beta1", "hostnetworkconfigs", "HostNetworkConfig"),
        all(
            FactKind::Migrations,
            "kubevirt.io",
            "v1",
            "virtualmachineinstancemigrations",
            "VirtualMachineInstanceMigration",
        ),
        Self {
            name: Some(WHEREABOUTS_CRD),
            ..all(
                FactKind::WhereaboutsCrd,
                "apiextensions.k8s.io",
                "v1",
                "customresourcedefinitions",
                "CustomResourceDefinition",
            )
        },
        all(FactKind::ServiceCidrs, "networking.k8s.io", "v1", "servicecidrs", "ServiceCIDR"),
        Self { name: Some(STORAGE_NETWORK), ..SETTINGS },
        Self { name: Some(RWX_NETWORK), ..SETTINGS },
        Self { name: Some(SETTING), ..SETTINGS },
    ];

    /// Whether a fact comes from it. The guarded Setting gives none: a request brings it along.
    #[must_use]
    pub fn is_asked_for(&self) -> bool {
        self.name.is_none_or(|name| is_asked_for(self.kind, name))
    }

    /// The name under which a fold keeps the one object.
    pub(super) fn object_name(&self) -> Option<ObjectName> {
        self.name.map(|name| ObjectName { namespace: "".into(), name: name.into() })
    }

    /// `apiVersion` of its objects.
    #[must_use]
    pub fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }

    /// Where it is, in the given version, in all namespaces.
    pub(super) fn request(&self, version: &str) -> Request {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        Request::new(format!("{root}/{}/{}", self.api_version(version), self.plural))
    }

    pub(super) fn field_selector(&self) -> Option<String> {
        self.name.map(|name| format!("metadata.name={name}"))
    }
}

/// As `kubectl get` takes it.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        self.name.map_or(Ok(()), |name| write!(f, "/{name}"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cluster::resources::fact_kind;

    #[test]
    fn every_kind_of_fact_has_its_source() {
        let asked_for = Source::ALL.iter().filter(|source| source.is_asked_for());
        let kinds: BTreeSet<_> = asked_for.map(|source| source.kind).collect();
        assert_eq!(kinds, FactKind::ALL.into());
        for source in Source::ALL {
            assert_eq!(fact_kind(&source.api_version(source.version), source.object_kind), Some(source.kind));
            let resource = [source.plural, source.group].join(".");
            assert_eq!(source.kind.resource(), resource.trim_end_matches('.'));
        }
    }

    #[test]
    fn sources_are_named_and_found_as_the_api_has_them() {
        let [nodes, .., rwx, guarded] = Source::ALL;
        assert_eq!(nodes.to_string(), "nodes");
        assert_eq!(nodes.request("v1").url_path, "/api/v1/nodes");
        assert_eq!(nodes.field_selector(), None);
        assert_eq!(rwx.to_string(), "settings.harvesterhci.io/rwx-network");
        assert_eq!(rwx.request("v1beta1").url_path, "/apis/harvesterhci.io/v1beta1/settings");
        assert_eq!(rwx.field_selector().unwrap(), "metadata.name=rwx-network");
        assert!(!guarded.is_asked_for());
    }
}
