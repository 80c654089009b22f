//! One event as one line.
//!
//! Written by hand as there is a line for each decision, and the usual formatter for JSON takes more than three times as
//! long for one. And nothing that would leave the line, or hide in it, gets through, whoever logged it.

use std::cell::RefCell;
use std::fmt::{self, Write};

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

use super::Format;
use crate::escape::{is_unprintable, write_unicode};

/// The most bytes that one value takes of a line.
const LONGEST: usize = 2 << 10;

/// A surrogate pair.
const LONGEST_ESCAPE: usize = 12;

impl Format {
    /// Adds the line of an event.
    pub(super) fn line(self, now: Timestamp, event: &Event<'_>, line: &mut String) {
        self.push_head(now, *event.metadata().level(), line);
        match self {
            Self::Text => {
                let mut fields = Text { message: line, rest: String::with_capacity(256) };
                event.record(&mut fields);
                let rest = fields.rest;
                line.push_str(&rest);
            }
            Self::Json => {
                event.record(&mut Json(line));
                line.push('}');
            }
        }
        line.push('\n');
    }

    /// Adds what each line begins with.
    #[inline]
    fn push_head(self, now: Timestamp, level: Level, line: &mut String) {
        let level = level.as_str();
        match self {
            Self::Text => {
                push_time(line, now);
                // Levels have four or five letters.
                line.push_str(if level.len() < 5 { "  " } else { " " });
                line.push_str(level);
            }
            Self::Json => {
                line.push_str("{\"timestamp\":\"");
                push_time(line, now);
                line.push_str("\",\"level\":\"");
                line.push_str(level);
                line.push('"');
            }
        }
    }

    /// The line for those that could not be written, or not in time.
    pub(super) fn left_out(self, now: Timestamp, lines: u64) -> String {
        const WORDS: &str = "lines of the log were left out: its reader is too slow, or gone for a while";
        let mut line = String::new();
        self.push_head(now, Level::WARN, &mut line);
        // Writing to a string can't fail.
        let _ = match self {
            Self::Text => write!(line, " {WORDS} lines={lines}"),
            Self::Json => write!(line, r#","message":"{WORDS}","lines":{lines}}}"#),
        };
        line
    }
}

/// `2026-11-24T06:43:14.751518Z`. The calendar is asked once a second, as that takes longer than all the rest of a line.
fn push_time(line: &mut String, now: Timestamp) {
    thread_local! {
        static SECOND: RefCell<(i64, String)> = const { RefCell::new((i64::MIN, String::new())) };
    }
    let second = now.as_second();
    let pushed = SECOND.try_with(|it| {
        let (known, text) = &mut *it.borrow_mut();
        if *known != second {
            text.clear();
            let _ = write!(text, "{now:.0}");
            *known = second;
        }
        line.push_str(text.trim_end_matches('Z'));
    });
    if pushed.is_err() {
        // The thread ends, and what it knew is gone.
        let _ = write!(line, "{now:.6}");
        return;
    }
    line.push('.');
    push_digits(line, u64::from(now.subsec_microsecond().unsigned_abs()), 6);
    line.push('Z');
}

/// At least so many digits; a number has twenty at most.
fn push_digits(line: &mut String, mut number: u64, least: usize) {
    let mut digits = [b'0'; "18446744073709551615".len()];
    let mut start = digits.len();
    while number > 0 || digits.len() - start < least {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    line.push_str(str::from_utf8(&digits[start..]).unwrap_or_default());
}

/// `message name=value name="text"`
struct Text<'a> {
    message: &'a mut String,
    rest: String,
}

impl Visit for Text<'_> {
    fn record_str(&mut self, field: &Field, text: &str) {
        if field.name() == "message" {
            self.message.push(' ');
            let _ = Guarded::new(self.message, false).write_str(text);
            return;
        }
        name(&mut self.rest, field);
        self.rest.push('"');
        let _ = Guarded::new(&mut self.rest, true).write_str(text);
        self.rest.push('"');
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let target = if field.name() == "message" {
            self.message.push(' ');
            &mut *self.message
        } else {
            name(&mut self.rest, field);
            &mut self.rest
        };
        let _ = write!(Guarded::new(target, false), "{value:?}");
    }
}

fn name(line: &mut String, field: &Field) {
    line.push(' ');
    line.push_str(field.name());
    line.push('=');
}

/// `,"name":value`
struct Json<'a>(&'a mut String);

