//! `VlanConfig`.

use std::collections::BTreeSet;

use super::prelude::*;

#[derive(Serialize, Deserialize)]
pub(super) struct VlanConfigObject {
    #[serde(default, deserialize_with = "section")]
    metadata: Metadata<VlanLabels, VlanConfigAnnotations>,
    #[serde(default, deserialize_with = "section")]
    spec: VlanConfigSpec,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct VlanConfigAnnotations {
    #[serde(rename = "network.harvesterhci.io/matched-nodes")]
    matched_nodes: Option<String>,
}

#[derive(Default, Serialize, Deserialize)]
struct VlanConfigSpec {
    #[serde(rename = "clusterNetwork")]
    cluster_network: Option<String>,
}

impl Watched for VlanConfigObject {
    const RESOURCE: WatchedResource = WatchedResource::new(FactKind::VlanConfigs, "v1beta1", "VlanConfig");
    type Extract = VlanConfigFact;

    fn extract(self) -> Result<Option<VlanConfigFact>, String> {
        let Self { metadata, spec } = self;
        let matched = match metadata.annotations.matched_nodes {
            None => MatchedNodes::Absent,
            Some(annotation) if annotation.is_empty() => MatchedNodes::Nodes(BTreeSet::new()),
            Some(annotation) => match serde_json::from_str::<Option<BTreeSet<String>>>(&annotation) {
                Ok(nodes) => MatchedNodes::Nodes(nodes.unwrap_or_default()),
                Err(_) => MatchedNodes::Unreadable(annotation),
            },
        };
        Ok(Some(VlanConfigFact {
            name: metadata.name.unwrap_or_default(),
            label: metadata.labels.cluster_network,
            cluster_network: spec.cluster_network,
            matched,
        }))
    }

    fn put(all: Extracts<'_, Self>, facts: &mut Facts) {
        facts.vlan_configs = Ok(Arc::new(all.map(|(_, kept)| kept.clone()).collect()));
    }
}
