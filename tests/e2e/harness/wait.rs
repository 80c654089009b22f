//! Waiting for what another process will do.

use std::fmt::Debug;
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take that is not itself being measured: generous, since two slow cores share it all.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Asks again and again until the answer is `Ok`, and returns it.
///
/// Panics after `within` with what was waited for and the last answer that was not.
pub fn eventually<T, E: Debug>(what: &str, within: Duration, mut ask: impl FnMut() -> Result<T, E>) -> T {
    let start = Instant::now();
    let mut pause = Duration::from_millis(5);
    loop {
        // Whoever asks late would see what came late.
        let left = within.saturating_sub(start.elapsed());
        match ask() {
            Ok(answer) => return answer,
            Err(error) if left.is_zero() => panic!("not within {within:?}: {what}; last seen: {error:?}"),
            Err(_) => thread::sleep(pause.min(left)),
        }
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}
