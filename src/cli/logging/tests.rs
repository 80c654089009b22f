use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::*;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged in both formats.
fn lines(log: impl Fn()) -> [String; 2] {
    [LogFormat::Text, LogFormat::Json].map(|format| {
        let written = Written::default();
        let writer = written.clone();
        let layer = format.layer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), &log);
        let line = written.0.lock().unwrap();
        String::from_utf8(line.clone()).unwrap()
    })
}

/// The lines without the time that each begins with.
fn timeless(lines: [String; 2]) -> [String; 2] {
    lines.map(|line| line.split_once('Z').unwrap().1.to_owned())
}

#[test]
fn a_line_is_text_or_json() {
    let log = || tracing::warn!(name = "a \"b\"", shown = %"c d", count = 3, yes = true, "{} words", 2);
    let [text, json] = timeless(lines(log));
    assert_eq!(text, "  WARN 2 words name=\"a \\\"b\\\"\" shown=c d count=3 yes=true\n");
    let fields = r#""level":"WARN","message":"2 words","name":"a \"b\"","shown":"c d","count":3,"yes":true}"#;
    assert_eq!(json, format!("\",{fields}\n"));
}

#[test]
fn nothing_leaves_its_line_or_its_quotes() {
    let hostile = "\u{1b}[31m\r\n\" b=\"c\u{202e}\u{e0041}\\ é";
    let [text, json] = timeless(lines(|| tracing::warn!(text = hostile, shown = %hostile, "{hostile}")));
    let unquoted = r#"\u001b[31m\u000d\u000a" b="c\u202e\udb40\udc41\ é"#;
    let quoted = r#"\u001b[31m\u000d\u000a\" b=\"c\u202e\udb40\udc41\\ é"#;
    assert_eq!(text, format!("  WARN {unquoted} text=\"{quoted}\" shown={unquoted}\n"));
    assert!(!json.trim_end().contains(|char: char| char.is_control() || "\u{202e}\u{e0041}".contains(char)), "{json}");
    let json: serde_json::Value = serde_json::from_str(&json.replacen("\",", "{", 1)).unwrap();
    assert_eq!([&json["message"], &json["text"], &json["shown"]], [hostile; 3]);
}

#[test]
fn no_value_is_endless() {
    for letter in ["x", "\u{7}", "\u{e0041}", "é"] {
        let long = letter.repeat(100_000);
        for line in lines(|| tracing::warn!(long, "{long}")) {
            assert!((2 * 1024..2 * 13 * 1024).contains(&line.len()), "{}", line.len());
            assert_eq!(line.matches('…').count(), 2);
        }
    }
}

#[test]
fn every_part_of_a_filter_is_a_level_or_a_crate_with_one() {
    for text in
        ["info", "OFF", "info,rustls=debug", "hyper_util=debug,warn", "kube_client::a=trace,kube_client=off,error"]
    {
        assert_eq!(filter(text).as_deref(), Ok(text));
        assert!(format!("{QUIET},{text}").parse::<Targets>().is_ok(), "{text}");
    }
    for (text, level) in [
        ("warning", "warning"),
        ("", ""),
        ("info,", ""),
        ("rustls=debug, warn", " warn"),
        ("rustls=", ""),
        ("x=y=z", "y=z"),
    ] {
        let more = "must be error, warn, info, debug, trace or off, or target=level, or several with commas and no spaces between";
        assert_eq!(filter(text), Err(format!("\"{level}\" is no level; {more}")));
    }
    for target in ["", " rustls", "kube-client", "kube_client::a[b]", "webhook"] {
        let more = "must be one, such as kube_client, or a module of one, such as migration_network_webhook::server";
        let expected = format!("\"{target}\" is no crate of this program; {more}");
        assert_eq!(filter(&format!("{target}=debug")), Err(expected));
    }
}
