//! Facts about single objects.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;

use ipnet::Ipv4Net;

use crate::setting::range::AddressRange;
use crate::setting::vlan::VlanId;

/// A `VlanConfig`: an uplink for a cluster network on some nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VlanConfigFact {
    /// `metadata.name`.
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
    /// `metadata.name`.
    pub name: String,
    /// `spec.clusterNetwork`.
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

/// The network of a Setting, by its effective value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SettingNetwork {
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
