//! What flags take, in the words of operators.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;

/// The longest that is taken, ten years: the lifetime of a CA, and far below what a clock overflows at.
const LONGEST: Duration = Duration::from_hours(10 * 366 * 24);

/// A time as operators write it: `500ms`, `10s`, `1m30s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FlagTime(pub(super) Duration);

impl FromStr for FlagTime {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = if text == "0" { Some(SignedDuration::ZERO) } else { text.parse().ok() };
        let time = time.and_then(|time| Duration::try_from(time).ok()).filter(|time| *time <= LONGEST);
        time.map(Self).ok_or("must be a duration such as 500ms, 10s or 1m30s")
    }
}

impl fmt::Display for FlagTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match SignedDuration::try_from(self.0) {
            Ok(time) => write!(f, "{time:#}"),
            Err(_) => write!(f, "{:?}", self.0),
        }
    }
}

pub(super) fn time(text: &str) -> Result<Duration, &'static str> {
    text.parse().map(|FlagTime(time)| time)
}

/// A number of bytes as operators write it: `7MiB`, `64KiB`, `7340032`. Without units such as `7M`, which mean one thing here
/// and another there.
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

/// A parser of values that takes none, for `#[arg(value_parser = …)]`.
pub(super) fn replaced_by(
    flag: &'static str,
) -> impl Fn(&str) -> Result<Infallible, String> + Clone + Send + Sync + 'static {
    move |_| Err(format!("this flag is gone; use {flag}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written_in_kubernetes() {
        for (text, millis, written) in [
            ("5s", 5_000, "5s"),
            ("500ms", 500, "500ms"),
            ("1m30s", 90_000, "1m 30s"),
            ("1h2m3.5s", 3_723_500, "1h 2m 3s 500ms"),
            ("0", 0, "0s"),
            ("120s", 120_000, "2m"),
            ("8760h", 365 * 24 * 3_600_000, "8760h"),
        ] {
            let read: FlagTime = text.parse().unwrap();
            assert_eq!((read.0.as_millis(), read.to_string().as_str()), (millis, written), "{text}");
        }
        for text in ["", "5", "s", "-5s", "5x", "s5", "inf", "87841h", "5日"] {
            assert_eq!(time(text), Err("must be a duration such as 500ms, 10s or 1m30s"), "{text}");
        }
    }

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
