//! A valid value: what the rules about the value alone let through, and its canonical form.

use std::fmt::Write;

use ipnet::Ipv4Net;
use sha1::{Digest, Sha1};

use super::cidr;
use super::json::push_string;
use super::range::AddressRange;

/// A value that obeys the grammar and the rules about it alone. Only [`super::rules::Checked`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The name of the cluster network; whether it exists is another matter.
    pub(super) cluster_network: String,
    /// As written: 0 and 1 mean the same but are kept apart.
    pub(super) vlan: u16,
    /// Without host bits, /16 or longer.
    pub(super) range: Ipv4Net,
    /// Masked, distinct, sorted by address then prefix length, inside the range, disjoint.
    pub(super) exclude: Vec<Ipv4Net>,
}

impl Config {
    /// The one text for this configuration: compact JSON, keys in Harvester's order, no empty `exclude`.
    #[must_use]
    pub fn canonical(&self) -> String {
        // As long as an entry gets, with its quotes and comma.
        const ENTRY: usize = "\"255.255.255.255/32\",".len();
        let mut json = String::with_capacity(128 + self.cluster_network.len() + ENTRY * self.exclude.len());
        json.push_str(r#"{"clusterNetwork":"#);
        push_string(&mut json, &self.cluster_network);
        // Writing to a string can't fail.
        let _ = write!(json, r#","vlan":{},"range":"#, self.vlan);
        push_net(&mut json, self.range);
        for (index, exclude) in self.exclude.iter().enumerate() {
            json.push_str(if index == 0 { r#","exclude":["# } else { "," });
            push_net(&mut json, *exclude);
        }
        json.push_str(if self.exclude.is_empty() { "}" } else { "]}" });
        json
    }

    /// The addresses that Whereabouts may hand out.
    #[must_use]
    pub fn addresses(&self) -> AddressRange {
        AddressRange::new(self.range, &self.exclude)
    }
}

/// Adds a network in double quotes.
fn push_net(json: &mut String, net: Ipv4Net) {
    json.push('"');
    cidr::write(net, |byte| json.push(char::from(byte)));
    json.push('"');
}

/// The sha1, in lower-case hex, that Harvester keeps of the value's bytes to see when they change.
#[must_use]
pub fn hash(value: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha1::digest(value.as_bytes());
    let mut hex = String::with_capacity(2 * digest.len());
    for byte in digest {
        hex.push(char::from(DIGITS[usize::from(byte >> 4)]));
        hex.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    hex
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
