//! A place in a file.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::escape::Line;
use crate::manifest::Position;

/// A place in a file. Line and column count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Location {
    /// The file, as the user named it.
    #[serde(rename = "file", serialize_with = "lossy")]
    pub path: Arc<Path>,
    pub line: usize,
    pub column: usize,
}

impl Location {
    pub fn new(path: impl Into<Arc<Path>>, Position { line, column }: Position) -> Self {
        Self { path: path.into(), line, column }
    }
}

/// `path:line:column`, which editors and terminals make a link of.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", Line(&self.path.to_string_lossy()), self.line, self.column)
    }
}

fn lossy<S: Serializer>(path: &Arc<Path>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}
