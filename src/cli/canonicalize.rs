//! `canonicalize`: prints, checks or writes the canonical form of a value.

use std::ffi::{OsStr, OsString};
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use self::source::{FoundValue, ValueSource, is_value};
use self::stored::StoredArgs;
use super::output::{Output, Paint, complain, problems};
use super::paths::PathArgs;
use super::{Exit, difference};
use crate::admission::canonical::{canonical, stored};
use crate::escape::{Line, QuotedPath, printable_json};
use crate::input::{DocumentPath, Reader, submitted};
use crate::manifest::exclude::ExcludedPaths;
use crate::manifest::rewrite::{ValueChange, rewrite};
use crate::manifest::{ManifestFile, Origin, STANDARD_INPUT, replace, tree};
use crate::setting::hash;

pub(super) mod source;
mod stored;

/// Print the canonical form of a value, which is how a new value is stored
///
/// An argument that starts with { or is blank is a value, any other is a path. A file holds a value, manifests of the
/// Setting vm-migration-network in YAML or JSON (several documents and Lists too), or the installer's configuration with
/// system_settings. Directories are searched for manifests.
///
/// With --old, --cluster or --kube, print what would be stored: if the value means the same as the stored one, the stored
/// bytes. Git must hold these bytes.
///
/// Exit codes: 0 done; 1 --check found a value in another form; 2 a value is invalid (every problem is printed) or can't
/// be read, or there is none.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "they are flags")]
pub(super) struct Args {
    /// A value, a file, a directory, or - for standard input, which is also read when nothing is named
    #[arg(value_name = "VALUE|-|PATH")]
    sources: Vec<OsString>,

    /// Print the sha1 that Harvester will store of it
    #[arg(long, conflicts_with_all = ["check", "write"])]
    hash: bool,

    /// Print only differences, and exit with 1 if there are any
    #[arg(long, conflicts_with = "write")]
    check: bool,

    /// Rewrite the value in its manifest, and keep every other byte of the file
    #[arg(long)]
    write: bool,

    /// With --check and --write, accept files without a value or without this Setting
    #[arg(long)]
    allow_none: bool,

