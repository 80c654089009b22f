//! Writes to standard output and standard error. The formats of `-o` are with their commands.

use std::fmt;
use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write};

use clap::ColorChoice;

use crate::setting::violation::Violations;

/// Standard output, to be flushed at the end by whoever writes to it. When its reader has gone (`| head`), the rest is
/// dropped and the run goes on to its exit code.
pub(super) struct Output(BufWriter<StdoutLock<'static>>);

impl Output {
    pub(super) fn new() -> Self {
        Self(BufWriter::new(io::stdout().lock()))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        unless_unread(self.0.write_all(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        unless_unread(self.0.flush())
    }
}

fn unless_unread(written: io::Result<()>) -> io::Result<()> {
    written.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

/// Says something on standard error; nobody can be told if that fails.
pub(super) fn complain(line: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

pub(super) fn print(text: impl fmt::Display) -> io::Result<()> {
    let mut out = Output::new();
    write!(out, "{text}")?;
    out.flush()
}

/// Each problem with its field and its rule, and how many more there are.
pub(super) fn problems(violations: &Violations) -> impl Iterator<Item = String> {
    let listed = violations.listed().iter().map(|it| format!("{}: {it} [{}]", it.field, it.rule()));
    let more = violations.total() - violations.listed().len();
    listed.chain((more > 0).then(|| format!("and {more} more problems")))
}

/// How many, of what is named for one.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Whether the terminal can't be trusted with more than ASCII: by its name or the locale.
pub(super) fn wants_ascii() -> bool {
    let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).unwrap_or_default().to_ascii_lowercase();
    let utf_8 = locale.contains("utf-8") || locale.contains("utf8");
    !utf_8 || variable("TERM").is_some_and(|term| term == "dumb")
}

/// Whether there are colours.
#[derive(Debug, clap::Args)]
pub(super) struct ColorArgs {
    /// Colours: auto (on terminals, and as NO_COLOR, CLICOLOR_FORCE and FORCE_COLOR say), always or never
    #[arg(long, value_enum, default_value_t, value_name = "WHEN", hide_possible_values = true)]
    color: ColorChoice,
}

impl ColorArgs {
    pub(super) fn paint(&self) -> Paint {
        match self.color {
            ColorChoice::Auto => Paint::for_stdout(),
            ColorChoice::Always => Paint { on: true },
            ColorChoice::Never => Paint::NEVER,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Paint {
    on: bool,
}

impl Paint {
    pub(super) const NEVER: Self = Self { on: false };

    /// Colours on a terminal and where they are forced, unless the user wants none (<https://no-color.org>,
    /// <https://bixense.com/clicolors>, <https://force-color.org>).
    pub(super) fn for_stdout() -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let forced = |name| set(name) && std::env::var_os(name).is_some_and(|value| value != "0");
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let wanted = forced("CLICOLOR_FORCE") || forced("FORCE_COLOR") || io::stdout().is_terminal() && !dumb;
        Self { on: wanted && !set("NO_COLOR") }
    }

    pub(super) fn red<'a>(self, text: impl fmt::Display + 'a) -> impl fmt::Display + 'a {
        self.paint("31", text)
    }

    pub(super) fn green<'a>(self, text: impl fmt::Display + 'a) -> impl fmt::Display + 'a {
        self.paint("32", text)
    }

    pub(super) fn yellow<'a>(self, text: impl fmt::Display + 'a) -> impl fmt::Display + 'a {
        self.paint("33", text)
    }

    pub(super) fn verdict(self, verdict: &str) -> impl fmt::Display + '_ {
        let code = match verdict {
            "allowed" => "32",
            "refused" => "31",
            _ => "33",
        };
        self.paint(code, verdict)
    }

    pub(super) fn bold<'a>(self, text: impl fmt::Display + 'a) -> impl fmt::Display + 'a {
        self.paint("1", text)
    }

    fn paint<'a>(self, code: &'static str, text: impl fmt::Display + 'a) -> impl fmt::Display + 'a {
        fmt::from_fn(move |f| if self.on { write!(f, "\u{1b}[{code}m{text}\u{1b}[0m") } else { text.fmt(f) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_for_terminals() {
        assert_eq!(Paint { on: true }.red("refused").to_string(), "\u{1b}[31mrefused\u{1b}[0m");
        assert_eq!(Paint::NEVER.bold("x").to_string(), "x");
    }
}
