//! How long to wait before trying again.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_millis(100);
/// The longest: a restarted API server should be found within seconds.
const LONGEST: Duration = Duration::from_secs(3);

/// Waits that double, each spread by a half so that replicas don't knock in step.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
    random: RandomState,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { next: FIRST, random: RandomState::new() }
    }

    /// Starts over, after something went well.
    pub(super) fn reset(&mut self) {
        self.next = FIRST;
    }

    /// The next wait.
    pub(super) fn next(&mut self) -> Duration {
        let wait = spread(self.next, self.random.hash_one(self.next));
        self.next = (self.next * 2).min(LONGEST);
        // The hash of the same duration must differ the next time.
        self.random = RandomState::new();
        wait
    }
}

/// Between the half and the whole of a wait.
fn spread(wait: Duration, random: u64) -> Duration {
    let half = wait / 2;
    half + half * u32::try_from(random % 1000).unwrap_or(0) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_bound_and_start_over() {
        let mut backoff = Backoff::new();
        let mut longest = FIRST;
        for _ in 0..20 {
            let wait = backoff.next();
            assert!(longest / 2 <= wait && wait < longest, "{wait:?} of {longest:?}");
            longest = (longest * 2).min(LONGEST);
        }
        backoff.reset();
        assert!(backoff.next() < FIRST);
    }

    #[test]
    fn a_wait_is_spread_over_its_second_half() {
        assert_eq!(spread(Duration::from_secs(2), 0), Duration::from_secs(1));
        assert_eq!(spread(Duration::from_secs(2), 500), Duration::from_millis(1500));
        assert_eq!(spread(Duration::from_secs(2), 999), Duration::from_millis(1999));
    }
}
