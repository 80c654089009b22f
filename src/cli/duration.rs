//! Times as operators write them: `500ms`, `10s`, `1m30s`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;

/// The longest that is taken, ten years: the lifetime of a CA, and far below what a clock overflows at.
const LONGEST: Duration = Duration::from_hours(10 * 366 * 24);

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

pub(super) fn parse(text: &str) -> Result<Duration, &'static str> {
    text.parse().map(|FlagTime(time)| time)
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
            let time: FlagTime = text.parse().unwrap();
            assert_eq!((time.0.as_millis(), time.to_string().as_str()), (millis, written), "{text}");
        }
        for text in ["", "5", "s", "-5s", "5x", "s5", "inf", "87841h", "5日"] {
            assert_eq!(parse(text), Err("must be a duration such as 500ms, 10s or 1m30s"), "{text}");
        }
    }
}
