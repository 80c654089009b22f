//! How long ago something was, in words.

use jiff::Timestamp;

/// Since when and for how long, as `for 2 h (since 2026-01-02T03:04:05Z)`; empty where the time is no time.
pub(super) fn since(time: Option<&str>, now: Timestamp) -> String {
    match time.and_then(|time| time.parse::<Timestamp>().ok()) {
        Some(time) => format!(" for {} (since {time})", span(seconds(time, now))),
        None => String::new(),
    }
}

/// The seconds from then to now, none if that lies ahead.
pub(super) fn seconds(then: Timestamp, now: Timestamp) -> i64 {
    (now.as_second() - then.as_second()).max(0)
}

/// A time in its largest unit.
pub(super) fn span(seconds: i64) -> String {
    const UNITS: [(i64, &str); 3] = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let unit = UNITS.into_iter().find(|(length, _)| seconds >= *length);
    unit.map_or_else(|| format!("{seconds} s"), |(length, unit)| format!("{} {unit}", seconds / length))
}
