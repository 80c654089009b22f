//! The least of each resource that the rules read, borrowed from the object's JSON.
//!
//! Everything else in an object is skipped. What is read must have its type: a guess about a cluster
//! is worth less than a refusal that names the object.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::escape::Quoting;
use crate::setting::facts::FactKind;
use crate::setting::{RWX_NETWORK, STORAGE_NETWORK, WHEREABOUTS_CRD};

/// The label that ties an object to a `ClusterNetwork`.
pub const CLUSTER_NETWORK_LABEL: &str = "network.harvesterhci.io/clusternetwork";
/// The label that ties a `VlanStatus` to a node.
pub const NODE_LABEL: &str = "network.harvesterhci.io/node";
/// The label of witness nodes.
pub const WITNESS_LABEL: &str = "node-role.harvesterhci.io/witness";

/// The kind of fact that objects of this group and kind give, in whatever version they are served.
#[must_use]
pub fn fact_kind(api_version: &str, kind: &str) -> Option<FactKind> {
    let group = api_version.rsplit_once('/').map_or("", |(group, _version)| group);
    Some(match (group, kind) {
        ("", "Node") => FactKind::Nodes,
        ("network.harvesterhci.io", "ClusterNetwork") => FactKind::ClusterNetworks,
        ("network.harvesterhci.io", "VlanConfig") => FactKind::VlanConfigs,
        ("network.harvesterhci.io", "VlanStatus") => FactKind::VlanStatuses,
        ("network.harvesterhci.io", "HostNetworkConfig") => FactKind::HostNetworkConfigs,
        ("kubevirt.io", "VirtualMachineInstanceMigration") => FactKind::Migrations,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => FactKind::WhereaboutsCrd,
        ("networking.k8s.io", "ServiceCIDR") => FactKind::ServiceCidrs,
        ("harvesterhci.io", "Setting") => FactKind::Settings,
        _ => return None,
    })
}

/// Whether a rule can ask for the object of this name: of some kinds only a few matter.
#[must_use]
pub fn is_asked_for(kind: FactKind, name: &str) -> bool {
    match kind {
        FactKind::WhereaboutsCrd => name == WHEREABOUTS_CRD,
        FactKind::Settings => name == STORAGE_NETWORK || name == RWX_NETWORK,
        _ => true,
    }
}

/// Reads one of an object's top-level fields; absent and `null` are the default.
///
/// # Errors
///
/// Says what in it has the wrong type.
pub fn section<'a, T: Deserialize<'a> + Default>(object: &'a Value, name: &str) -> Result<T, String> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(T::default()),
        // serde would take an array for a struct.
        Some(value) if !value.is_object() => Err(format!("{name} is not an object")),
        Some(value) => T::deserialize(value).map_err(|error| format!("{name}: {}", wrong_type(&error))),
    }
}

/// What serde found wrong, in words that tell nothing of how we keep strings.
#[must_use]
pub fn wrong_type(error: &serde_json::Error) -> String {
    Quoting(&error.to_string()).to_string().replace("a borrowed string", "a string")
}

/// `metadata` of any object.
#[derive(Debug, Default, Deserialize)]
pub struct Metadata<'a> {
    /// `name`.
    pub name: Option<&'a str>,
    /// `namespace`.
    pub namespace: Option<&'a str>,
    #[serde(borrow)]
    labels: Option<BTreeMap<&'a str, Option<&'a str>>>,
    #[serde(borrow)]
    annotations: Option<BTreeMap<&'a str, Option<&'a str>>>,
}

impl<'a> Metadata<'a> {
    /// A label's value.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&'a str> {
        self.labels.as_ref()?.get(name).copied().flatten()
    }

    /// An annotation's value.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&'a str> {
        self.annotations.as_ref()?.get(name).copied().flatten()
    }
}

/// `spec` of a `Node`.
#[derive(Debug, Default, Deserialize)]
pub struct NodeSpec<'a> {
    #[serde(rename = "podCIDR")]
    pod_cidr: Option<&'a str>,
    #[serde(borrow, rename = "podCIDRs")]
    pod_cidrs: Option<Vec<&'a str>>,
}

