//! The text of the manifests under the given paths.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::{Error, Text};

/// The most that is read of one file: more than all the facts of a large cluster.
pub const MAX_BYTES: u64 = 64 << 20;
/// The path that stands for standard input.
pub const STANDARD_INPUT: &str = "-";

/// Reads every manifest under the paths, each once.
///
/// # Errors
///
/// If a path names nothing, or a file can't be read, is too large or no text.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Text>, Error> {
    find(paths).into_iter().map(|file| text(&file?)).collect()
}

/// The manifests under the paths, each once and in order; where something can't be looked at, why.
#[must_use]
pub fn find(paths: &[PathBuf]) -> Vec<Result<PathBuf, Error>> {
    let mut tree = Tree::default();
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

#[derive(Default)]
struct Tree {
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
                Ok(metadata) if metadata.is_file() && is_manifest(&path) => self.add(path),
                Err(source) if is_manifest(&path) => self.found.push(Err(io(&path, source))),
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

fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Reads one file.
///
/// # Errors
///
/// If it can't be read, is too large or no text.
pub fn text(path: &Path) -> Result<Text, Error> {
    text_of(File::open(path).map_err(|source| io(path, source))?, path)
}

/// Reads what is piped in, under the name [`STANDARD_INPUT`].
///
/// # Errors
///
/// As [`text`].
pub fn standard_input() -> Result<Text, Error> {
    text_of(std::io::stdin().lock(), Path::new(STANDARD_INPUT))
}

fn text_of(source: impl Read, path: &Path) -> Result<Text, Error> {
    let mut bytes = Vec::new();
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|source| io(path, source))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::TooLarge(path.to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|_| Error::NotText(path.to_owned()))?;
    Ok(Text { path: path.into(), text })
}

fn io(path: &Path, source: std::io::Error) -> Error {
    Error::Io { path: path.to_owned(), source }
}
