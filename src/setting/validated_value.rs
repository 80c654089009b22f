//! A parsed value with its parts converted to typed values.

use ipnet::Ipv4Net;
use serde::Serialize;

use super::excludes;
use super::parsed_value::ParsedValue;
use super::problem::{Problem, Problems};
use super::range::{AddressRange, read_range};
use super::vlan::{VlanId, read_vlan};
use crate::escape::Excerpt;

/// A parsed value with each part checked on its own. A part is `None` where the parsed value's is.
#[derive(Debug)]
pub struct ValidatedValue<'a> {
    parsed: ParsedValue<'a>,
    pub(super) vlan: Option<Result<u16, Problem>>,
    pub(super) range: Option<Result<Ipv4Net, Problem>>,
    pub(super) excludes: Option<Result<Vec<Ipv4Net>, Problems>>,
    addresses: Option<AddressRange>,
}

/// The canonical form, with its keys in Harvester's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CanonicalForm<'a> {
    cluster_network: &'a str,
    /// As written: 0 and 1 mean the same but are kept apart.
    vlan: u16,
    range: Ipv4Net,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    exclude: &'a [Ipv4Net],
}

impl<'a> ValidatedValue<'a> {
    /// Reads each part that the parsed value has.
    pub fn new(parsed: ParsedValue<'a>) -> Self {
        let range = parsed.range.as_deref().map(read_range);
        let sound_range = range.as_ref().and_then(|range| range.as_ref().ok()).copied();
        let excludes = parsed.exclude.as_ref().map(|entries| excludes::check(&entries.items, sound_range));
        let vlan = parsed.vlan.map(read_vlan);
        let mut value = Self { parsed, vlan, range, excludes, addresses: None };
        value.addresses = value.excluded().zip(sound_range).map(|(holes, range)| AddressRange::new(range, holes));
        value
    }

    /// The value in canonical form, as compact JSON; `None` if it breaks a rule about the value alone, as the canonical
    /// form would then say something else than the user wrote.
    pub fn canonical(&self) -> Option<String> {
        if !self.parsed.syntax.is_empty() {
            return None;
        }
        let form = CanonicalForm {
            cluster_network: self.cluster_network()?,
            vlan: self.vlan_number()?,
            range: self.range()?,
            exclude: self.excluded()?,
        };
        // Strings and numbers always have their JSON.
        serde_json::to_string(&form).ok()
    }

    pub(super) const fn syntax(&self) -> &Problems {
        &self.parsed.syntax
    }

    pub(super) fn cluster_network(&self) -> Option<&str> {
        self.parsed.cluster_network.as_deref()
    }

    pub(super) fn vlan(&self) -> Option<VlanId> {
        self.vlan_number().map(VlanId::from)
    }

    pub(super) fn vlan_written(&self) -> Excerpt {
        Excerpt::of(self.parsed.vlan.unwrap_or_default())
    }

    pub(super) fn range(&self) -> Option<Ipv4Net> {
        self.range.as_ref()?.as_ref().ok().copied()
    }

    /// The range less its excludes, where both are sound.
    pub(super) const fn addresses(&self) -> Option<&AddressRange> {
        self.addresses.as_ref()
    }

    fn vlan_number(&self) -> Option<u16> {
        self.vlan.as_ref()?.as_ref().ok().copied()
    }

    /// The excluded networks, where it is certain which they are.
    fn excluded(&self) -> Option<&[Ipv4Net]> {
        let broken = self.parsed.exclude.as_ref()?.broken;
        self.excludes.as_ref()?.as_deref().ok().filter(|_| !broken)
    }
}
