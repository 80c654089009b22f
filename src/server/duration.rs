//! Durations as Go writes them: `5s`, `500ms`, `1m30s`.
//!
//! The API server sends one in each call's query, and operators know them from everything else in the cluster.

use std::time::Duration;

/// What is wrong with a text that should be a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a duration such as 500ms, 10s or 1m30s")]
pub struct NotADuration;

/// The longest that is taken, ten years: the lifetime of a CA, and far below what a clock overflows at.
const LONGEST: Duration = Duration::from_hours(10 * 366 * 24);

/// Reads a duration. It has no sign, and every number but a lone `0` has its unit.
///
/// # Errors
///
/// If the text is no duration, or longer than ten years.
pub fn parse(text: &str) -> Result<Duration, NotADuration> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, after) = rest.split_at(digits);
        let letters = after.bytes().take_while(|byte| !byte.is_ascii_digit() && *byte != b'.').count();
        let (unit, after) = after.split_at_checked(letters).ok_or(NotADuration)?;
        let number: f64 = number.parse().map_err(|_| NotADuration)?;
        sum += number * seconds(unit).ok_or(NotADuration)?;
        rest = after;
    }
    let duration = Duration::try_from_secs_f64(sum).map_err(|_| NotADuration)?;
    if text.is_empty() || duration > LONGEST { Err(NotADuration) } else { Ok(duration) }
}

fn seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" | "μs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, millis) in [
            ("5s", 5_000),
            ("500ms", 500),
            ("1m", 60_000),
            ("1m0s", 60_000),
            ("1h2m3.5s", 3_723_500),
            ("1.5s", 1_500),
            (".5s", 500),
            ("1500us", 1),
            ("1500µs", 1),
            ("2000000ns", 2),
            ("0", 0),
            ("0s", 0),
            ("8760h", 365 * 24 * 3_600_000),
        ] {
            assert_eq!(parse(text).map(|it| it.as_millis()), Ok(millis), "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "", "5", "s", "5 s", "-5s", "+5s", "5x", "5sm", "1.2.3s", "s5", ".s", "1e3s", "inf", "NaNs", "87841h",
            "5日",
        ] {
            assert_eq!(parse(text), Err(NotADuration), "{text}");
        }
        assert_eq!(parse(&"9".repeat(400)), Err(NotADuration));
        assert_eq!(parse(&format!("{}s", "9".repeat(400))), Err(NotADuration));
    }
}
