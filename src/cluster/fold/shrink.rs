//! What is kept of one object of each kind.

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::Value;

use super::object_name;
use super::store::unreadable;
use crate::cluster::resources::{
    CLUSTER_NETWORK_LABEL, HostNetworkSegment, HostNetworkSpec, HostNetworkStatus, Metadata, MigrationStatus,
    NODE_LABEL, NodeSpec, NodeStatus, ServiceCidrSpec, Status, VlanConfigSpec, WITNESS_LABEL, section,
};
use crate::escape::Quoted;
use crate::setting::MATCHED_NODES;
use crate::setting::cidr::{self, CidrError, GoCidr};
use crate::setting::facts::{CrdState, FactKind, HostNetwork, MatchedNodes, Node, VlanConfigFact};
use crate::setting::vlan::VlanId;

/// What is left of an object, if a rule needs any of it; or what is wrong with it, safe to print.
pub(super) type Shrunk<T> = Result<Option<T>, String>;

/// What is kept of a `VlanStatus` that is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) cluster_network: Box<str>,
    pub(super) node: Box<str>,
}

pub(super) fn node(metadata: &Metadata<'_>, object: &Value) -> Shrunk<Node> {
    let pod_cidrs = networks(&section::<NodeSpec<'_>>(object, "spec")?.pod_cidrs());
    let addresses = section::<NodeStatus<'_>>(object, "status")?.addresses.unwrap_or_default();
    let internal_ips = addresses.iter().filter(|listed| listed.r#type == "InternalIP");
    Ok(Some(Node {
        name: metadata.name.unwrap_or_default().into(),
        witness: metadata.label(WITNESS_LABEL) == Some("true"),
        internal_ips: internal_ips.filter_map(|listed| listed.address.parse().ok()).collect(),
        pod_cidrs,
    }))
}

#[expect(clippy::unnecessary_wraps, reason = "it stands in a table of functions that can fail")]
pub(super) fn cluster_network(_: &Metadata<'_>, _: &Value) -> Shrunk<()> {
    Ok(Some(()))
}

pub(super) fn vlan_config(metadata: &Metadata<'_>, object: &Value) -> Shrunk<VlanConfigFact> {
    let spec: VlanConfigSpec<'_> = section(object, "spec")?;
    let matched = match metadata.annotation(MATCHED_NODES) {
        None => MatchedNodes::Absent,
        Some("") => MatchedNodes::Nodes(BTreeSet::new()),
        Some(annotation) => serde_json::from_str::<Option<BTreeSet<String>>>(annotation).map_or_else(
            |_| MatchedNodes::Unreadable(annotation.to_owned()),
            |nodes| MatchedNodes::Nodes(nodes.unwrap_or_default()),
        ),
    };
    Ok(Some(VlanConfigFact {
        name: metadata.name.unwrap_or_default().to_owned(),
        label: metadata.label(CLUSTER_NETWORK_LABEL).map(str::to_owned),
        cluster_network: spec.cluster_network.map(str::to_owned),
        matched,
    }))
}

pub(super) fn vlan_status(metadata: &Metadata<'_>, object: &Value) -> Shrunk<Ready> {
    let status: Status<'_> = section(object, "status")?;
    let cluster_network = metadata.label(CLUSTER_NETWORK_LABEL).or(status.cluster_network);
    let node = metadata.label(NODE_LABEL).or(status.node);
    let tied = cluster_network.zip(node).filter(|_| status.is_true("ready"));
    Ok(tied.map(|(cluster_network, node)| Ready { cluster_network: cluster_network.into(), node: node.into() }))
}

/// Its addresses are read on their own: where they can't be, only the rules about its own network lack them.
pub(super) fn host_network(
    metadata: &Metadata<'_>,
    object: &Value,
    origin: Option<&dyn fmt::Display>,
) -> Shrunk<HostNetwork> {
    let segment: HostNetworkSegment<'_> = section(object, "spec")?;
    let why = |why: String| unreadable(&object_name(FactKind::HostNetworkConfigs, object), &why, origin);
    let (dhcp, addresses) = match host_addresses(object) {
        Ok((dhcp, addresses)) => (dhcp, Ok(addresses)),
        Err(wrong) => (false, Err(why(wrong))),
    };
    Ok(Some(HostNetwork {
        name: metadata.name.unwrap_or_default().to_owned(),
        cluster_network: segment.cluster_network.ok_or("spec.clusterNetwork is missing")?.to_owned(),
        vlan: segment.vlan_id.map(VlanId::from).unwrap_or_default(),
        dhcp,
        addresses,
    }))
}

/// Whether the addresses come from elsewhere, and those that are recorded.
fn host_addresses(object: &Value) -> Result<(bool, BTreeSet<(String, Ipv4Addr)>), String> {
    let spec: HostNetworkSpec<'_> = section(object, "spec")?;
    let status: HostNetworkStatus<'_> = section(object, "status")?;
    let dhcp = spec.mode == Some("dhcp");
    let mut addresses = BTreeSet::new();
    let mut add = |field: &str, node: &str, text: &str, with_prefix: bool| {
        match cidr::parse_strict(text) {
            Ok(net) => addresses.insert((node.to_owned(), net.addr())),
            Err(CidrError::BareAddress(address)) if !with_prefix => addresses.insert((node.to_owned(), address)),
            Err(CidrError::Ipv6 | CidrError::MappedIpv4(_)) => false,
            Err(_) => return Err(wrong(field, text, "an address with its prefix length, as in 192.168.1.10/24")),
        };
        Ok(())
    };
    if !dhcp {
        for (node, text) in spec.ips.unwrap_or_default() {
            add("spec.ips", node, text, true)?;
        }
        for (node, families) in spec.host_multi_family_ips.unwrap_or_default() {
            if let Some(text) = families.and_then(|families| families.ipv4).filter(|text| !text.is_empty()) {
                add("spec.hostMultiFamilyIPs", node, text, true)?;
            }
        }
    }
    for (node, reported) in status.node_status.unwrap_or_default() {
        let network = reported.and_then(|reported| reported.network);
        if let Some(text) = network.and_then(|network| network.ipv4).filter(|text| !text.is_empty()) {
            add("status.nodeStatus", node, text, false)?;
        }
    }
    Ok((dhcp, addresses))
}

/// Only the phase tells: `migrationState` is nil while a migration runs, and deletion waits for the end.
pub(super) fn migration(_: &Metadata<'_>, object: &Value) -> Shrunk<()> {
    let status: MigrationStatus<'_> = section(object, "status")?;
    Ok(if matches!(status.phase, Some("Succeeded" | "Failed")) { None } else { Some(()) })
}

pub(super) fn crd(_: &Metadata<'_>, object: &Value) -> Shrunk<CrdState> {
    let status: Status<'_> = section(object, "status")?;
    Ok(Some(if status.is_true("Established") { CrdState::Established } else { CrdState::NotEstablished }))
}

pub(super) fn service_cidr(_: &Metadata<'_>, object: &Value) -> Shrunk<Box<[Ipv4Net]>> {
    let spec: ServiceCidrSpec<'_> = section(object, "spec")?;
    Ok(Some(networks(&spec.cidrs.unwrap_or_default())))
}

/// The IPv4 networks among these. What is none takes no address from anyone.
fn networks(texts: &[&str]) -> Box<[Ipv4Net]> {
    let ipv4 = |text: &&str| match cidr::parse_go(text) {
        Ok(GoCidr::V4(net)) => Some(net),
        _ => None,
    };
    texts.iter().filter_map(ipv4).collect()
}

pub(super) fn wrong(field: &str, text: &str, wanted: &str) -> String {
    format!("{field} holds {}, which is not {wanted}", Quoted(text))
}