impl Json<'_> {
    fn name(&mut self, field: &Field) {
        self.0.push_str(",\"");
        self.0.push_str(field.name());
        self.0.push_str("\":");
    }

    /// A number or a truth, which need no quotes and no guard.
    fn bare(&mut self, field: &Field, value: impl fmt::Display) {
        self.name(field);
        let _ = write!(self.0, "{value}");
    }
}

impl Visit for Json<'_> {
    fn record_str(&mut self, field: &Field, text: &str) {
        self.name(field);
        self.0.push('"');
        let _ = Guarded::new(self.0, true).write_str(text);
        self.0.push('"');
    }

    fn record_u64(&mut self, field: &Field, number: u64) {
        self.name(field);
        push_digits(self.0, number, 1);
    }

    fn record_i64(&mut self, field: &Field, number: i64) {
        self.bare(field, number);
    }

    fn record_bool(&mut self, field: &Field, truth: bool) {
        self.bare(field, truth);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.name(field);
        self.0.push('"');
        let _ = write!(Guarded::new(self.0, true), "{value:?}");
        self.0.push('"');
    }
}

/// Writes a value into a line: printable, and no longer than [`LONGEST`].
struct Guarded<'a> {
    line: &'a mut String,
    /// Between quotation marks, which then must not occur.
    quoted: bool,
    left: usize,
}

impl<'a> Guarded<'a> {
    const fn new(line: &'a mut String, quoted: bool) -> Self {
        Self { line, quoted, left: LONGEST }
    }

    /// Whether the text can stand in the line as it is.
    fn is_plain(&self, text: &str) -> bool {
        text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !(self.quoted && matches!(byte, b'"' | b'\\')))
    }
}

