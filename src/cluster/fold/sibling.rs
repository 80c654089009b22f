//! Harvester's other networks, from their Settings.

use ipnet::Ipv4Net;
use serde::Deserialize;
use serde_json::Value;

use super::shrink::{Shrunk, wrong};
use crate::cluster::resources::{Metadata, wrong_type};
use crate::setting::RWX_NETWORK;
use crate::setting::cidr::{self, GoCidr};
use crate::setting::facts::SettingNetwork;
use crate::setting::go_json::{self, NetworkConfig, Unreadable};
use crate::setting::range::AddressRange;
use crate::setting::vlan::VlanId;

#[derive(Deserialize)]
struct Setting<'a> {
    value: Option<&'a str>,
    default: Option<&'a str>,
}

pub(super) fn shrink(metadata: &Metadata<'_>, object: &Value) -> Shrunk<SettingNetwork> {
    let read: fn(&str, &str) -> Result<SettingNetwork, String> = match metadata.name {
        Some(RWX_NETWORK) => rwx,
        _ => storage,
    };
    let setting = Setting::deserialize(object).map_err(|error| wrong_type(&error))?;
    let (field, text) = match setting.value {
        Some(value) if !value.is_empty() => ("value", value),
        _ => ("default", setting.default.unwrap_or_default()),
    };
    if text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
        return Ok(Some(SettingNetwork::Off));
    }
    Ok(Some(read(field, text).unwrap_or_else(SettingNetwork::Unreadable)))
}

fn storage(field: &str, text: &str) -> Result<SettingNetwork, String> {
    let config = go_json::network_config(text).map_err(|unreadable| reason(field, &unreadable))?;
    Ok(network(field, &config))
}

fn rwx(field: &str, text: &str) -> Result<SettingNetwork, String> {
    let rwx = go_json::rwx_network(text).map_err(|unreadable| reason(field, &unreadable))?;
    Ok(if rwx.share_storage_network { SettingNetwork::Off } else { network(&format!("{field}.network"), &rwx.network) })
}

fn reason(field: &str, unreadable: &Unreadable) -> String {
    match unreadable {
        Unreadable::WrongType { field: within, .. } if !within.is_empty() => format!("{field}.{unreadable}"),
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
    let range = range.map_err(|_| wrong(&format!("{field}.range"), &config.range, "a CIDR"))?;
    let mut excludes: Vec<Ipv4Net> = Vec::with_capacity(config.exclude.len());
    for (index, text) in config.exclude.iter().enumerate() {
        match cidr::parse_go_exclude(text) {
            Ok(GoCidr::V4(net)) => excludes.push(net),
            Ok(GoCidr::V6) => {}
            Err(_) => return Err(wrong(&format!("{field}.exclude[{index}]"), text, "a CIDR or an address")),
        }
    }
    Ok(match range {
        GoCidr::V4(net) => Some(AddressRange::new(net, &excludes)),
        GoCidr::V6 => None,
    })
}
