//! What is to be judged: the files under the paths that were named.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::summary::{Skipped, Summary};
use crate::input::{Input, Reader};
use crate::manifest::tree::{self, STANDARD_INPUT};
use crate::manifest::{self, ManifestFile};
use crate::setting::SETTING;

/// A file with what it asks, or why it can't be read.
type FoundFile = Result<(ManifestFile, Vec<Input>), manifest::Error>;

/// All that was named.
pub(super) struct Paths {
    pub(super) reader: Reader,
    /// The files that ask something, in order.
    pub(super) found: Vec<FoundFile>,
    pub(super) summary: Summary,
    /// The files that say what is, not what is wanted: in a repository they may lie beside those to judge.
    aside: HashSet<PathBuf>,
}

impl Paths {
    pub(super) fn new(reader: Reader, cluster: &[PathBuf], old: Option<&Path>) -> Self {
        let files = tree::find(cluster).into_iter().flatten().chain(old.map(Path::to_owned));
        let aside = files.filter_map(|file| file.canonicalize().ok()).collect();
        Self { reader, found: Vec::new(), summary: Summary::default(), aside }
    }

    pub(super) fn read(&mut self, path: &Path) {
        if path == STANDARD_INPUT {
            return self.file(tree::standard_input(), true);
        }
        // A file that is named twice is judged twice, one that a directory shows twice is not.
        for file in tree::find(&[path.to_owned()]) {
            match file {
                Ok(file) if file != *path && self.is_aside(&file) => {
                    self.summary.skipped.push((file, Skipped::OfCluster));
                }
                Ok(file) => self.file(tree::text(&file), file == *path),
                Err(error) => self.found.push(Err(error)),
            }
        }
    }

    fn file(&mut self, text: Result<ManifestFile, manifest::Error>, named: bool) {
        match text.and_then(|file| self.reader.read(&file).map(|found| (file, found))) {
            Ok((file, (inputs, ignored))) => {
                self.summary.ignored.merge(ignored);
                if !inputs.is_empty() {
                    self.found.push(Ok((file, inputs)));
                }
            }
            Err(error) if !named && is_foreign(&error) => {
                self.summary.skipped.push((error.path().to_owned(), Skipped::Foreign));
            }
            Err(error) => self.found.push(Err(error)),
        }
    }

    fn is_aside(&self, file: &Path) -> bool {
        file.canonicalize().is_ok_and(|file| self.aside.contains(&file))
    }
}

/// Whether a file that can't be read as manifests does not name the Setting either, in whatever encoding.
fn is_foreign(error: &manifest::Error) -> bool {
    if !matches!(error, manifest::Error::Syntax { .. } | manifest::Error::NotText(_)) {
        return false;
    }
    let Ok(mut bytes) = fs::read(error.path()) else { return false };
    // In UTF-16 every other byte of the name is 0.
    bytes.retain(|byte| *byte != 0);
    !bytes.windows(SETTING.len()).any(|window| window == SETTING.as_bytes())
}
