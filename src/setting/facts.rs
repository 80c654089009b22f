//! Facts: what the rules know about the cluster, as plain values.
//!
//! Facts are a value, not an interface: built by hand in a test, folded from files or from
//! watches, printed in a bug report, written out and read back. Each kind is shared and
//! immutable, so a snapshot costs a handful of reference counts at any size of cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

mod objects;

pub use objects::{
    CrdState, HostNetwork, MatchedNodes, Node, Nodes, ObjectName, ServiceCidr, SettingNetwork, VlanConfigFact,
};

/// One kind of fact: known, or missing for a reason that a refusal can name.
pub type Fact<T> = Result<Arc<T>, Missing>;

/// Names the kinds of object, each with its resource, and the fact that its objects make together.
macro_rules! facts {
    ($($kind:ident $resource:literal: #[$doc:meta] $field:ident: $fact:ty,)+) => {
        /// The kinds of object that facts come from.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FactKind { $(#[doc = $resource] $kind),+ }

        impl FactKind {
            /// Every kind.
            pub const ALL: [Self; [$($resource),+].len()] = [$(Self::$kind),+];

            /// The resource as `kubectl get` takes it: also the metric label.
            pub const fn resource(self) -> &'static str {
                match self { $(Self::$kind => $resource),+ }
            }
        }

        /// Everything that the rules ask of a cluster.
        #[derive(Clone, Debug)]
        pub struct Facts { $(#[$doc] pub $field: Fact<$fact>),+ }

        impl Facts {
            /// A view in which nothing is known yet, for the given reason.
            pub fn unknown(why: &str) -> Self {
                Self { $($field: Err(Missing { kind: FactKind::$kind, why: why.into() })),+ }
            }

            /// Puts a reason in the place of a kind of fact.
            pub fn lose(&mut self, missing: Missing) {
                match missing.kind { $(FactKind::$kind => self.$field = Err(missing)),+ }
            }

            /// The kinds that are missing, in the order of [`FactKind`].
            pub fn missing(&self) -> impl Iterator<Item = &Missing> {
                [$(self.$field.as_ref().err()),+].into_iter().flatten()
            }
        }
    };
}

facts! {
    Nodes "nodes":
        /// The nodes, witnesses too.
        nodes: Nodes,
    ClusterNetworks "clusternetworks.network.harvesterhci.io":
        /// The names of the `ClusterNetwork`s.
        cluster_networks: BTreeSet<String>,
    VlanConfigs "vlanconfigs.network.harvesterhci.io":
        /// The `VlanConfig`s, sorted by name.
        vlan_configs: Vec<VlanConfigFact>,
    VlanStatuses "vlanstatuses.network.harvesterhci.io":
        /// The nodes on which the VLAN is ready, by cluster network.
        vlan_statuses: BTreeMap<String, BTreeSet<String>>,
    HostNetworkConfigs "hostnetworkconfigs.network.harvesterhci.io":
        /// The addresses that nodes have by `HostNetworkConfig`s.
        host_networks: Vec<HostNetwork>,
    Migrations "virtualmachineinstancemigrations.kubevirt.io":
        /// The migrations that have not ended.
        migrations: BTreeSet<ObjectName>,
    WhereaboutsCrd "customresourcedefinitions.apiextensions.k8s.io":
        /// The CRD `ippools.whereabouts.cni.cncf.io`.
        whereabouts_crd: CrdState,
    ServiceCidrs "servicecidrs.networking.k8s.io":
        /// The IPv4 ranges of `ServiceCIDR` objects; empty where the API has none.
        service_cidrs: Vec<ServiceCidr>,
    Settings "settings.harvesterhci.io":
        /// The networks of Harvester's Settings, by the Setting's name; one that is not there has no network.
        networks: BTreeMap<String, SettingNetwork>,
}

impl fmt::Display for FactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.resource())
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
