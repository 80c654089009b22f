//! Facts about objects.

#![expect(missing_docs, reason = "fields are named as in the objects")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use ipnet::Ipv4Net;

use crate::setting::range::AddressRange;
use crate::setting::vlan::VlanId;

/// The nodes of the cluster, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nodes(Box<[Node]>);

impl Nodes {
    /// Nodes in any order; of several with one name the last counts.
    pub fn new(nodes: impl IntoIterator<Item = Node>) -> Self {
        let by_name: BTreeMap<Box<str>, Node> = nodes.into_iter().map(|node| (node.name.clone(), node)).collect();
        Self(by_name.into_values().collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = &Node> {
        self.0.iter()
    }

    /// The nodes that run virtual machines, sorted by name: all but the witnesses.
    pub fn workers(&self) -> impl Iterator<Item = &Node> {
        self.iter().filter(|node| !node.witness)
    }

    pub fn worker_count(&self) -> usize {
        self.workers().count()
    }

    /// Whether there is no node at all: no cluster is like that, so such a view is incomplete.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A node, as far as the rules look at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    pub name: Box<str>,
    /// Label `node-role.harvesterhci.io/witness: "true"`: votes in etcd, runs nothing else.
    pub witness: bool,
    /// The IPv4 addresses among `status.addresses` of type `InternalIP`.
    pub internal_ips: Box<[Ipv4Addr]>,
    /// The IPv4 networks among `spec.podCIDRs`, masked.
    pub pod_cidrs: Box<[Ipv4Net]>,
}

/// A `VlanConfig`: an uplink for a cluster network on some nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VlanConfigFact {
    pub name: String,
    /// The label `network.harvesterhci.io/clusternetwork`: the network that Harvester counts it for.
    pub label: Option<String>,
    /// `spec.clusterNetwork`: the network that its author meant.
    pub cluster_network: Option<String>,
    /// The annotation `network.harvesterhci.io/matched-nodes`.
    pub matched: MatchedNodes,
}

/// The nodes on which a `VlanConfig` makes an uplink, by its annotation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MatchedNodes {
    /// There is no annotation. Harvester's mutating webhook adds it, so this is a manifest, or an object of an old release.
    #[default]
    Absent,
    /// These; none where the annotation is `""`, `null` or `[]`.
    Nodes(BTreeSet<String>),
    /// The annotation is no JSON list of strings.
    Unreadable(String),
}

/// A `HostNetworkConfig`: addresses that Harvester itself gives to nodes on a VLAN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostNetwork {
    pub name: String,
    pub cluster_network: String,
    /// `spec.vlanID`, absent being untagged.
    pub vlan: VlanId,
    /// Whether `spec.mode` is `dhcp`, so that addresses come from elsewhere.
    pub dhcp: bool,
    /// The IPv4 addresses that nodes have by it, with the node of each, sorted and distinct: from `status.nodeStatus`, and
    /// unless in mode `dhcp` from `spec.ips` and `spec.hostMultiFamilyIPs`. Or why they can't be read, safe to print.
    pub addresses: Result<BTreeSet<(String, Ipv4Addr)>, Arc<str>>,
}

/// The name of a namespaced object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    pub namespace: Box<str>,
    pub name: Box<str>,
}

/// `namespace/name`, or the name alone of what is in none.
impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}

/// Whether a CRD can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrdState {
    Absent,
    /// It exists, but its condition `Established` is not `True`.
    NotEstablished,
    /// It is served.
    Established,
}

/// An IPv4 network of a `ServiceCIDR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceCidr {
    pub name: String,
    /// One of its `spec.cidrs`, masked.
    pub cidr: Ipv4Net,
}

/// The network of a Setting, by its effective value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SettingNetwork {
    #[default]
    Off,
    On {
        vlan: VlanId,
        /// Whether no other network may use that VLAN.
        exclusive_vlan: bool,
        /// Its addresses, none where it names no range or an IPv6 one; or why they can't be told.
        range: Result<Option<AddressRange>, String>,
    },
    /// Nothing of the Setting can be read, for the given reason.
    Unreadable(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_with_its_namespace() {
        let told =
            |namespace: &str, name: &str| ObjectName { namespace: namespace.into(), name: name.into() }.to_string();
        assert_eq!([told("a", "b"), told("", "b")], ["a/b", "b"]);
    }
}
