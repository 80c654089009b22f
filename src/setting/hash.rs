//! The hash by which Harvester sees whether a value changed: the sha1 of its bytes.

use data_encoding::HEXLOWER;
use sha1::{Digest, Sha1};

/// The sha1 of a text, in lower-case hex.
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