impl<'a> NodeSpec<'a> {
    /// `podCIDRs`, or the older `podCIDR` where they are absent.
    #[must_use]
    pub fn pod_cidrs(self) -> Vec<&'a str> {
        let listed = self.pod_cidrs.unwrap_or_default();
        if listed.is_empty() { self.pod_cidr.into_iter().filter(|cidr| !cidr.is_empty()).collect() } else { listed }
    }
}

/// `status` of a `Node`.
#[derive(Debug, Default, Deserialize)]
pub struct NodeStatus<'a> {
    /// `addresses`.
    #[serde(borrow)]
    pub addresses: Option<Vec<NodeAddress<'a>>>,
}

/// One of a node's addresses.
#[derive(Debug, Deserialize)]
pub struct NodeAddress<'a> {
    /// `InternalIP`, `Hostname` and others.
    pub r#type: &'a str,
    /// The address or name.
    pub address: &'a str,
}

/// `status` of a `VlanStatus`, and of whatever else has conditions.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status<'a> {
    /// `clusterNetwork`.
    pub cluster_network: Option<&'a str>,
    /// `node`.
    pub node: Option<&'a str>,
    #[serde(borrow)]
    conditions: Option<Vec<Condition<'a>>>,
}

impl Status<'_> {
    /// Whether the condition of this type is `True`.
    #[must_use]
    pub fn is_true(&self, r#type: &str) -> bool {
        self.conditions.iter().flatten().any(|one| one.r#type == r#type && one.status == Some("True"))
    }
}

#[derive(Debug, Deserialize)]
struct Condition<'a> {
    r#type: &'a str,
    status: Option<&'a str>,
}

/// `spec` of a `VlanConfig`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VlanConfigSpec<'a> {
    /// `clusterNetwork`.
    pub cluster_network: Option<&'a str>,
}

/// The part of a `HostNetworkConfig`'s `spec` that says which network it is about.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HostNetworkSegment<'a> {
    /// `clusterNetwork`.
    pub cluster_network: Option<&'a str>,
    /// `vlanID`.
    #[serde(rename = "vlanID")]
    pub vlan_id: Option<u16>,
}

/// The rest of a `HostNetworkConfig`'s `spec`.
#[derive(Debug, Default, Deserialize)]
pub struct HostNetworkSpec<'a> {
    /// `static` or `dhcp`.
    pub mode: Option<&'a str>,
    /// `address/prefix` by node.
    #[serde(borrow)]
    pub ips: Option<BTreeMap<&'a str, &'a str>>,
    /// Addresses by node, of newer Harvester.
    #[serde(borrow, rename = "hostMultiFamilyIPs")]
    pub host_multi_family_ips: Option<BTreeMap<&'a str, Option<AddressFamilies<'a>>>>,
}

/// `status` of a `HostNetworkConfig`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HostNetworkStatus<'a> {
    /// What each node reports.
    #[serde(borrow)]
    pub node_status: Option<BTreeMap<&'a str, Option<HostNodeStatus<'a>>>>,
}

/// What a node reports of a `HostNetworkConfig`.
#[derive(Debug, Default, Deserialize)]
pub struct HostNodeStatus<'a> {
    /// The addresses it has.
    #[serde(borrow)]
    pub network: Option<AddressFamilies<'a>>,
}

/// An address of each family. IPv6 never counts.
#[derive(Debug, Default, Deserialize)]
pub struct AddressFamilies<'a> {
    /// With or without a prefix length.
    pub ipv4: Option<&'a str>,
}

/// `status` of a `VirtualMachineInstanceMigration`.
#[derive(Debug, Default, Deserialize)]
pub struct MigrationStatus<'a> {
    /// `phase`.
    pub phase: Option<&'a str>,
}

/// `spec` of a `ServiceCIDR`.
#[derive(Debug, Default, Deserialize)]
pub struct ServiceCidrSpec<'a> {
    /// `cidrs`.
    #[serde(borrow)]
    pub cidrs: Option<Vec<&'a str>>,
}
