//! How mutation changes a submitted string.

/// What mutation did to a string.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mutation {
    /// Stored as submitted.
    #[default]
    Unchanged,
    /// White space became the empty string.
    Emptied,
    /// The stored bytes took its place: it meant the same.
    Restored(String),
    /// The canonical form took its place.
    Rewritten(String),
}

impl Mutation {
    /// Its name, for logs, metrics and reports.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unchanged => "kept",
            Self::Emptied => "emptied",
            Self::Restored(_) => "restored",
            Self::Rewritten(_) => "rewritten",
        }
    }

    /// The string that is stored instead of the submitted one.
    pub fn replacement(&self) -> Option<&str> {
        match self {
            Self::Unchanged => None,
            Self::Emptied => Some(""),
            Self::Restored(text) | Self::Rewritten(text) => Some(text),
        }
    }
}
