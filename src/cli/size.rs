//! Numbers of bytes as operators write them: `7MiB`, `64KiB`, `7340032`.

/// Reads a number of bytes.
///
/// # Errors
///
/// What is accepted, if the text is something else.
pub(super) fn parse(text: &str) -> Result<usize, String> {
    let (number, shift) = match text.strip_suffix("MiB") {
        Some(number) => (number, 20),
        None => text.strip_suffix("KiB").map_or((text, 0), |number| (number, 10)),
    };
    let plain = number.bytes().all(|byte| byte.is_ascii_digit());
    let bytes = number.parse().ok().filter(|_| plain).and_then(|number: usize| number.checked_mul(1 << shift));
    bytes.ok_or_else(|| "must be a number of bytes, such as 65536, 64KiB or 7MiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_with_and_without_a_unit() {
        for (text, bytes) in [("0", 0), ("65536", 65536), ("64KiB", 65536), ("7MiB", 7_340_032)] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "7 MiB", "7MB", "7mib", "-1", "+1", "1.5MiB", "99999999999999999MiB"] {
            assert_eq!(parse(text).unwrap_err(), "must be a number of bytes, such as 65536, 64KiB or 7MiB", "{text}");
        }
    }
}
