//! The files under the given paths.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::summary::{Skipped, Summary};
use crate::cli::output::complain;
use crate::escape::QuotedPath;
use crate::input::{Input, Reader, setting_with_value};
use crate::manifest::exclude::ExcludedPaths;
use crate::manifest::tree::{self, TreeFiles};
use crate::manifest::{self, BARE_VALUE, ManifestFile, STANDARD_INPUT};

pub(super) struct Paths {
    pub(super) reader: Reader,
    /// The files that ask something, in order, with what they ask; or why one can't be read.
    pub(super) found: Vec<Result<(ManifestFile, Vec<Input>), manifest::Error>>,
    pub(super) summary: Summary,
    exclude: ExcludedPaths,
    /// The files that say what is, not what is wanted: in a repository they may lie beside those to judge.
    aside: HashSet<PathBuf>,
}

impl Paths {
    pub(super) fn new(reader: Reader, exclude: ExcludedPaths, aside: HashSet<PathBuf>) -> Self {
        Self { reader, found: Vec::new(), summary: Summary::default(), exclude, aside }
    }

    /// A value as that of a manifest, and how that is named in what is said of it.
    pub(super) fn value(&mut self, value: &str) {
        let setting = setting_with_value(&value.into());
        self.file(Ok(ManifestFile::new(Path::new(BARE_VALUE), setting.to_string())), true);
    }

    pub(super) fn read(&mut self, path: &Path) {
        if path == STANDARD_INPUT {
            return self.file(ManifestFile::standard_input(), true);
        }
        // A file that is named twice is judged twice, one that a directory shows twice is not.
        let TreeFiles { files, left_out } = tree::find_submitted(path, &self.exclude);
        self.summary.skipped.extend(left_out.into_iter().map(|path| (path, Skipped::Excluded)));
        for file in files {
            match file {
                Ok(file) if file != *path && self.is_aside(&file) => {
                    self.summary.skipped.push((file, Skipped::OfCluster));
                }
                Ok(file) => self.file(ManifestFile::read(&file), file == *path),
                Err(error) => self.found.push(Err(error)),
            }
        }
    }

    fn file(&mut self, text: Result<ManifestFile, manifest::Error>, named: bool) {
        match text.and_then(|file| self.reader.read(&file).map(|found| (file, found))) {
            Ok((file, _)) if file.is_captured() => {
                complain(format_args!("note: {} is from a capture, so it is not reviewed", QuotedPath(&file.path)));
                self.summary.skipped.push((file.path.to_path_buf(), Skipped::Captured));
            }
            Ok((file, (inputs, ignored))) => {
                self.summary.ignored.merge(ignored);
                if !inputs.is_empty() {
                    self.found.push(Ok((file, inputs)));
                }
            }
            Err(error) if !named && error.is_unrelated() => {
                self.summary.skipped.push((error.path, Skipped::Foreign));
            }
            Err(error) => self.found.push(Err(error)),
        }
    }

    fn is_aside(&self, file: &Path) -> bool {
        file.canonicalize().is_ok_and(|file| self.aside.contains(&file))
    }
}

/// The files of `--cluster` and `--old`, by their true paths.
pub(super) fn aside(cluster: &[PathBuf], old: Option<&Path>) -> HashSet<PathBuf> {
    let files = tree::find(cluster).into_iter().flatten().chain(old.map(Path::to_owned));
    files.filter_map(|file| file.canonicalize().ok()).collect()
}
