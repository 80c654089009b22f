//! A valid value: what the rules about the value alone let through, and its canonical form.

use data_encoding::HEXLOWER;
use ipnet::Ipv4Net;
use serde::{Serialize, Serializer};
use sha1::{Digest, Sha1};

use super::range::AddressRange;

/// A value that obeys the grammar and the rules about it alone. Only [`crate::setting::ValidatedValue`] makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// The name of the cluster network; whether it exists is another matter.
    pub(super) cluster_network: String,
    /// As written: 0 and 1 mean the same but are kept apart.
    pub(super) vlan: u16,
    /// Without host bits, /16 or longer.
    #[serde(serialize_with = "as_text")]
    pub(super) range: Ipv4Net,
    /// Masked, distinct, sorted by address then prefix length, inside the range, disjoint.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_texts")]
    pub(super) exclude: Vec<Ipv4Net>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn as_text<S: Serializer>(net: &Ipv4Net, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(net)
}

fn as_texts<S: Serializer>(nets: &[Ipv4Net], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(nets.iter().map(ToString::to_string))
}

impl Config {
    /// The one text for this configuration: compact JSON, keys in Harvester's order, no empty `exclude`.
    pub fn canonical(&self) -> String {
        // Strings and numbers always have their JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The addresses that Whereabouts may hand out.
    pub fn addresses(&self) -> AddressRange {
        AddressRange::new(self.range, &self.exclude)
    }
}

/// The sha1, in lower-case hex, that Harvester keeps of the value's bytes to see when they change.
pub fn hash(value: &str) -> String {
    HEXLOWER.encode(&Sha1::digest(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_sha1_in_lower_case_hex() {
        assert_eq!(hash(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(hash("{}"), "bf21a9e8fbc5a3846fb05b4fa0859e0917b2202f");
    }
}
