//! `ClusterNetwork`.

use super::prelude::*;

#[derive(Serialize, Deserialize)]
pub(super) struct ClusterNetworkObject {
    #[serde(default, deserialize_with = "section")]
    metadata: Metadata,
}

impl Watched for ClusterNetworkObject {
    const RESOURCE: WatchedResource = WatchedResource::new(FactKind::ClusterNetworks, "v1beta1", "ClusterNetwork");
    type Extract = ();

    fn extract(self) -> Result<Option<()>, String> {
        Ok(Some(()))
    }

    fn put(all: Extracts<'_, Self>, facts: &mut Facts) {
        facts.cluster_networks = Ok(Arc::new(all.map(|(name, ())| name.name.to_string()).collect()));
    }
}
