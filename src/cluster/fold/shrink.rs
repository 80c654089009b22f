//! What is kept of one object of each kind.

use ipnet::Ipv4Net;
use serde_json::Value;

use crate::cluster::resources::{
    CLUSTER_NETWORK_LABEL, HostNetworkSpec, Metadata, MigrationStatus, NODE_LABEL, NodeSpec, NodeStatus,
    ServiceCidrSpec, Status, WITNESS_LABEL, section,
};
use crate::escape::Quoted;
use crate::setting::MATCHED_NODES;
use crate::setting::cidr::{self, CidrError, GoCidr};
use crate::setting::facts::{CrdState, HostNetwork, Node};
use crate::setting::vlan::VlanId;

/// What is left of an object, if a rule needs any of it; or what is wrong with it, safe to print.
pub(super) type Shrunk<T> = Result<Option<T>, String>;

/// What is kept of a `VlanConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Matched {
    pub(super) cluster_network: Box<str>,
    /// The nodes it matches, or the annotation that does not say which.
    pub(super) nodes: Result<Vec<Box<str>>, String>,
}

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

#[expect(clippy::unnecessary_wraps, reason = "it stands in a table of functions that can fail")]
pub(super) fn vlan_config(metadata: &Metadata<'_>, _: &Value) -> Shrunk<Matched> {
    Ok(metadata.label(CLUSTER_NETWORK_LABEL).map(|cluster_network| Matched {
        cluster_network: cluster_network.into(),
        nodes: match metadata.annotation(MATCHED_NODES) {
            None | Some("") => Ok(Vec::new()),
            Some(annotation) => serde_json::from_str::<Option<Vec<Box<str>>>>(annotation)
                .map(Option::unwrap_or_default)
                .map_err(|_| annotation.to_owned()),
        },
    }))
}

pub(super) fn vlan_status(metadata: &Metadata<'_>, object: &Value) -> Shrunk<Ready> {
    let status: Status<'_> = section(object, "status")?;
    let cluster_network = metadata.label(CLUSTER_NETWORK_LABEL).or(status.cluster_network);
    let node = metadata.label(NODE_LABEL).or(status.node);
    let tied = cluster_network.zip(node).filter(|_| status.is_true("ready"));
    Ok(tied.map(|(cluster_network, node)| Ready { cluster_network: cluster_network.into(), node: node.into() }))
}

pub(super) fn host_network(metadata: &Metadata<'_>, object: &Value) -> Shrunk<HostNetwork> {
    let spec: HostNetworkSpec<'_> = section(object, "spec")?;
    let mut addresses = Vec::new();
    for (node, text) in spec.ips.unwrap_or_default() {
        match cidr::parse_strict(text) {
            Ok(net) => addresses.push((node.to_owned(), net.addr())),
            Err(CidrError::Ipv6 | CidrError::MappedIpv4(_)) => {}
            Err(_) => return Err(wrong("spec.ips", text, "an address with its prefix length, as in 192.168.1.10/24")),
        }
    }
    Ok(Some(HostNetwork {
        name: metadata.name.unwrap_or_default().to_owned(),
        cluster_network: spec.cluster_network.ok_or("spec.clusterNetwork is missing")?.to_owned(),
        vlan: spec.vlan_id.map(VlanId::from).unwrap_or_default(),
        addresses,
    }))
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
