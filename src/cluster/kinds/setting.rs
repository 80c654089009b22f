//! `Setting`: the guarded one, and Harvester's other networks.

use ipnet::{IpNet, Ipv4Net};

use super::prelude::*;
use crate::setting::cidr;
use crate::setting::go_json::{self, NetworkConfig, Unreadable as UnreadableConfig};
use crate::setting::json::is_blank;
use crate::setting::range::AddressRange;
use crate::setting::vlan::VlanId;
use crate::setting::{RWX_NETWORK, SETTING, STORAGE_NETWORK};

#[derive(Serialize, Deserialize)]
pub(super) struct SettingObject {
    #[serde(default, deserialize_with = "section")]
    metadata: SettingMetadata,
    value: Option<String>,
    default: Option<String>,
}

/// As the decision on an update needs it.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SettingMetadata {
    name: Option<String>,
    deletion_timestamp: Option<String>,
    #[serde(deserialize_with = "section")]
    annotations: SettingAnnotations,
}

#[derive(Default, Serialize, Deserialize)]
struct SettingAnnotations {
    #[serde(rename = "migration-network-webhook/allow-during-migration")]
    allow_during_migration: Option<String>,
}

impl Watched for SettingObject {
    const RESOURCE: WatchedResource = WatchedResource::new(FactKind::Settings, "v1beta1", "Setting");
    const NAMES: &'static [&'static str] = &[STORAGE_NETWORK, RWX_NETWORK, SETTING];
    type Extract = SettingNetwork;

    fn extract(self) -> Result<Option<SettingNetwork>, String> {
        let (field, text) = match self.value {
            Some(value) if !value.is_empty() => ("value", value),
            _ => ("default", self.default.unwrap_or_default()),
        };
        if is_blank(&text) {
            return Ok(Some(SettingNetwork::Off));
        }
        let network = match self.metadata.name.as_deref() {
            Some(RWX_NETWORK) => go_json::rwx_network(&text).map(|rwx| {
                if rwx.share_storage_network {
                    SettingNetwork::Off
                } else {
                    network(&format!("{field}.network"), &rwx.network)
                }
            }),
            _ => go_json::network_config(&text).map(|config| network(field, &config)),
        };
        Ok(Some(network.unwrap_or_else(|unreadable| SettingNetwork::Unreadable(reason(field, &unreadable)))))
    }

    fn put(all: Extracts<'_, Self>, facts: &mut Facts) {
        let networks = all.map(|(name, network)| (name.name.to_string(), network.clone()));
        facts.networks = Ok(Arc::new(networks.collect()));
    }
}

fn reason(field: &str, unreadable: &UnreadableConfig) -> String {
    match unreadable {
        UnreadableConfig::WrongType { field: within, .. } if !within.is_empty() => format!("{field}.{unreadable}"),
        _ => format!("{field}: {unreadable}"),
    }
}

/// A network without a range, or with one that can't be read, may have its VLAN reserved all the same.
fn network(field: &str, config: &NetworkConfig<'_>) -> SettingNetwork {
    let (vlan, exclusive_vlan) = (VlanId::from(config.vlan), config.exclusive_vlan);
    if config.range.is_empty() && !exclusive_vlan {
        return SettingNetwork::Off;
    }
    SettingNetwork::On { vlan, exclusive_vlan, range: addresses(field, config) }
}

fn addresses(field: &str, config: &NetworkConfig<'_>) -> Result<Option<AddressRange>, String> {
    if config.range.is_empty() {
        return Ok(None);
    }
    let range = cidr::parse_go(&config.range);
    let range = range.ok_or_else(|| wrong(&format!("{field}.range"), &config.range, "a CIDR"))?;
    let mut excludes: Vec<Ipv4Net> = Vec::with_capacity(config.exclude.len());
    for (index, text) in config.exclude.iter().enumerate() {
        match cidr::parse_go_exclude(text) {
            Some(IpNet::V4(net)) => excludes.push(net),
            Some(IpNet::V6(_)) => {}
            None => return Err(wrong(&format!("{field}.exclude[{index}]"), text, "a CIDR or an address")),
        }
    }
    Ok(match range {
        IpNet::V4(net) => Some(AddressRange::new(net, &excludes)),
        IpNet::V6(_) => None,
    })
}
