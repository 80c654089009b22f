//! The time of a line.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Appends a time as RFC 3339 has it, in UTC with microseconds. Without `format!`, as there is one in each line.
pub(super) fn write(time: SystemTime, line: &mut String) {
    // A clock before 1970 is none.
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date(days);
    for (number, digits, after) in [
        (year, 4, '-'),
        (month, 2, '-'),
        (day, 2, 'T'),
        (second / 3600, 2, ':'),
        (second / 60 % 60, 2, ':'),
        (second % 60, 2, '.'),
        (since.subsec_micros().into(), 6, 'Z'),
    ] {
        for place in (0..digits).rev() {
            let digit = number / 10_u64.pow(place) % 10;
            line.push(char::from_digit(digit as u32, 10).unwrap_or('?'));
        }
        line.push(after);
    }
}

/// The date that is so many days after 1970-01-01. Counted from a 1 March, the leap day is the last of a year; and the
/// calendar repeats every 400 years.
fn date(days: u64) -> (u64, u64, u64) {
    // From 0000-03-01.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // March to July and August to December have the same lengths, 153 days together.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_others_read_them() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399_999_999, "2000-02-28T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (951_868_800_000_001, "2000-03-01T00:00:00.000001Z"),
            (1_709_164_800_123_456, "2024-02-29T00:00:00.123456Z"),
            (1_735_689_599_000_000, "2024-12-31T23:59:59.000000Z"),
            (1_795_502_594_751_518, "2026-11-24T06:43:14.751518Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
        ] {
            let mut line = String::new();
            write(UNIX_EPOCH + Duration::from_micros(micros), &mut line);
            assert_eq!(line, text);
        }
    }
}
