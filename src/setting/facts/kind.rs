//! The kinds of object that facts come from.

use std::fmt;

/// The kinds of object that facts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKind {
    /// `Node`.
    Nodes,
    /// `ClusterNetwork`.
    ClusterNetworks,
    /// `VlanConfig`.
    VlanConfigs,
    /// `VlanStatus`.
    VlanStatuses,
    /// `HostNetworkConfig`.
    HostNetworkConfigs,
    /// `VirtualMachineInstanceMigration`.
    Migrations,
    /// The one `CustomResourceDefinition`.
    WhereaboutsCrd,
    /// `ServiceCIDR`.
    ServiceCidrs,
    /// `Setting`: `storage-network` and `rwx-network`.
    Settings,
}

impl FactKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Nodes,
        Self::ClusterNetworks,
        Self::VlanConfigs,
        Self::VlanStatuses,
        Self::HostNetworkConfigs,
        Self::Migrations,
        Self::WhereaboutsCrd,
        Self::ServiceCidrs,
        Self::Settings,
    ];

    /// The resource as `kubectl get` takes it: also the metric label.
    pub const fn resource(self) -> &'static str {
        match self {
            Self::Nodes => "nodes",
            Self::ClusterNetworks => "clusternetworks.network.harvesterhci.io",
            Self::VlanConfigs => "vlanconfigs.network.harvesterhci.io",
            Self::VlanStatuses => "vlanstatuses.network.harvesterhci.io",
            Self::HostNetworkConfigs => "hostnetworkconfigs.network.harvesterhci.io",
            Self::Migrations => "virtualmachineinstancemigrations.kubevirt.io",
            Self::WhereaboutsCrd => "customresourcedefinitions.apiextensions.k8s.io",
            Self::ServiceCidrs => "servicecidrs.networking.k8s.io",
            Self::Settings => "settings.harvesterhci.io",
        }
    }
}

impl fmt::Display for FactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.resource())
    }
}
