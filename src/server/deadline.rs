//! How long one request has.

use std::time::Duration;

use tokio::time::Instant;

use super::duration;

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
        let asked = asked.and_then(|text| duration::parse(text).ok()).filter(|timeout| !timeout.is_zero());
        let budget = asked.map_or(limit, |timeout| timeout.saturating_sub((timeout / 10).min(WAY_BACK)).min(limit));
        Self { at: start + budget, budget }
    }

    pub(super) fn has_passed(self) -> bool {
        self.at <= Instant::now()
    }
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
}
