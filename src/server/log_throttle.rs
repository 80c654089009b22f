//! Throttles log lines about client errors.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lines per [`WINDOW`].
const LINES: u32 = 10;
const WINDOW: Duration = Duration::from_secs(10);

/// Lets a few lines through and counts the others: a port scan must not push a cluster's log out of its disk.
#[derive(Debug, Default)]
pub(super) struct LogThrottle(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    since: Option<Instant>,
    written: u32,
    left_out: u64,
}

impl LogThrottle {
    /// Writes the line if there is room; it is told how many were left out before it.
    pub(super) fn warn(&self, line: impl FnOnce(u64)) {
        if let Some(left_out) = self.take(Instant::now()) {
            line(left_out);
        }
    }

    fn take(&self, now: Instant) -> Option<u64> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if window.since.is_none_or(|since| now.duration_since(since) >= WINDOW) {
            window.since = Some(now);
            window.written = 0;
        }
        if window.written == LINES {
            window.left_out += 1;
            return None;
        }
        window.written += 1;
        Some(std::mem::take(&mut window.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_instead_of_written() {
        let throttle = LogThrottle::default();
        let start = Instant::now();
        for _ in 0..LINES {
            assert_eq!(throttle.take(start), Some(0));
        }
        for _ in 0..1000 {
            assert_eq!(throttle.take(start + Duration::from_secs(9)), None);
        }
        assert_eq!(throttle.take(start + WINDOW), Some(1000));
        assert_eq!(throttle.take(start + WINDOW), Some(0));
    }
}
