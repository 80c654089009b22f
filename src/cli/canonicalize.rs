//! `canonicalize`: the one text for a value, for people and for Git.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};

use self::source::{Found, Source};
use super::output::{Output, Paint, complain};
use super::{Exit, difference};
use crate::admission::canonical;
use crate::escape::{Line, QuotedPath, printable_json};
use crate::manifest::ManifestFile;
use crate::manifest::replace::replace;
use crate::manifest::rewrite::{Change, rewrite};
use crate::manifest::tree::STANDARD_INPUT;
use crate::setting::config::hash;
use crate::setting::json::is_blank;

mod source;

/// Print the canonical form of a value: what the webhook stores, and what belongs in Git
///
/// What starts with { or is blank is a value, anything else a path. A file holds a value, or manifests of the Setting
/// vm-migration-network in YAML or JSON, alone, in several documents or in Lists.
///
/// Exit codes: 0 done; 1 --check found a value that is not canonical; 2 a value has no canonical form (each of its
/// problems is named), or can't be read.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "they are flags")]
pub(super) struct Args {
    /// A value, a file, or - for standard input, which is also read when nothing is named
    #[arg(value_name = "VALUE|-|FILE")]
    sources: Vec<OsString>,

    /// Print the sha1 that Harvester will store of the canonical form
    #[arg(long, conflicts_with_all = ["check", "write"])]
    hash: bool,

    /// Print nothing but differences, and exit with 1 if there are any
    #[arg(long, conflicts_with = "write")]
    check: bool,

    /// Rewrite the value in its manifest, and leave every other byte of the file as it is
    #[arg(long)]
    write: bool,

    /// With --check and --write, let files pass that hold no such Setting
    #[arg(long)]
    allow_none: bool,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let named = if self.sources.is_empty() { vec!["-".into()] } else { self.sources };
        let mode = match (self.check, self.write, self.hash) {
            (true, _, _) => Mode::Check,
            (_, true, _) => Mode::Write,
            (_, _, true) => Mode::Hash,
            _ => Mode::Print,
        };
        let mut run =
            Run { out: Output::new(), mode, allow_none: self.allow_none, printed: 0, failures: 0, differences: 0 };
        for name in named {
            if name == STANDARD_INPUT && std::io::stdin().is_terminal() {
                complain("reading a value or manifests from standard input; end it with Ctrl-D");
            }
            match Source::open(&name) {
                Ok(source) => run.source(&source)?,
                Err(error) => run.fail(error),
            }
        }
        run.out.flush()?;
        Ok(match (run.failures, run.differences) {
            (0, 0) => Exit::Ok,
            (0, _) => Exit::Refused,
            _ => Exit::Error,
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Print,
    Hash,
    Check,
    Write,
}

struct Run {
    out: Output,
    mode: Mode,
    allow_none: bool,
    printed: usize,
    failures: usize,
    differences: usize,
}

impl Run {
    fn source(&mut self, source: &Source) -> anyhow::Result<()> {
        if self.mode == Mode::Write && !matches!(source, Source::File(_)) {
            self.fail("--write rewrites files; neither a value nor standard input is one");
            return Ok(());
        }
        let found = match source.values() {
            Ok(found) => found,
            Err(error) => {
                self.fail(error);
                return Ok(());
            }
        };
        if found.is_empty() && !self.allow_none {
            self.fail(source.nothing());
        }
        let mut changes = Vec::new();
        let failures = self.failures;
        for value in &found {
            // Maybe that of a variable that is not set, or of a command that failed.
            if value.manifest.is_none() && value.text().bytes().is_some_and(is_blank) {
                complain("note: an empty value disables the migration network");
            }
            match canonical(&value.text()) {
                Ok(canonical) => self.value(value, canonical, &mut changes)?,
                Err(violations) => {
                    let at = value.label();
                    for violation in violations.listed() {
                        self.fail(format_args!("{at}{}: {violation} [{}]", violation.field, violation.rule()));
                    }
                    let more = violations.total() - violations.listed().len();
                    if more > 0 {
                        self.fail(format_args!("{at}and {more} more problems"));
                    }
                }
            }
        }
        // A file is written whole or not at all.
        if let Source::File(file) = source
            && !changes.is_empty()
            && self.failures == failures
        {
            self.write(file, &changes);
        }
        Ok(())
    }

    fn value<'v>(
        &mut self,
        value: &'v Found,
        canonical: String,
        changes: &mut Vec<(&'v Found, String)>,
    ) -> anyhow::Result<()> {
        match self.mode {
            Mode::Print => self.print(&canonical)?,
            Mode::Hash => writeln!(self.out, "{}", hash(&canonical))?,
            Mode::Check | Mode::Write if value.text().bytes() == Some(&canonical) => {}
            Mode::Check => {
                writeln!(self.out, "{}value is not canonical; it is (-) and should be (+):", value.label())?;
                let submitted = value.text();
                difference::write(
                    &mut self.out,
                    "",
                    submitted.bytes().unwrap_or_default(),
                    &canonical,
                    Paint::for_stdout(),
                )?;
                self.differences += 1;
            }
            Mode::Write if value.manifest.is_some() => changes.push((value, canonical)),
            Mode::Write => self.fail("a bare value is not rewritten in its file; --write takes manifests"),
        }
        Ok(())
    }

    /// The very bytes, with nothing after them when a program reads: their sha1 is the one that Harvester stores.
    fn print(&mut self, canonical: &str) -> std::io::Result<()> {
        if std::io::stdout().is_terminal() {
            return writeln!(self.out, "{}", printable_json(canonical));
        }
        self.printed += 1;
        if self.printed > 1 {
            writeln!(self.out)?;
        }
        self.out.write_all(canonical.as_bytes())
    }

    fn write(&mut self, file: &ManifestFile, changes: &[(&Found, String)]) {
        let changes: Vec<_> = changes
            .iter()
            .filter_map(|(found, value)| {
                let (origin, place) = found.manifest.as_ref()?;
                Some((origin, place.start, place.pointer(), value))
            })
            .collect();
        let changes: Vec<_> = changes
            .iter()
            .map(|(origin, document, pointer, value)| Change { origin, document: *document, pointer, value })
            .collect();
        let text = match rewrite(file, &changes) {
            Ok(text) => text,
            Err(error) => return self.fail(error),
        };
        match replace(&file.path, &text) {
            Ok(()) => {
                for change in &changes {
                    complain(format_args!("{}: value rewritten: {}", change.origin, Line(change.value)));
                }
            }
            Err(error) => self.fail(format_args!("{} can't be rewritten: {error}", QuotedPath(&file.path))),
        }
    }

    fn fail(&mut self, what: impl std::fmt::Display) {
        complain(format_args!("error: {what}"));
        self.failures += 1;
    }
}
