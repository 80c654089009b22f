//! Files under the given paths, and their text.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::{Error, ManifestFile};

/// The most that is read of one file: more than all the facts of a large cluster.
pub const MAX_BYTES: u64 = 64 << 20;
/// The path that stands for standard input.
pub const STANDARD_INPUT: &str = "-";

/// Reads every manifest under the paths, each once.
///
/// # Errors
///
/// If a path names nothing, or a file can't be read, is too large or no text.
pub fn read(paths: &[PathBuf]) -> Result<Vec<ManifestFile>, Error> {
    find(paths).into_iter().map(|file| text(&file?)).collect()
}

/// The manifests under the paths, each once and in order; where something can't be looked at, why.
#[must_use]
pub fn find(paths: &[PathBuf]) -> Vec<Result<PathBuf, Error>> {
    files(paths, is_manifest)
}

/// The policy suites under the paths, each once and in order; where something can't be looked at, why.
#[must_use]
pub fn find_suites(paths: &[PathBuf]) -> Vec<Result<PathBuf, Error>> {
    files(paths, is_suite)
}

fn files(paths: &[PathBuf], wanted: fn(&Path) -> bool) -> Vec<Result<PathBuf, Error>> {
    let mut tree = Tree { wanted, found: Vec::new(), met: HashSet::new() };
    for path in paths {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => tree.walk(path),
            Ok(_) => tree.add(path.clone()),
            Err(source) if source.kind() == ErrorKind::NotFound => tree.found.push(Err(Error::Absent(path.clone()))),
            Err(source) => tree.found.push(Err(io(path, source))),
        }
    }
    tree.found
}

struct Tree {
    wanted: fn(&Path) -> bool,
    found: Vec<Result<PathBuf, Error>>,
    /// The true paths of what was met: a mounted `ConfigMap` has each file twice, a symlink may lead back up.
    met: HashSet<PathBuf>,
}

impl Tree {
    fn walk(&mut self, directory: &Path) {
        if !self.is_new(directory) {
            return;
        }
        let entries = fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(source) => return self.found.push(Err(io(directory, source))),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => self.walk(&path),
                Ok(metadata) if metadata.is_file() && (self.wanted)(&path) => self.add(path),
                Err(source) if (self.wanted)(&path) => self.found.push(Err(io(&path, source))),
                _ => {}
            }
        }
    }

    fn add(&mut self, file: PathBuf) {
        if self.is_new(&file) {
            self.found.push(Ok(file));
        }
    }

    fn is_new(&mut self, path: &Path) -> bool {
        // A pipe has no true path.
        self.met.insert(path.canonicalize().unwrap_or_else(|_| path.to_owned()))
    }
}

/// Whether a file is a policy suite, by its name: `*.suite.yaml`, `*.suite.yml` or `*.suite.json`.
fn is_suite(path: &Path) -> bool {
    let stem = path.file_stem().map(Path::new).and_then(Path::extension);
    has_extension(path) && stem.is_some_and(|extension| extension.eq_ignore_ascii_case("suite"))
}

/// Suites lie beside manifests, but are none.
fn is_manifest(path: &Path) -> bool {
    has_extension(path) && !is_suite(path)
}

fn has_extension(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Reads one file.
///
/// # Errors
///
/// If it can't be read, is too large or no text.
pub fn text(path: &Path) -> Result<ManifestFile, Error> {
    text_within(path, MAX_BYTES)
}

/// Reads one file of a kind that is smaller than most.
///
/// # Errors
///
/// As [`text`], of more than `max` bytes.
pub fn text_within(path: &Path, max: u64) -> Result<ManifestFile, Error> {
    text_of(File::open(path).map_err(|source| io(path, source))?, path, max)
}

/// Reads what is piped in, under the name [`STANDARD_INPUT`].
///
/// # Errors
///
/// As [`text`].
pub fn standard_input() -> Result<ManifestFile, Error> {
    text_of(std::io::stdin().lock(), Path::new(STANDARD_INPUT), MAX_BYTES)
}

fn text_of(source: impl Read, path: &Path, max: u64) -> Result<ManifestFile, Error> {
    let mut bytes = Vec::new();
    source.take(max + 1).read_to_end(&mut bytes).map_err(|why| io(path, why))?;
    if bytes.len() as u64 > max {
        return Err(Error::TooLarge { path: path.to_owned(), max });
    }
    let text = String::from_utf8(bytes).map_err(|_| Error::NotText(path.to_owned()))?;
    Ok(ManifestFile { path: path.into(), text })
}

fn io(path: &Path, why: std::io::Error) -> Error {
    Error::Io { path: path.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_told_from_manifests_by_name() {
        for (name, suite, manifest) in [
            ("a.suite.yaml", true, false),
            ("dir/A.SUITE.YML", true, false),
            ("a.suite.json", true, false),
            ("suite.yaml", false, true),
            ("a.suite", false, false),
            ("a.suite.txt", false, false),
            ("a.suite.yaml.bak", false, false),
            ("setting.yaml", false, true),
        ] {
            assert_eq!((is_suite(Path::new(name)), is_manifest(Path::new(name))), (suite, manifest), "{name}");
        }
    }
}
