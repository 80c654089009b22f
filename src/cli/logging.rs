//! Logs: to standard error, one line each, in text or JSON, without colours.

use std::cell::RefCell;
use std::io;
use std::panic;

use clap::ValueEnum;
use jiff::Timestamp;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::escape::Quoted;

mod line;
mod lines;

pub(super) use lines::Lines;
use lines::Writer;

/// The client of the API server logs every failed call, each time; those who call say it once, and what to do.
const QUIET: &str = "kube_client=off";

/// How to log.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Logs")]
pub(super) struct LogArgs {
    /// How each line is written to standard error
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "MNW_LOG_FORMAT")]
    log_format: Format,

    /// The least level that is logged: error, warn, info (each decision), debug or trace; also by module, such as
    /// info,kube_client=debug
    #[expect(clippy::doc_markdown, reason = "it is the help, where it stands as it is")]
    #[arg(long, value_name = "LEVEL", default_value = "info", env = "MNW_LOG_LEVEL", value_parser = filter)]
    log_level: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For machines: one object a line.
    Json,
}

/// Makes lines of events.
struct Log {
    format: Format,
    lines: Writer,
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        thread_local! {
            static LINE: RefCell<String> = const { RefCell::new(String::new()) };
        }
        let log = |line: &mut String| {
            line.clear();
            self.format.line(Timestamp::now(), event, line);
            self.lines.put(line);
        };
        let held = LINE.try_with(|line| line.try_borrow_mut().map(|mut line| log(&mut line)).is_ok());
        // A value that logs while it is written out, or a thread that ends.
        if held != Ok(true) {
            log(&mut String::new());
        }
    }
}

/// Every part is looked at: a word that is no level would be taken for a module, and silence all others.
fn filter(text: &str) -> Result<String, String> {
    let is_level = |level: &str| !level.is_empty() && level.parse::<LevelFilter>().is_ok();
    let in_module = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    for part in text.split(',') {
        let (module, level) = part.split_once('=').map_or((None, part), |(module, level)| (Some(module), level));
        let wrong = match module {
            Some(module) if module.is_empty() || !module.bytes().all(in_module) => Some((module, "module")),
            _ => (!is_level(level)).then_some((level, "level")),
        };
        if let Some((wrong, what)) = wrong {
            return Err(format!(
                "{} is no {what}; must be a level, or module=level, or several with commas and no spaces between",
                Quoted(wrong)
            ));
        }
    }
    Ok(text.to_owned())
}

impl LogArgs {
    /// Logs from now on, panics too. What was logged is written at the latest when the result is dropped.
    ///
    /// # Errors
    ///
    /// If this process logs already, or can't start a thread.
    pub(super) fn start(&self) -> anyhow::Result<Lines> {
        let format = self.log_format;
        let lines = Lines::start(io::stderr(), move |lines| format.left_out(Timestamp::now(), lines))?;
        tracing_subscriber::registry()
            .with(format!("{QUIET},{}", self.log_level).parse::<Targets>()?)
            .with(Log { format, lines: lines.writer() })
            .try_init()
            .map_err(|error| anyhow::anyhow!("logs can't be set up: {error}"))?;
        panic::set_hook(Box::new(|panic| {
            // The words may quote what a stranger sent.
            let words = panic.payload_as_str().unwrap_or("no words");
            let place = panic.location().map(ToString::to_string);
            tracing::error!(panic = %Quoted(words), place, "a bug: the code panicked");
        }));
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_filter_is_a_level_or_a_module_with_one() {
        for text in ["info", "OFF", "info,rustls=debug", "rustls=debug,warn", "a_b::c=trace,kube_client=off,error"] {
            assert_eq!(filter(text).as_deref(), Ok(text));
            assert!(format!("{QUIET},{text}").parse::<Targets>().is_ok(), "{text}");
        }
        for (text, wrong) in [
            ("warning", r#""warning" is no level"#),
            ("", r#""" is no level"#),
            ("info,", r#""" is no level"#),
            ("info,,rustls=debug", r#""" is no level"#),
            ("rustls=debug, warn", r#"" warn" is no level"#),
            ("info, rustls=debug", r#"" rustls" is no module"#),
            ("rustls=", r#""" is no level"#),
            ("=debug", r#""" is no module"#),
            ("x=y=z", r#""y=z" is no level"#),
            ("a[b]=debug", r#""a[b]" is no module"#),
        ] {
            let more = "; must be a level, or module=level, or several with commas and no spaces between";
            assert_eq!(filter(text), Err(format!("{wrong}{more}")));
        }
    }
}
