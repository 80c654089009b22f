//! The deadline of a request.

use std::time::Duration;

use tokio::time::Instant;

/// The most that is kept back of the client's timeout for the way of the answer.
const WAY_BACK: Duration = Duration::from_millis(500);

/// When the answer to a request must be on its way, and what it was given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    pub(super) budget: Duration,
}

impl Deadline {
    /// The deadline of a request that came at `start`: the client's own, when it names one in `?timeout=`, and never later
    /// than the server's.
    ///
    /// A timeout that can't be read is as good as none: it tells when the client stops to listen and nothing that is
    /// asked, so to refuse the call for it would turn a slip into an outage.
    pub(super) fn new(query: Option<&str>, start: Instant, limit: Duration) -> Self {
        let asked = query.into_iter().flat_map(|query| query.split('&')).find_map(|pair| pair.strip_prefix("timeout="));
        let asked = asked.and_then(parse_go_duration).filter(|timeout| !timeout.is_zero());
        let budget = asked.map_or(limit, |timeout| timeout.saturating_sub((timeout / 10).min(WAY_BACK)).min(limit));
        Self { at: start + budget, budget }
    }

    pub(super) fn has_passed(self) -> bool {
        self.at <= Instant::now()
    }
}

/// Reads a duration as Go writes it: `5s`, `500ms`, `1m30s`; every number has its unit.
fn parse_go_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|char: char| !matches!(char, '0'..='9' | '.'))?);
        let (unit, after) = after.split_at(after.find(|char| matches!(char, '0'..='9' | '.')).unwrap_or(after.len()));
        seconds += number.parse::<f64>().ok()? * seconds_of(unit)?;
        rest = after;
    }
    Duration::try_from_secs_f64(seconds).ok()
}

fn seconds_of(unit: &str) -> Option<f64> {
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
    fn the_client_is_answered_before_it_stops_to_listen() {
        let start = Instant::now();
        for (query, millis) in [
            (None, 30_000),
            (Some("timeout=5s"), 4_500),
            (Some("timeout=1s"), 900),
            (Some("timeout=500ms"), 450),
            (Some("dry=1&timeout=10s"), 9_500),
            (Some("timeout=1m"), 30_000),
            (Some("timeout=0s"), 30_000),
            (Some("timeout=soon"), 30_000),
            (Some("timeout="), 30_000),
            (Some("Timeout=1s"), 30_000),
        ] {
            let deadline = Deadline::new(query, start, Duration::from_secs(30));
            assert_eq!(deadline.budget, Duration::from_millis(millis), "{query:?}");
            assert_eq!(deadline.at, start + deadline.budget);
        }
    }

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, millis) in [
            ("5s", 5_000),
            ("500ms", 500),
            ("1m0s", 60_000),
            ("1h2m3.5s", 3_723_500),
            (".5s", 500),
            ("1500us", 1),
            ("1500µs", 1),
            ("2000000ns", 2),
            ("0s", 0),
        ] {
            assert_eq!(parse_go_duration(text).map(|it| it.as_millis()), Some(millis), "{text}");
        }
        for text in ["5", "s", "5 s", "-5s", "+5s", "5x", "5sm", "1.2.3s", "s5", ".s", "1e3s", "inf", "NaNs", "5日"] {
            assert_eq!(parse_go_duration(text), None, "{text}");
        }
        assert_eq!(parse_go_duration(&format!("{}s", "9".repeat(400))), None);
    }
}
