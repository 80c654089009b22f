//! `VlanStatus`.

use std::collections::{BTreeMap, BTreeSet};

use super::prelude::*;

#[derive(Serialize, Deserialize)]
pub(super) struct VlanStatusObject {
    #[serde(default, deserialize_with = "section")]
    metadata: Metadata<VlanLabels>,
    #[serde(default, deserialize_with = "section")]
    status: VlanState,
}

#[derive(Default, Serialize, Deserialize)]
struct VlanState {
    #[serde(rename = "clusterNetwork")]
    cluster_network: Option<String>,
    node: Option<String>,
    conditions: Option<Vec<Condition>>,
}

/// What is kept of one that is ready.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ReadyVlan {
    cluster_network: Box<str>,
    node: Box<str>,
}

impl Watched for VlanStatusObject {
    const RESOURCE: WatchedResource = WatchedResource::new(FactKind::VlanStatuses, "v1beta1", "VlanStatus");
    type Extract = ReadyVlan;

    /// The labels say whose it is; its status does where they are absent.
    fn extract(self) -> Result<Option<ReadyVlan>, String> {
        let Self { metadata, status } = self;
        let ready = Condition::is_true(status.conditions.as_deref(), "ready");
        let cluster_network = metadata.labels.cluster_network.or(status.cluster_network);
        let tied = cluster_network.zip(metadata.labels.node.or(status.node)).filter(|_| ready);
        Ok(tied.map(|(cluster_network, node)| ReadyVlan { cluster_network: cluster_network.into(), node: node.into() }))
    }

    fn put(all: Extracts<'_, Self>, facts: &mut Facts) {
        let mut networks: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (_, ready) in all {
            networks.entry(ready.cluster_network.to_string()).or_default().insert(ready.node.to_string());
        }
        facts.vlan_statuses = Ok(Arc::new(networks));
    }
}
