//! Waiting for dates by a clock that someone may set.

use std::time::Duration;

use jiff::Timestamp;

/// The clock is looked at this often, however far away the next date is.
const TICK: Duration = Duration::from_secs(30);

/// How long to wait for the next of these dates; those that have passed do not count.
pub(super) fn pause(now: Timestamp, dates: impl IntoIterator<Item = Option<Timestamp>>) -> Duration {
    let next = dates.into_iter().flatten().filter(|date| *date > now).min();
    let wait = next.and_then(|date| Duration::try_from(date.duration_since(now)).ok());
    wait.map_or(TICK, |wait| wait.min(TICK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_date_is_waited_for_but_not_for_long() {
        let at = |second| Some(Timestamp::from_second(second).unwrap());
        for (dates, seconds) in [
            ([None, None], 30),
            ([at(105), None], 5),
            ([at(110), at(105)], 5),
            ([at(100), at(99)], 30),
            ([at(99), at(101)], 1),
            ([at(1_000_000), None], 30),
        ] {
            assert_eq!(pause(at(100).unwrap(), dates), Duration::from_secs(seconds), "{dates:?}");
        }
    }
}
