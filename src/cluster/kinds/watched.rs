//! The trait that each watched kind implements.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::resource::WatchedResource;
use crate::setting::facts::{Facts, ObjectName};

/// What is kept of each object of a kind, by name and in its order.
pub(super) type Extracts<'a, K> = &'a mut dyn Iterator<Item = (&'a ObjectName, &'a <K as Watched>::Extract)>;

/// An object of a kind that is watched, with the fields that the rules read.
///
/// What is read must have its type: a guess about a cluster is worth less than a refusal that names the object.
pub(super) trait Watched: Serialize + DeserializeOwned + 'static {
    const RESOURCE: WatchedResource;
    /// The objects that are watched; none for all of them.
    const NAMES: &'static [&'static str] = &[];
    /// Why there can't be none of them, where that is so.
    const NEVER_NONE: Option<&'static str> = None;
    /// What is kept of an object. An ended migration leaves nothing, so memory follows the facts and not the cluster.
    type Extract: Clone + PartialEq + fmt::Debug + Send + Sync;

    /// What a rule needs of the object, if anything; or what is wrong with it, safe to print.
    fn extract(self) -> Result<Option<Self::Extract>, String>;

    /// Why a part of what is kept could not be read. The index adds of which object that is.
    fn unreadable_part(_: &mut Self::Extract) -> Option<&mut Arc<str>> {
        None
    }

    /// Puts the fact that the objects make together among the others.
    fn put(all: Extracts<'_, Self>, facts: &mut Facts);
}
