//! Manifests of users: files and directories of YAML or JSON, or a stream.
//!
//! A file holds documents of YAML or JSON, a document an object or a `List` of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

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
#[error("{message}")]
pub struct Error {
    pub path: PathBuf,
    /// The place in the file: its start, where there is no other.
    pub at: Position,
    pub kind: ErrorKind,
    message: String,
}

/// What can be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The path names nothing.
    Absent,
    /// The file is none of ours: it can't be parsed, and does not name the guarded Setting.
    Unrelated,
    Other,
}

impl Error {
    fn new(path: &Path, message: String) -> Self {
        Self { path: path.to_owned(), at: Position::START, kind: ErrorKind::Other, message }
    }

    /// It has no source: the words are in the message already, and a chain of errors would say them twice.
    fn io(path: &Path, why: &io::Error) -> Self {
        Self::new(path, format!("{} can't be read: {why}", QuotedPath(path)))
    }

    fn absent(path: &Path) -> Self {
        let shown = QuotedPath(path);
        let message =
            format!("there is nothing at {shown}; a path names a file or directory of YAML or JSON manifests");
        Self { kind: ErrorKind::Absent, ..Self::new(path, message) }
    }

    /// A file that can't be parsed.
    fn unparsed(path: &Path, at: Position, names_setting: bool, message: String) -> Self {
        let kind = if names_setting { ErrorKind::Other } else { ErrorKind::Unrelated };
        Self { at, kind, ..Self::new(path, message) }
    }

    pub fn is_unrelated(&self) -> bool {
        self.kind == ErrorKind::Unrelated
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