    #[command(flatten)]
    paths: PathArgs,
    #[command(flatten)]
    stored: StoredArgs,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let stored = self.stored.open()?;
        let exclude = self.paths.exclude();
        let named = if self.sources.is_empty() { vec!["-".into()] } else { self.sources };
        let mode = match (self.check, self.write, self.hash) {
            (true, _, _) => CanonicalizeMode::Check,
            (_, true, _) => CanonicalizeMode::Write,
            (_, _, true) => CanonicalizeMode::Hash,
            _ => CanonicalizeMode::Print,
        };
        let mut run = CanonicalizeRun {
            out: Output::new(),
            mode,
            stored,
            allow_none: self.allow_none,
            printed: 0,
            failures: 0,
            differences: 0,
        };
        for name in named {
            if name == STANDARD_INPUT && std::io::stdin().is_terminal() {
                complain("reading a value or manifests from standard input; end it with Ctrl-D");
            }
            if is_directory(&name) {
                run.directory(Path::new(&name), &exclude)?;
                continue;
            }
            match ValueSource::open(&name) {
                Ok(source) => {
                    if run.source(&source)? == 0 {
                        run.nothing(&source.name());
                    }
                }
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

fn is_directory(name: &OsStr) -> bool {
    name != STANDARD_INPUT && !name.to_str().is_some_and(is_value) && Path::new(name).is_dir()
}

/// Whether a file of a directory has a manifest, or might.
fn is_meant(file: &ManifestFile) -> bool {
    match Reader::default().contents(file) {
        Ok((inputs, _)) => !inputs.is_empty(),
        Err(error) => !error.is_unrelated(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CanonicalizeMode {
    Print,
    Hash,
    Check,
    Write,
}

struct CanonicalizeRun {
    out: Output,
    mode: CanonicalizeMode,
    stored: Option<Value>,
    allow_none: bool,
    printed: usize,
    failures: usize,
    differences: usize,
}

impl CanonicalizeRun {
    /// The manifests in a directory. A capture says what is, and is not rewritten.
    fn directory(&mut self, directory: &Path, exclude: &ExcludedPaths) -> anyhow::Result<()> {
        let (failures, mut found) = (self.failures, 0);
        for file in tree::find_submitted(directory, exclude).files {
            match file.and_then(|file| ManifestFile::read(&file)) {
                Ok(file) if file.is_captured() || !is_meant(&file) => {}
                Ok(file) => found += self.source(&ValueSource::File(file))?,
                Err(error) if error.is_unrelated() => {}
                Err(error) => self.fail(error),
            }
        }
        if found == 0 && self.failures == failures {
            self.nothing(&QuotedPath(directory).to_string());
        }
        Ok(())
    }

    fn source(&mut self, source: &ValueSource) -> anyhow::Result<usize> {
        if self.mode == CanonicalizeMode::Write && !matches!(source, ValueSource::File(_)) {
            self.fail("--write rewrites files; neither a value nor standard input is one");
            return Ok(1);
        }
        let found = match source.values() {
            Ok(found) => found,
            Err(error) => {
                self.fail(error);
                return Ok(1);
            }
        };
        let (failures, mut values, mut changes) = (self.failures, 0, Vec::new());
        for value in &found {
            if value.is_nothing() && self.mode == CanonicalizeMode::Check {
                continue;
            }
            values += 1;
            if value.is_nothing() {
                complain(format_args!("note: {}an empty value disables the migration network", value.label));
            }
            let wanted = match &self.stored {
                Some(old) => stored(&value.text(), &submitted(old)),
                None => canonical(&value.text()),
            };
            match wanted {
                Ok(wanted) => self.value(value, wanted, &mut changes)?,
                Err(violations) => {
                    for problem in problems(&violations) {
                        self.fail(format_args!("{}{problem}", value.label));
                    }
                }
            }
        }
        // A file is written whole or not at all.
        if let ValueSource::File(file) = source
            && !changes.is_empty()
            && self.failures == failures
            && let Err(error) = write(file, &changes)
        {
            self.fail(format_args!("{error:#}"));
        }
        Ok(values)
    }

    fn value<'v>(
        &mut self,
        value: &'v FoundValue,
        wanted: String,
        changes: &mut Vec<(&'v Origin, &'v DocumentPath, String)>,
    ) -> anyhow::Result<()> {
        match self.mode {
            CanonicalizeMode::Print => self.print(&wanted)?,
            CanonicalizeMode::Hash => writeln!(self.out, "{}", hash(&wanted))?,
            CanonicalizeMode::Check | CanonicalizeMode::Write if value.text().bytes() == Some(&wanted) => {}
            CanonicalizeMode::Check => {
                let what = if self.stored.is_some() { "what is stored" } else { "canonical" };
                writeln!(self.out, "{}value is not {what}; it is (-) and should be (+):", value.label)?;
                let submitted = value.text();
                let submitted = submitted.bytes().unwrap_or_default();
                difference::write(&mut self.out, "", submitted, &wanted, Paint::for_stdout())?;
                self.differences += 1;
            }
            CanonicalizeMode::Write => match &value.manifest {
                Some((origin, place)) => changes.push((origin, place, wanted)),
                None => self.fail(format_args!(
                    "{}a bare value is not rewritten in its file; --write takes manifests",
                    value.label
                )),
            },
        }
        Ok(())
    }

    /// The very bytes, with nothing after them when a program reads: their sha1 is the one that Harvester stores.
    fn print(&mut self, value: &str) -> std::io::Result<()> {
        if std::io::stdout().is_terminal() {
            return writeln!(self.out, "{}", printable_json(value));
        }
        self.printed += 1;
        if self.printed > 1 {
            writeln!(self.out)?;
        }
        self.out.write_all(value.as_bytes())
    }

    fn nothing(&mut self, name: &str) {
        if !self.allow_none {
            self.fail(format_args!(
                "{name} holds neither a value nor a manifest of the Setting vm-migration-network (harvesterhci.io)"
            ));
        }
    }

    fn fail(&mut self, what: impl std::fmt::Display) {
        complain(format_args!("error: {what}"));
        self.failures += 1;
    }
}

fn write(file: &ManifestFile, changes: &[(&Origin, &DocumentPath, String)]) -> anyhow::Result<()> {
    let changes: Vec<_> = changes
        .iter()
        .map(|(origin, place, value)| ValueChange { origin, document: place.start, pointer: place.value(), value })
        .collect();
    let text = rewrite(file, &changes)?;
    let written = replace(&file.path, &file.encoding.encode(&text));
    written.with_context(|| format!("{} can't be rewritten", QuotedPath(&file.path)))?;
    for change in &changes {
        complain(format_args!("{}: value rewritten: {}", change.origin, Line(change.value)));
    }
    Ok(())
}
