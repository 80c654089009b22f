//! `Node`.

use ipnet::{IpNet, Ipv4Net};

use super::prelude::*;
use crate::setting::cidr;

#[derive(Serialize, Deserialize)]
pub(super) struct NodeObject {
    #[serde(default, deserialize_with = "section")]
    metadata: Metadata<NodeLabels>,
    #[serde(default, deserialize_with = "section")]
    spec: NodeSpec,
    #[serde(default, deserialize_with = "section")]
    status: NodeStatus,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct NodeLabels {
    #[serde(rename = "node-role.harvesterhci.io/witness")]
    witness: Option<String>,
}

#[derive(Default, Serialize, Deserialize)]
struct NodeSpec {
    #[serde(rename = "podCIDR")]
    pod_cidr: Option<String>,
    #[serde(rename = "podCIDRs")]
    pod_cidrs: Option<Vec<String>>,
}

#[derive(Default, Serialize, Deserialize)]
struct NodeStatus {
    addresses: Option<Vec<NodeAddress>>,
}

#[derive(Serialize, Deserialize)]
struct NodeAddress {
    r#type: String,
    address: String,
}

impl Watched for NodeObject {
    const RESOURCE: WatchedResource = WatchedResource::new(FactKind::Nodes, "v1", "Node");
    const NEVER_NONE: Option<&'static str> = Some("no Node in the view");
    type Extract = Node;

    fn extract(self) -> Result<Option<Node>, String> {
        // `podCIDR` is older, and stands alone where the other is absent.
        let pod_cidrs = match self.spec.pod_cidrs {
            Some(listed) if !listed.is_empty() => listed,
            _ => self.spec.pod_cidr.into_iter().collect(),
        };
        let addresses = self.status.addresses.unwrap_or_default();
        let internal_ips = addresses.iter().filter(|listed| listed.r#type == "InternalIP");
        Ok(Some(Node {
            name: self.metadata.name.unwrap_or_default().into(),
            witness: self.metadata.labels.witness.as_deref() == Some("true"),
            internal_ips: internal_ips.filter_map(|listed| listed.address.parse().ok()).collect(),
            pod_cidrs: ipv4_networks(&pod_cidrs),
        }))
    }

    fn put(all: Extracts<'_, Self>, facts: &mut Facts) {
        facts.nodes = Ok(Arc::new(Nodes::new(all.map(|(_, node)| node.clone()))));
    }
}

/// The IPv4 networks among these. What is none takes no address from anyone.
pub(super) fn ipv4_networks(texts: &[String]) -> Box<[Ipv4Net]> {
    let ipv4 = |text: &String| match cidr::parse_go(text) {
        Some(IpNet::V4(net)) => Some(net),
        _ => None,
    };
    texts.iter().filter_map(ipv4).collect()
}
