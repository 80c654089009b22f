//! Numbers of bytes as operators write them: `7MiB`, `64KiB`, `7340032`.

use std::fmt;
use std::str::FromStr;

/// The bytes of a flag. Without units such as `7M`, which mean one thing here and another there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FlagBytes(pub(super) usize);

impl FromStr for FlagBytes {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, shift) = match text.strip_suffix("MiB") {
            Some(number) => (number, 20),
            None => text.strip_suffix("KiB").map_or((text, 0), |number| (number, 10)),
        };
        let plain = number.bytes().all(|byte| byte.is_ascii_digit());
        let bytes = number.parse().ok().filter(|_| plain).and_then(|number: usize| number.checked_mul(1 << shift));
        bytes.map(Self).ok_or("must be a number of bytes, such as 65536, 64KiB or 7MiB")
    }
}

impl fmt::Display for FlagBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes % (1 << 20) == 0 => write!(f, "{}MiB", bytes >> 20),
            bytes if bytes % (1 << 10) == 0 => write!(f, "{}KiB", bytes >> 10),
            bytes => bytes.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_with_and_without_a_unit() {
        for (text, bytes, written) in [
            ("65535", 65535, "65535"),
            ("65536", 65536, "64KiB"),
            ("64KiB", 65536, "64KiB"),
            ("7MiB", 7_340_032, "7MiB"),
        ] {
            assert_eq!(text.parse(), Ok(FlagBytes(bytes)), "{text}");
            assert_eq!(FlagBytes(bytes).to_string(), written);
        }
        let error = "must be a number of bytes, such as 65536, 64KiB or 7MiB";
        for text in ["", "MiB", "7 MiB", "7MB", "7mib", "-1", "+1", "1.5MiB", "99999999999999999MiB"] {
            assert_eq!(text.parse::<FlagBytes>(), Err(error), "{text}");
        }
    }
}
