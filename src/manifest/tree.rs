//! The text of the manifests under the given paths.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::{Error, Text};

/// The most that is read of one file: more than all the facts of a large cluster.
pub const MAX_BYTES: u64 = 64 << 20;

/// Reads every manifest under the paths, each once.
///
/// # Errors
///
/// If a path names nothing, or a file can't be read, is too large or no text.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Text>, Error> {
    let mut tree = Tree::default();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|source| match source.kind() {
            ErrorKind::NotFound => Error::Absent(path.clone()),
            _ => io(path, source),
        })?;
        if metadata.is_dir() {
            tree.walk(path)?;
        } else {
            tree.add(path.clone());
        }
    }
    tree.files.iter().map(|path| text(path)).collect()
}

#[derive(Default)]
struct Tree {
    files: Vec<PathBuf>,
    /// The true paths of what was met: a mounted `ConfigMap` has each file twice, a symlink may lead back up.
    met: HashSet<PathBuf>,
}

impl Tree {
    fn walk(&mut self, directory: &Path) -> Result<(), Error> {
        if !self.is_new(directory) {
            return Ok(());
        }
        let entries = fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = entries.map_err(|source| io(directory, source))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => self.walk(&path)?,
                Ok(metadata) if metadata.is_file() && is_manifest(&path) => self.add(path),
                Err(source) if is_manifest(&path) => return Err(io(&path, source)),
                _ => {}
            }
        }
        Ok(())
    }

    fn add(&mut self, file: PathBuf) {
        if self.is_new(&file) {
            self.files.push(file);
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

fn text(path: &Path) -> Result<Text, Error> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|source| io(path, source))?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|source| io(path, source))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::TooLarge(path.to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|_| Error::NotText(path.to_owned()))?;
    Ok(Text { path: path.into(), text })
}

fn io(path: &Path, source: std::io::Error) -> Error {
    Error::Io { path: path.to_owned(), source }
}
