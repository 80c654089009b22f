//! Manifests as users keep them: files and directories of YAML or JSON, or a stream.
//!
//! Paths name files or directories; of a directory, `*.yaml`, `*.yml` and `*.json` are read, in
//! sorted order and all the way down, but nothing whose name starts with a dot, and no policy suites
//! (`*.suite.yaml`). A file holds documents of YAML or JSON.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::escape::QuotedPath;

pub mod document;
pub mod objects;
mod place;
pub mod replace;
pub mod rewrite;
pub mod scalar;
pub mod strings;
pub mod tree;

pub use objects::objects;
pub use scalar::{Position, Scalar};

/// A file's text.
#[derive(Clone, Debug, Hash)]
pub struct ManifestFile {
    /// Where it was read.
    pub path: Arc<Path>,
    /// All of it.
    pub text: String,
}

/// Why there is nothing to go on. Safe to print.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path names nothing.
    #[error("there is nothing at {}; a path names a file or directory of YAML or JSON manifests", QuotedPath(.0))]
    Absent(PathBuf),
    /// A file or directory can't be read.
    #[error("{} can't be read: {why}", QuotedPath(path))]
    Io {
        /// Which.
        path: PathBuf,
        /// Why. Not a source: the words are in the message already, and a chain of errors would say them twice.
        why: std::io::Error,
    },
    /// A file is larger than is reasonable.
    #[error("{} is larger than {} MiB, the most that is read of one file", QuotedPath(path), max >> 20)]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// What is read at most, in bytes.
        max: u64,
    },
    /// A file is not text.
    #[error("{} is not UTF-8 text; YAML or JSON manifests are", QuotedPath(.0))]
    NotText(PathBuf),
    /// A file is neither YAML nor JSON.
    #[error("{} is not valid {format}: {why}", QuotedPath(path))]
    Syntax {
        /// Which.
        path: PathBuf,
        /// `YAML` or `JSON`, whichever was expected.
        format: &'static str,
        /// Where.
        at: Position,
        /// What is wrong and where, in words.
        why: String,
    },
}

impl Error {
    /// The place in the file: its start, where there is no other.
    #[must_use]
    pub const fn position(&self) -> Position {
        match self {
            Self::Syntax { at, .. } => *at,
            _ => Position::START,
        }
    }

    /// The path that is to blame.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Absent(path)
            | Self::NotText(path)
            | Self::TooLarge { path, .. }
            | Self::Io { path, .. }
            | Self::Syntax { path, .. } => path,
        }
    }
}

/// Where an object was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub path: Arc<Path>,
    /// The line in which its document starts, from 1.
    pub line: usize,
    /// Its place in the document's list, from 0.
    pub item: Option<usize>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}", QuotedPath(&self.path), self.line)?;
        self.item.map_or(Ok(()), |item| write!(f, " items[{item}]"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_given_once() {
        let error = tree::text(Path::new("src")).unwrap_err();
        assert_eq!(format!("{:#}", anyhow::Error::new(error)), "\"src\" can't be read: Is a directory (os error 21)");
    }
}