impl Write for Guarded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.len() <= self.left && self.is_plain(text) {
            self.left -= text.len();
            self.line.push_str(text);
            return Ok(());
        }
        for char in text.chars() {
            if self.left == 0 {
                return Ok(());
            }
            let before = self.line.len();
            match char {
                _ if self.left < LONGEST_ESCAPE => self.line.push('…'),
                '"' | '\\' if self.quoted => self.line.extend(['\\', char]),
                _ if is_unprintable(char) => write_unicode(char, self.line)?,
                _ => self.line.push(char),
            }
            let written = self.line.len() - before;
            self.left = if self.left < LONGEST_ESCAPE { 0 } else { self.left - written };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};
    use std::sync::{Arc, Mutex};

    use tracing::Subscriber;
    use tracing_subscriber::layer::{Context, SubscriberExt as _};
    use tracing_subscriber::{Layer, Registry};

    use super::*;

    #[derive(Default, Clone)]
    struct Lines(Arc<Mutex<Vec<[String; 2]>>>);

    impl<S: Subscriber> Layer<S> for Lines {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let now = Timestamp::from_microsecond(1_795_502_594_751_518).unwrap();
            let line = |format: Format| {
                let mut line = String::new();
                format.line(now, event, &mut line);
                line
            };
            self.0.lock().unwrap().push([Format::Text, Format::Json].map(line));
        }
    }

    fn lines(log: impl FnOnce()) -> Vec<[String; 2]> {
        let lines = Lines::default();
        tracing::subscriber::with_default(Registry::default().with(lines.clone()), log);
        let lines = lines.0.lock().unwrap();
        lines.clone()
    }

    #[test]
    fn each_moment_has_its_own_time() {
        for (micros, text) in [
            (1_795_502_594_751_518, "2026-11-24T06:43:14.751518Z"),
            (1_795_502_594_000_007, "2026-11-24T06:43:14.000007Z"),
            (1_795_502_594_999_999, "2026-11-24T06:43:14.999999Z"),
            (1_795_502_595_000_000, "2026-11-24T06:43:15.000000Z"),
            (1_795_502_594_999_999, "2026-11-24T06:43:14.999999Z"),
        ] {
            let now = Timestamp::from_microsecond(micros).unwrap();
            let mut line = String::new();
            push_time(&mut line, now);
            assert_eq!((line.as_str(), &line), (text, &format!("{now:.6}")));
        }
    }

    #[test]
    fn a_thread_that_ends_still_tells_the_time() {
        struct Last(&'static str, Sender<(&'static str, String)>);
        impl Drop for Last {
            fn drop(&mut self) {
                let mut line = String::new();
                push_time(&mut line, Timestamp::from_microsecond(1_795_502_594_751_518).unwrap());
                self.1.send((self.0, line)).unwrap();
            }
        }
        thread_local! {
            static BEFORE: RefCell<Option<Last>> = const { RefCell::new(None) };
            static AFTER: RefCell<Option<Last>> = const { RefCell::new(None) };
        }
        // What a thread has is dropped in an order of its own: one of the two comes after the second that it knew.
        let (sender, lines) = channel();
        let thread = std::thread::spawn(move || {
            BEFORE.set(Some(Last("before", sender.clone())));
            push_time(&mut String::new(), Timestamp::UNIX_EPOCH);
            AFTER.set(Some(Last("after", sender)));
        });
        thread.join().unwrap();
        let mut lines: Vec<_> = lines.iter().collect();
        lines.sort();
        let time = "2026-11-24T06:43:14.751518Z".to_owned();
        assert_eq!(lines, [("after", time.clone()), ("before", time)]);
    }

    #[test]
    fn each_kind_of_value_has_its_form() {
        let lines = lines(|| {
            tracing::info!(user = "system:admin", code = 422_u16, rules = %"a,b", fine = true, left = -1, "decided");
            tracing::error!(error = ?Some("x"), none = None::<&str>, "{} of {}", 1, 2);
        });
        let [[info_text, info_json], [error_text, error_json]] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(
            info_text,
            "2026-11-24T06:43:14.751518Z  INFO decided user=\"system:admin\" code=422 rules=a,b fine=true left=-1\n"
        );
        let time = r#"{"timestamp":"2026-11-24T06:43:14.751518Z","level":"#;
        let json = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
        assert!(info_json.starts_with(&format!("{time}\"INFO\",")), "{info_json}");
        let expected = serde_json::json!({
            "timestamp": "2026-11-24T06:43:14.751518Z", "level": "INFO", "message": "decided", "user": "system:admin",
            "code": 422, "rules": "a,b", "fine": true, "left": -1});
        assert_eq!(json(info_json), expected);
        assert_eq!(error_text, "2026-11-24T06:43:14.751518Z ERROR 1 of 2 error=Some(\"x\")\n");
        assert_eq!(
            (&json(error_json)["message"], &json(error_json)["error"]),
            (&"1 of 2".into(), &"Some(\"x\")".into())
        );
    }

    #[test]
    fn the_note_of_lines_left_out_is_a_line_like_others() {
        let now = Timestamp::from_microsecond(1_795_502_594_751_518).unwrap();
        let words = "lines of the log were left out: its reader is too slow, or gone for a while";
        assert_eq!(Format::Text.left_out(now, 7), format!("2026-11-24T06:43:14.751518Z  WARN {words} lines=7"));
        let time = r#"{"timestamp":"2026-11-24T06:43:14.751518Z","level":"WARN","message":"#;
        assert_eq!(Format::Json.left_out(now, 7), format!(r#"{time}"{words}","lines":7}}"#));
    }

    #[test]
    fn nothing_leaves_its_line_or_its_quotes() {
        let hostile = "\u{1b}[31m\r\n\" b=\"c\u{202e}\u{e0041}\\ é";
        let lines = lines(|| {
            tracing::warn!(text = hostile, shown = %hostile, "{hostile}");
        });
        let [[text, json]] = lines.as_slice() else { panic!("{lines:?}") };
        let unquoted = r#"\u001b[31m\u000d\u000a" b="c\u202e\udb40\udc41\ é"#;
        let quoted = r#"\u001b[31m\u000d\u000a\" b=\"c\u202e\udb40\udc41\\ é"#;
        assert_eq!(*text, format!("2026-11-24T06:43:14.751518Z  WARN {unquoted} text=\"{quoted}\" shown={unquoted}\n"));
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!([&json["message"], &json["text"], &json["shown"]], [hostile; 3]);
    }

    #[test]
    fn no_value_is_endless() {
        for letter in ["x", "\u{7}", "\u{e0041}", "é"] {
            let long = letter.repeat(100_000);
            let lines = lines(|| tracing::warn!(long, "{long}"));
            let [[text, json]] = lines.as_slice() else { panic!("{lines:?}") };
            for line in [text, json] {
                assert!((2 * LONGEST - 100..2 * LONGEST + 200).contains(&line.len()), "{}", line.len());
                assert_eq!(line.matches('…').count(), 2);
            }
            assert!(serde_json::from_str::<serde_json::Value>(json).is_ok());
        }
    }
}
