//! The files under the given paths.
//!
//! Paths name files or directories. Of a directory, `*.yaml`, `*.yml` and `*.json` are read, in sorted order and all the
//! way down, but no policy suites (`*.suite.yaml`).

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::exclude::{ExcludedPaths, Rules};
use super::{Error, ManifestFile};
use crate::escape::QuotedPath;

const MAX_DEPTH: usize = 64;

#[derive(Debug, Default)]
pub struct TreeFiles {
    /// Each once and in order; where something can't be looked at, why.
    pub files: Vec<Result<PathBuf, Error>>,
    /// What a rule leaves out: files, and directories with all that is in them.
    pub left_out: Vec<PathBuf>,
}

/// Reads every manifest under the paths, each once.
pub fn read(paths: &[PathBuf]) -> Result<Vec<ManifestFile>, Error> {
    find(paths).into_iter().map(|file| ManifestFile::read(&file?)).collect()
}

/// The manifests under the paths, but for what is hidden by its name.
pub fn find(paths: &[PathBuf]) -> Vec<Result<PathBuf, Error>> {
    files(paths, is_manifest)
}

/// The policy suites under the paths, but for what is hidden by its name.
pub fn find_suites(paths: &[PathBuf]) -> Vec<Result<PathBuf, Error>> {
    files(paths, is_suite)
}

/// The manifests of a repository: what is hidden too, but not what is excluded, or ignored by Git.
pub fn find_submitted(path: &Path, exclude: &ExcludedPaths) -> TreeFiles {
    let mut tree = Tree { rules: Some(Rules::of(path, exclude)), ..Tree::new(is_manifest) };
    tree.start(path);
    TreeFiles { files: tree.found, left_out: tree.left_out }
}

fn files(paths: &[PathBuf], wanted: fn(&Path) -> bool) -> Vec<Result<PathBuf, Error>> {
    let mut tree = Tree::new(wanted);
    for path in paths {
        tree.start(path);
    }
    tree.found
}

struct Tree {
    wanted: fn(&Path) -> bool,
    /// The rules of a repository, of which the hidden files are read too.
    rules: Option<Rules>,
    found: Vec<Result<PathBuf, Error>>,
    left_out: Vec<PathBuf>,
    /// The true paths of what was met: a mounted `ConfigMap` has each file twice, a symlink may lead back up.
    met: HashSet<PathBuf>,
}

impl Tree {
    fn new(wanted: fn(&Path) -> bool) -> Self {
        Self { wanted, rules: None, found: Vec::new(), left_out: Vec::new(), met: HashSet::new() }
    }

    fn start(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.walk(path, 0),
            Ok(_) => self.add(path.to_owned()),
            Err(why) if why.kind() == ErrorKind::NotFound => self.found.push(Err(Error::absent(path))),
            Err(why) => self.found.push(Err(Error::io(path, &why))),
        }
    }

    fn walk(&mut self, directory: &Path, depth: usize) {
        if depth > MAX_DEPTH {
            let hint = if self.rules.is_some() { "; leave it out with --exclude" } else { "" };
            let shown = QuotedPath(directory);
            let message = format!("{shown} lies more than {MAX_DEPTH} directories deep, and is not read{hint}");
            return self.found.push(Err(Error::new(directory, message)));
        }
        if !self.is_new(directory) {
            return;
        }
        let entries = fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut names: Vec<_> = match entries {
            Ok(entries) => entries.into_iter().map(|entry| entry.file_name()).collect(),
            Err(why) => return self.found.push(Err(Error::io(directory, &why))),
        };
        // A mounted ConfigMap keeps what its names lead to in directories that begin with two dots.
        names.sort_by_cached_key(|name| (name.as_encoded_bytes().starts_with(b".."), name.clone()));
        let ruled = self.rules.as_ref().map_or(0, |rules| rules.git.len());
        if let Some(rules) = self.rules.as_mut().filter(|_| names.iter().any(|name| name == ".gitignore")) {
            rules.enter(directory);
        }
        let is_repository = self.rules.is_some();
        let skips =
            |name: &OsStr| if is_repository { name == ".git" } else { name.as_encoded_bytes().starts_with(b".") };
        for name in names.into_iter().filter(|name| !skips(name)) {
            let path = directory.join(name);
            let metadata = fs::metadata(&path);
            let is_directory = metadata.as_ref().is_ok_and(fs::Metadata::is_dir);
            if !is_directory && !(self.wanted)(&path) {
                continue;
            }
            match metadata {
                _ if self.rules.as_ref().is_some_and(|rules| rules.leave_out(&path, is_directory)) => {
                    self.left_out.push(path);
                }
                Ok(_) if is_directory => self.walk(&path, depth + 1),
                Ok(metadata) if metadata.is_file() => self.add(path),
                Ok(_) => {}
                Err(why) => self.found.push(Err(Error::io(&path, &why))),
            }
        }
        if let Some(rules) = &mut self.rules {
            rules.git.truncate(ruled);
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

#[cfg(test)]
mod tests;
