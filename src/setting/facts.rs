//! What the rules know of the cluster, as plain values.
//!
//! Facts are a value, not an interface: built by hand in a test, folded from files or from
//! watches, printed in a bug report, written out and read back. Each kind is shared and
//! immutable, so a snapshot costs a handful of reference counts at any size of cluster.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use ipnet::Ipv4Net;

use super::range::AddressRange;
use super::vlan::VlanId;

/// One kind of fact: known, or missing for a reason that a refusal can name.
pub type Fact<T> = Result<Arc<T>, Missing>;

/// Everything that the rules ask of a cluster.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The nodes, witnesses too.
    pub nodes: Fact<Nodes>,
    /// The names of the `ClusterNetwork`s.
    pub cluster_networks: Fact<BTreeSet<String>>,
    /// What the `VlanConfig`s of each cluster network reach, by cluster network.
    pub vlan_configs: Fact<BTreeMap<String, Coverage>>,
    /// The nodes on which the VLAN is ready, by cluster network.
    pub vlan_statuses: Fact<BTreeMap<String, NodeNames>>,
    /// The static addresses that `HostNetworkConfig`s give to nodes.
    pub host_networks: Fact<Vec<HostNetwork>>,
    /// The migrations that have not ended.
    pub migrations: Fact<BTreeSet<ObjectName>>,
    /// The CRD `ippools.whereabouts.cni.cncf.io`.
    pub whereabouts_crd: Fact<CrdState>,
    /// The IPv4 ranges of `ServiceCIDR` objects; empty where the API has none.
    pub service_cidrs: Fact<Vec<ServiceCidr>>,
    /// Harvester's other networks.
    pub siblings: Fact<Siblings>,
}

impl Facts {
    /// A view in which nothing is known yet, for the given reason.
    #[must_use]
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
            siblings: Err(missing(FactKind::Settings)),
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
            FactKind::Settings => self.siblings = Err(missing),
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
            self.siblings.as_ref().err(),
        ]
        .into_iter()
        .flatten()
    }
}

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
    #[must_use]
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

/// The nodes of the cluster, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nodes {
    nodes: Box<[Node]>,
    workers: usize,
}

impl Nodes {
    /// Nodes in any order; of several with one name the last counts.
    #[must_use]
    pub fn new(nodes: impl IntoIterator<Item = Node>) -> Self {
        let by_name: BTreeMap<Box<str>, Node> = nodes.into_iter().map(|node| (node.name.clone(), node)).collect();
        let nodes: Box<[Node]> = by_name.into_values().collect();
        let workers = nodes.iter().filter(|node| !node.witness).count();
        Self { nodes, workers }
    }

    /// Every node, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    /// The nodes that run virtual machines, sorted by name: all but the witnesses.
    pub fn workers(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| !node.witness)
    }

    /// How many nodes run virtual machines.
    #[must_use]
    pub const fn worker_count(&self) -> usize {
        self.workers
    }

    /// Whether there is no node at all: no cluster is like that, so such a view is incomplete.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

/// A node, as far as the rules look at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// `metadata.name`.
    pub name: Box<str>,
    /// Label `node-role.harvesterhci.io/witness: "true"`: votes in etcd, runs nothing else.
    pub witness: bool,
    /// The IPv4 addresses among `status.addresses` of type `InternalIP`.
    pub internal_ips: Box<[Ipv4Addr]>,
    /// The IPv4 networks among `spec.podCIDRs`, masked.
    pub pod_cidrs: Box<[Ipv4Net]>,
}

/// Names of nodes, sorted and distinct, so that they are compared with [`Nodes`] in one walk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeNames(Vec<Box<str>>);

impl NodeNames {
    /// No names.
    pub const EMPTY: Self = Self(Vec::new());

    /// The names, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// A cursor for asking about names in rising order: the whole walk is linear.
    pub(super) fn cursor(&self) -> NameCursor<'_> {
        NameCursor { rest: &self.0 }
    }
}

impl<S: Into<Box<str>>> FromIterator<S> for NodeNames {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let mut names: Vec<Box<str>> = names.into_iter().map(Into::into).collect();
        names.sort_unstable();
        names.dedup();
        names.shrink_to_fit();
        Self(names)
    }
}

/// See [`NodeNames::cursor`].
pub(super) struct NameCursor<'a> {
    rest: &'a [Box<str>],
}

impl NameCursor<'_> {
    /// Whether the name is among them. Names must be asked for in rising order.
    pub(super) fn contains(&mut self, name: &str) -> bool {
        while let [first, rest @ ..] = self.rest {
            match (**first).cmp(name) {
                Ordering::Less => self.rest = rest,
                order => return order == Ordering::Equal,
            }
        }
        false
    }
}

/// What the `VlanConfig`s of one cluster network reach together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The union of the readable `matched-nodes` annotations.
    pub nodes: NodeNames,
    /// The `VlanConfig`s whose annotation can't be read, sorted by name.
    pub unreadable: Vec<UnreadableAnnotation>,
}

/// A `VlanConfig` whose `network.harvesterhci.io/matched-nodes` is no JSON list of strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableAnnotation {
    /// The `VlanConfig`'s name.
    pub vlan_config: String,
    /// The annotation as it stands.
    pub annotation: String,
}

/// A `HostNetworkConfig`: addresses that Harvester itself gives to nodes on a VLAN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostNetwork {
    /// `metadata.name`.
    pub name: String,
    /// `spec.clusterNetwork`.
    pub cluster_network: String,
    /// `spec.vlanID`, absent being untagged.
    pub vlan: VlanId,
    /// The IPv4 addresses of `spec.ips`, with the node that has each, sorted by node.
    pub addresses: Vec<(String, Ipv4Addr)>,
}

/// The name of a namespaced object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// `metadata.namespace`.
    pub namespace: Box<str>,
    /// `metadata.name`.
    pub name: Box<str>,
}

/// Whether a CRD can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrdState {
    /// There is no such CRD.
    Absent,
    /// It exists, but its condition `Established` is not `True`.
    NotEstablished,
    /// It is served.
    Established,
}

/// An IPv4 network of a `ServiceCIDR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceCidr {
    /// `metadata.name`.
    pub name: String,
    /// One of its `spec.cidrs`, masked.
    pub cidr: Ipv4Net,
}

/// Harvester's other networks, by their Settings' effective values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Siblings {
    /// `storage-network`.
    pub storage: Sibling,
    /// `rwx-network`.
    pub rwx: Sibling,
}

/// What another network's Setting says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sibling {
    /// It has no network of its own.
    #[default]
    Off,
    /// It has one.
    On {
        /// Its VLAN.
        vlan: VlanId,
        /// Whether no other network may use that VLAN.
        exclusive_vlan: bool,
        /// Its addresses, none where it names no range or an IPv6 one; or why they can't be told.
        range: Result<Option<AddressRange>, String>,
    },
    /// Nothing of the Setting can be read, for the given reason.
    Unreadable(String),
}
