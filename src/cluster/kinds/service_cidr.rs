//! `ServiceCIDR`.

use ipnet::Ipv4Net;

use super::node::ipv4_networks;
use super::prelude::*;

#[derive(Serialize, Deserialize)]
pub(super) struct ServiceCidrObject {
    #[serde(default, deserialize_with = "section")]
    metadata: Metadata,
    #[serde(default, deserialize_with = "section")]
    spec: ServiceCidrSpec,
}

#[derive(Default, Serialize, Deserialize)]
struct ServiceCidrSpec {
    cidrs: Option<Vec<String>>,
}

impl Watched for ServiceCidrObject {
    const RESOURCE: WatchedResource = WatchedResource::new(FactKind::ServiceCidrs, "v1", "ServiceCIDR");
    type Extract = Box<[Ipv4Net]>;

    fn extract(self) -> Result<Option<Box<[Ipv4Net]>>, String> {
        Ok(Some(ipv4_networks(&self.spec.cidrs.unwrap_or_default())))
    }

    fn put(all: Extracts<'_, Self>, facts: &mut Facts) {
        let mut found = Vec::new();
        for (object, cidrs) in all {
            found.extend(cidrs.iter().map(|cidr| ServiceCidr { name: object.name.to_string(), cidr: *cidr }));
        }
        facts.service_cidrs = Ok(Arc::new(found));
    }
}
