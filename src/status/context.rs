//! What every check is given.

use ipnet::{IpNet, Ipv4Net};

use super::objects::GuardedSettingObject;
use super::observed::{Observed, Unseen};
use crate::harvester::{HASH, NET_ATTACH_DEF};
use crate::setting::cidr;
use crate::setting::go_json::{self, NetworkConfig};
use crate::setting::range::AddressRange;
use crate::setting::{Facts, Policy, SETTING};

pub(super) struct Context<'a> {
    pub(super) facts: &'a Facts,
    pub(super) policy: &'a Policy,
    pub(super) observed: &'a Observed,
    pub(super) network: Network<'a>,
}

/// The network that the stored value configures, as Harvester reads it.
pub(super) enum Network<'a> {
    Unseen(&'a Unseen),
    Absent,
    Disabled,
    Unreadable(String),
    Enabled(EnabledNetwork<'a>),
}

pub(super) struct EnabledNetwork<'a> {
    pub(super) config: NetworkConfig<'a>,
    /// The addresses that Whereabouts hands out.
    pub(super) addresses: AddressRange,
}

impl<'a> Context<'a> {
    pub(super) fn new(facts: &'a Facts, policy: &'a Policy, observed: &'a Observed) -> Self {
        let network = match &observed.setting {
            Err(unseen) => Network::Unseen(unseen),
            Ok(None) => Network::Absent,
            Ok(Some(setting)) => Network::of(&setting.value),
        };
        Self { facts, policy, observed, network }
    }

    pub(super) fn setting(&self) -> Option<&'a GuardedSettingObject> {
        self.observed.setting.as_ref().ok()?.as_ref()
    }

    pub(super) fn annotation(&self, key: &str) -> Option<&'a str> {
        self.setting()?.annotation(key)
    }

    /// Whether Harvester has ever handled the Setting.
    pub(super) fn was_handled(&self) -> bool {
        self.annotation(HASH).is_some()
    }

    /// The `NetworkAttachmentDefinition` that the Setting names: `NAMESPACE/NAME`.
    pub(super) fn attachment(&self) -> Option<&'a str> {
        self.annotation(NET_ATTACH_DEF)
    }

    /// The network, for checks that ask about one; or why there is nothing to check.
    pub(super) fn enabled(&self) -> Result<&EnabledNetwork<'a>, String> {
        match &self.network {
            Network::Enabled(network) => Ok(network),
            Network::Disabled => Err("the network is disabled".to_owned()),
            Network::Unreadable(_) => Err("the value can't be read".to_owned()),
            Network::Absent => Err(format!("there is no Setting {SETTING}")),
            Network::Unseen(unseen) => Err(unseen.to_string()),
        }
    }
}

impl<'a> Network<'a> {
    fn of(value: &'a str) -> Self {
        // Harvester takes nothing but this for disabled: of a blank it can make no network.
        if value.is_empty() {
            return Self::Disabled;
        }
        EnabledNetwork::read(value).map_or_else(Self::Unreadable, Self::Enabled)
    }
}

impl<'a> EnabledNetwork<'a> {
    fn read(value: &'a str) -> Result<Self, String> {
        let config = go_json::network_config(value).map_err(|why| format!("value: {why}"))?;
        let addresses = addresses(&config)?;
        Ok(Self { config, addresses })
    }
}

/// The range of a value that enables the network, as Harvester reads it.
pub fn range(value: &str) -> Option<AddressRange> {
    EnabledNetwork::read(value).ok().map(|network| network.addresses)
}

/// The addresses that Whereabouts hands out; entries of `exclude` that it can't read are reported by a rule.
fn addresses(config: &NetworkConfig<'_>) -> Result<AddressRange, String> {
    let range = match cidr::parse_go(&config.range) {
        Some(IpNet::V4(range)) => range,
        Some(IpNet::V6(_)) => return Err("value.range is an IPv6 network".to_owned()),
        None => return Err("value.range is no network".to_owned()),
    };
    let excludes = config.exclude.iter().filter_map(|text| match cidr::parse_go_exclude(text) {
        Some(IpNet::V4(net)) => Some(net),
        _ => None,
    });
    Ok(AddressRange::new(range, &excludes.collect::<Vec<Ipv4Net>>()))
}
