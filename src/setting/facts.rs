//! Facts: what the rules know about the cluster, as plain values.
//!
//! Facts are a value, not an interface: built by hand in a test, folded from files or from
//! watches, printed in a bug report, written out and read back. Each kind is shared and
//! immutable, so a snapshot costs a handful of reference counts at any size of cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

mod kind;
mod nodes;
mod objects;

pub use kind::FactKind;
pub use nodes::{Node, Nodes};
pub use objects::{CrdState, HostNetwork, MatchedNodes, ObjectName, ServiceCidr, SettingNetwork, VlanConfigFact};

/// One kind of fact: known, or missing for a reason that a refusal can name.
pub type Fact<T> = Result<Arc<T>, Missing>;

/// Everything that the rules ask of a cluster.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The nodes, witnesses too.
    pub nodes: Fact<Nodes>,
    /// The names of the `ClusterNetwork`s.
    pub cluster_networks: Fact<BTreeSet<String>>,
    /// The `VlanConfig`s, sorted by name.
    pub vlan_configs: Fact<Vec<VlanConfigFact>>,
    /// The nodes on which the VLAN is ready, by cluster network.
    pub vlan_statuses: Fact<BTreeMap<String, BTreeSet<String>>>,
    /// The addresses that nodes have by `HostNetworkConfig`s.
    pub host_networks: Fact<Vec<HostNetwork>>,
    /// The migrations that have not ended.
    pub migrations: Fact<BTreeSet<ObjectName>>,
    /// The CRD `ippools.whereabouts.cni.cncf.io`.
    pub whereabouts_crd: Fact<CrdState>,
    /// The IPv4 ranges of `ServiceCIDR` objects; empty where the API has none.
    pub service_cidrs: Fact<Vec<ServiceCidr>>,
    /// The networks of Harvester's Settings, by the Setting's name; one that is not there has no network.
    pub networks: Fact<BTreeMap<String, SettingNetwork>>,
}

impl Facts {
    /// A view in which nothing is known yet, for the given reason.
    pub fn unknown(why: &str) -> Self {
        let missing = |kind| Missing { kind, why: why.into() };
        Self {
            nodes: Err(missing(FactKind::Nodes)),
            cluster_networks: Err(missing(FactKind::ClusterNetworks)),
            vlan_configs: Err(missing(FactKind::VlanConfigs)),
            vlan_statuses: Err(missing(FactKind::VlanStatuses)),
            host_networks: Err(missing(FactKind::HostNetworkConfigs)),
            migrations: Err(missing(FactKind::Migrations)),
            whereabouts_crd: Err(missing(FactKind::WhereaboutsCrd)),
            service_cidrs: Err(missing(FactKind::ServiceCidrs)),
            networks: Err(missing(FactKind::Settings)),
        }
    }

    /// Puts a reason in the place of a kind of fact.
    pub fn lose(&mut self, missing: Missing) {
        match missing.kind {
            FactKind::Nodes => self.nodes = Err(missing),
            FactKind::ClusterNetworks => self.cluster_networks = Err(missing),
            FactKind::VlanConfigs => self.vlan_configs = Err(missing),
            FactKind::VlanStatuses => self.vlan_statuses = Err(missing),
            FactKind::HostNetworkConfigs => self.host_networks = Err(missing),
            FactKind::Migrations => self.migrations = Err(missing),
            FactKind::WhereaboutsCrd => self.whereabouts_crd = Err(missing),
            FactKind::ServiceCidrs => self.service_cidrs = Err(missing),
            FactKind::Settings => self.networks = Err(missing),
        }
    }

    /// The kinds that are missing, in the order of [`FactKind`].
    pub fn missing(&self) -> impl Iterator<Item = &Missing> {
        [
            self.nodes.as_ref().err(),
            self.cluster_networks.as_ref().err(),
            self.vlan_configs.as_ref().err(),
            self.vlan_statuses.as_ref().err(),
            self.host_networks.as_ref().err(),
            self.migrations.as_ref().err(),
            self.whereabouts_crd.as_ref().err(),
            self.service_cidrs.as_ref().err(),
            self.networks.as_ref().err(),
        ]
        .into_iter()
        .flatten()
    }
}

/// A kind of fact that can't be relied on now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Which.
    pub kind: FactKind,
    /// Why, in words that follow the kind's name: `not listed yet`.
    pub why: Arc<str>,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.kind, self.why)
    }
}
