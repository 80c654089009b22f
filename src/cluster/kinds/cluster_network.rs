//! `ClusterNetwork`.

use std::collections::BTreeSet;

use super::prelude::*;

#[derive(Serialize, Deserialize)]
pub(super) struct ClusterNetworkObject {
    #[serde(default, deserialize_with = "section")]
    metadata: Metadata,
}

impl Watched for ClusterNetworkObject {
    const RESOURCE: WatchedResource = WatchedResource::new(
        FactKind::ClusterNetworks,
        [HARVESTER_NETWORK, "v1beta1", "clusternetworks", "ClusterNetwork"],
    );
    type Extract = ();
    type Fact = BTreeSet<String>;

    fn extract(self, _: &dyn Fn(&str) -> Arc<str>) -> Result<Option<()>, String> {
        Ok(Some(()))
    }

    fn fact(all: &Extracts<Self>) -> BTreeSet<String> {
        all.keys().map(|name| name.name.to_string()).collect()
    }

    fn slot(facts: &mut Facts) -> &mut Fact<Self::Fact> {
        &mut facts.cluster_networks
    }
}
