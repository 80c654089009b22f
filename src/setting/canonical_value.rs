//! A valid value, normalized, and its canonical form.

use ipnet::Ipv4Net;
use serde::Serialize;

use super::range::AddressRange;

/// A value that breaks no rule about the value alone. Only [`crate::setting::ValidatedValue`] makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CanonicalValue {
    /// The name of the cluster network; whether it exists is another matter.
    pub(super) cluster_network: String,
    /// As written: 0 and 1 mean the same but are kept apart.
    pub(super) vlan: u16,
    /// Without host bits, /16 or longer.
    pub(super) range: Ipv4Net,
    /// Masked, distinct, sorted by address then prefix length, inside the range, disjoint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) exclude: Vec<Ipv4Net>,
}

impl CanonicalValue {
    /// The canonical form: compact JSON, keys in Harvester's order, no empty `exclude`.
    pub fn to_json(&self) -> String {
        // Strings and numbers always have their JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The addresses that Whereabouts may hand out.
    pub fn addresses(&self) -> AddressRange {
        AddressRange::new(self.range, &self.exclude)
    }
}
