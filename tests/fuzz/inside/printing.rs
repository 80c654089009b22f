//! `printed`: whatever text is printed or logged, no character that acts upon a terminal gets out.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use tracing_subscriber::layer::SubscriberExt as _;

use super::assert_harmless;
use crate::cli::logging::LogFormat;
use crate::escape::{Excerpt, Line, Plain, Quoted, QuotedPath, Quoting, ShellWord, Whole, printable_json};

/// Prints a text in every way there is.
pub fn printed(data: &[u8]) {
    let text = &*String::from_utf8_lossy(data);
    for shown in [
        Quoted(text).to_string(),
        Plain(text).to_string(),
        Whole(text).to_string(),
        QuotedPath(Path::new(text)).to_string(),
        Line(text).to_string(),
        ShellWord(text).to_string(),
        Quoting(text).to_string(),
        Excerpt::of(text).to_string(),
        Excerpt::of(text).unquoted().to_string(),
    ] {
        assert_harmless(&shown, false);
    }
    // What is quoted can be read back: it is JSON.
    assert_eq!(serde_json::from_str::<String>(&Whole(text).to_string()).unwrap(), text);
    let json = serde_json::to_string(text).unwrap();
    let printable = printable_json(&json);
    assert_harmless(&printable, false);
    assert_eq!(serde_json::from_str::<String>(&printable).unwrap(), text);
    for format in [LogFormat::Text, LogFormat::Json] {
        let line = logged(format, text);
        assert_harmless(line.strip_suffix('\n').unwrap(), false);
        if matches!(format, LogFormat::Json) {
            let _: serde_json::Value = serde_json::from_str(&line).unwrap();
        }
    }
}

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

fn logged(format: LogFormat, text: &str) -> String {
    let written = Written::default();
    let writer = written.clone();
    let layer = format.layer(move || writer.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        tracing::warn!(text, shown = %text, debug = ?text, "{text}");
    });
    let line = written.0.lock().unwrap();
    String::from_utf8(line.clone()).unwrap()
}
