//! `HostNetworkConfig`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde_json::Value;

use super::prelude::*;
use crate::setting::cidr::{self, CidrError};
use crate::setting::vlan::VlanId;

#[derive(Serialize, Deserialize)]
pub(super) struct HostNetworkConfigObject {
    #[serde(default, deserialize_with = "section")]
    metadata: Metadata,
    #[serde(default, deserialize_with = "section")]
    spec: HostNetworkSpec,
    #[serde(default)]
    status: Option<Lenient<HostNetworkStatus>>,
}

/// Without its cluster network and VLAN nobody can tell for whom it matters, so these must have their type.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct HostNetworkSpec {
    cluster_network: Option<String>,
    #[serde(rename = "vlanID")]
    vlan_id: Option<u16>,
    mode: Option<Lenient<String>>,
    /// `address/prefix` by node.
    ips: Option<Lenient<BTreeMap<String, String>>>,
    #[serde(rename = "hostMultiFamilyIPs")]
    host_multi_family_ips: Option<Lenient<BTreeMap<String, Option<FamilyIps>>>>,
}

/// The address of each family, of which IPv6 never counts.
#[derive(Serialize, Deserialize)]
struct FamilyIps {
    #[serde(skip_serializing_if = "Option::is_none")]
    ipv4: Option<String>,
}

impl FamilyIps {
    fn ipv4(&self) -> Option<&str> {
        self.ipv4.as_deref().filter(|text| !text.is_empty())
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HostNetworkStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    node_status: Option<BTreeMap<String, Option<HostNodeStatus>>>,
}

#[derive(Serialize, Deserialize)]
struct HostNodeStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<FamilyIps>,
}

/// What is of the wrong type stays as it is: it matters only for the network that it is about.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Lenient<T> {
    Good(T),
    Bad(Value),
}

impl<T> Lenient<T> {
    fn get<'a>(field: Option<&'a Self>, name: &str, wanted: &str) -> Result<Option<&'a T>, String> {
        match field {
            None => Ok(None),
            Some(Self::Good(good)) => Ok(Some(good)),
            Some(Self::Bad(bad)) => Err(wrong(name, &bad.to_string(), wanted)),
        }
    }
}

type HostAddresses = BTreeSet<(String, Ipv4Addr)>;

const WITH_PREFIX: &str = "an address with its prefix length, as in 192.168.1.10/24";

impl HostNetworkConfigObject {
    fn is_dhcp(&self) -> Result<bool, String> {
        let mode = Lenient::get(self.spec.mode.as_ref(), "spec.mode", "static or dhcp")?;
        Ok(mode.is_some_and(|mode| mode == "dhcp"))
    }

    /// The IPv4 addresses that nodes have by it: those that are set, which mode `dhcp` leaves unused, and those that the
    /// nodes report.
    fn addresses(&self, dhcp: bool) -> Result<HostAddresses, String> {
        let mut found = HostAddresses::new();
        let mut add = |field, node: &String, text: &str, bare| {
            found.extend(address(field, text, bare)?.map(|address| (node.clone(), address)));
            Ok::<_, String>(())
        };
        if !dhcp {
            let ips = Lenient::get(self.spec.ips.as_ref(), "spec.ips", "an object of addresses by node")?;
            for (node, text) in ips.into_iter().flatten() {
                add("spec.ips", node, text, false)?;
            }
            let (field, ips) = ("spec.hostMultiFamilyIPs", self.spec.host_multi_family_ips.as_ref());
            let ips = Lenient::get(ips, field, "an object of addresses by node and family")?;
            for (node, ips) in ips.into_iter().flatten() {
                if let Some(text) = ips.as_ref().and_then(FamilyIps::ipv4) {
                    add(field, node, text, false)?;
                }
            }
        }
        let status = Lenient::get(self.status.as_ref(), "status", "an object of addresses by node")?;
        for (node, status) in status.and_then(|status| status.node_status.as_ref()).into_iter().flatten() {
            if let Some(text) = status.as_ref().and_then(|status| status.network.as_ref()?.ipv4()) {
                add("status.nodeStatus", node, text, true)?;
            }
        }
        Ok(found)
    }
}

/// The IPv4 address in a field; none where it holds an IPv6 one.
fn address(field: &str, text: &str, bare: bool) -> Result<Option<Ipv4Addr>, String> {
    if bare && let Ok(address) = text.parse() {
        return Ok(Some(address));
    }
    match cidr::parse_strict(text) {
        Ok(net) => Ok(Some(net.addr())),
        Err(CidrError::Ipv6 | CidrError::MappedIpv4(_)) => Ok(None),
        Err(_) => Err(wrong(field, text, WITH_PREFIX)),
    }
}

impl Watched for HostNetworkConfigObject {
    const RESOURCE: WatchedResource =
        WatchedResource::new(FactKind::HostNetworkConfigs, "v1beta1", "HostNetworkConfig");
    type Extract = HostNetwork;

    fn extract(self) -> Result<Option<HostNetwork>, String> {
        let dhcp = self.is_dhcp();
        let addresses = dhcp.clone().and_then(|dhcp| self.addresses(dhcp)).map_err(Arc::from);
        Ok(Some(HostNetwork {
            name: self.metadata.name.unwrap_or_default(),
            cluster_network: self.spec.cluster_network.ok_or("spec.clusterNetwork is missing")?,
            vlan: self.spec.vlan_id.map(VlanId::from).unwrap_or_default(),
            dhcp: dhcp.unwrap_or_default(),
            addresses,
        }))
    }

    /// It is missing for its own network alone.
    fn unreadable_part(network: &mut HostNetwork) -> Option<&mut Arc<str>> {
        network.addresses.as_mut().err()
    }

    fn put(all: Extracts<'_, Self>, facts: &mut Facts) {
        facts.host_networks = Ok(Arc::new(all.map(|(_, kept)| kept.clone()).collect()));
    }
}
