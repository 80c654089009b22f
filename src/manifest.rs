//! Manifests of users: files and directories of YAML or JSON, or a stream.
//!
//! A file holds documents of YAML or JSON, a document an object or a `List` of them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::escape::QuotedPath;

pub mod document;
pub mod exclude;
pub mod fields;
mod file;
pub mod objects;
pub mod rewrite;
pub mod scalar;
pub mod tree;

pub use file::{BARE_VALUE, CAPTURE_MARK, ManifestFile, STANDARD_INPUT, replace};
pub use objects::objects;
pub use scalar::{Position, Scalar};

/// Why there is nothing to go on. Safe to print.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is nothing at {}; a path names a file or directory of YAML or JSON manifests", QuotedPath(.0))]
    Absent(PathBuf),
    #[error("{} can't be read: {why}", QuotedPath(path))]
    Io {
        path: PathBuf,
        /// Why. Not a source: the words are in the message already, and a chain of errors would say them twice.
        why: std::io::Error,
    },
    #[error("{} is larger than {} MiB, the most that is read of one file", QuotedPath(path), max >> 20)]
    TooLarge {
        path: PathBuf,
        /// What is read at most, in bytes.
        max: u64,
    },
    #[error("{} lies more than {max} directories deep, and is not read{hint}", QuotedPath(path))]
    TooDeep {
        path: PathBuf,
        max: usize,
        /// What gets past it, if anything does.
        hint: &'static str,
    },
    #[error("{} is not UTF-8 text; YAML or JSON manifests are", QuotedPath(path))]
    NotText { path: PathBuf, names_setting: bool },
    #[error("{} is not valid {format}: {why}", QuotedPath(path))]
    Syntax {
        path: PathBuf,
        /// `YAML` or `JSON`, whichever was expected.
        format: &'static str,
        at: Position,
        why: String,
        names_setting: bool,
    },
}

impl Error {
    fn io(path: &Path, why: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), why }
    }

    /// Whether the file is none of ours: it can't be parsed, and does not name the guarded Setting.
    pub const fn is_unrelated(&self) -> bool {
        matches!(self, Self::NotText { names_setting: false, .. } | Self::Syntax { names_setting: false, .. })
    }

    /// The place in the file: its start, where there is no other.
    pub const fn position(&self) -> Position {
        match self {
            Self::Syntax { at, .. } => *at,
            _ => Position::START,
        }
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::Absent(path)
            | Self::NotText { path, .. }
            | Self::TooDeep { path, .. }
            | Self::TooLarge { path, .. }
            | Self::Io { path, .. }
            | Self::Syntax { path, .. } => path,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
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
        let error = ManifestFile::read(Path::new("src")).unwrap_err();
        assert_eq!(format!("{:#}", anyhow::Error::new(error)), "\"src\" can't be read: Is a directory (os error 21)");
    }
}
