//! Logs: to standard error, one line each, in text or JSON, without colours.

use std::io::{self, BufWriter};
use std::panic;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::ValueEnum;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{MakeWriter, format};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry};

use crate::escape::Quoted;

mod dropped;
mod fields;

pub(super) use dropped::DroppedLines;
use fields::{PrintableJson, TextFields};

/// The client of the API server logs every failed call; its callers log each failure once, with what to do.
const QUIET: &str = "kube_client=off";
/// Lines that wait for a slow reader of the log; more are dropped and counted.
const MAX_LINES: usize = 4096;
/// How long the process waits at its end for the last lines to be written.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);
/// The packages of this build, each with a line of its name.
const LOCKFILE: &str = include_str!("../../Cargo.lock");

/// How to log.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Logs")]
pub(super) struct LogArgs {
    /// Log format on standard error
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "MNW_LOG_FORMAT")]
    log_format: LogFormat,

    /// Minimum log level: error, warn, info (each decision), debug or trace; also per crate or module, such as
    /// info,kube_client=debug
    #[arg(long, value_name = "LEVEL", default_value = "info", env = "MNW_LOG_LEVEL", value_parser = filter)]
    log_level: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For machines: one object a line.
    Json,
}

impl LogFormat {
    pub(crate) fn layer<W>(self, writer: W) -> Box<dyn Layer<Registry> + Send + Sync>
    where
        W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    {
        let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
        match self {
            Self::Text => layer.with_target(false).fmt_fields(TextFields).boxed(),
            Self::Json => {
                let json = format().json().flatten_event(true).with_current_span(false).with_span_list(false);
                layer.event_format(PrintableJson(json.with_target(false))).boxed()
            }
        }
    }
}

/// Checks every part: the library would take a word that is no level for a target, and silence all others.
fn filter(text: &str) -> Result<String, String> {
    let is_level = |level: &str| !level.is_empty() && level.parse::<LevelFilter>().is_ok();
    for part in text.split(',') {
        let (target, level) = part.split_once('=').map_or((None, part), |(target, level)| (Some(target), level));
        if !is_level(level) {
            return Err(format!(
                "{} is no level; must be error, warn, info, debug, trace or off, or target=level, or several with commas and no \
                 spaces between",
                Quoted(level)
            ));
        }
        if let Some(target) = target.filter(|target| !is_of_this_build(target)) {
            return Err(format!(
                "{} is no crate of this program; must be one, such as kube_client, or a module of one, such as \
                 migration_network_webhook::server",
                Quoted(target)
            ));
        }
    }
    Ok(text.to_owned())
}

fn is_of_this_build(target: &str) -> bool {
    let mut packages = LOCKFILE.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    let (name, modules) = target.split_once("::").unwrap_or((target, ""));
    packages.any(|package| package.replace('-', "_") == name)
        && modules.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'))
}

impl LogArgs {
    /// Logs from now on, panics too.
    pub(super) fn start(&self) -> anyhow::Result<LogGuard> {
        let (writer, worker) = NonBlockingBuilder::default()
            .buffered_lines_limit(MAX_LINES)
            .thread_name("logs")
            .finish(BufWriter::new(io::stderr()));
        let dropped = writer.error_counter();
        let targets: Targets = format!("{QUIET},{}", self.log_level).parse()?;
        tracing_subscriber::registry()
            .with(self.log_format.layer(writer).with_filter(targets))
            .try_init()
            .map_err(|error| anyhow::anyhow!("logs can't be set up: {error}"))?;
        panic::set_hook(Box::new(|panic| {
            // The words may quote what a stranger sent.
            let words = panic.payload_as_str().unwrap_or("no words");
            let place = panic.location().map(ToString::to_string);
            tracing::error!(panic = %Quoted(words), place, "internal error: panic");
        }));
        Ok(LogGuard { worker: Some(worker), dropped })
    }
}

/// Dropped, it waits until the lines are written.
pub(super) struct LogGuard {
    worker: Option<WorkerGuard>,
    dropped: ErrorCounter,
}

impl LogGuard {
    pub(super) fn dropped_lines(&self) -> DroppedLines {
        DroppedLines(self.dropped.clone())
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        // In a thread, as the library says on standard output that nobody reads the log, and that may be stuck too.
        let worker = self.worker.take();
        let (done, flushed) = mpsc::channel();
        thread::spawn(move || {
            drop(worker);
            let _ = done.send(());
        });
        let _ = flushed.recv_timeout(FLUSH_TIMEOUT);
    }
}

#[cfg(test)]
mod tests;
