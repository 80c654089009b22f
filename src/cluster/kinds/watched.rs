//! The trait that each watched kind implements.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::resource::WatchedResource;
use crate::setting::facts::{Fact, Facts, ObjectName};

/// What is kept of each object of a kind, by name.
pub(super) type Extracts<K> = BTreeMap<ObjectName, <K as Watched>::Extract>;

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
    type Fact;

    /// What a rule needs of the object, if anything; or what is wrong with it, safe to print.
    ///
    /// `unreadable` says of which object that is, for an extract that keeps the reason itself.
    fn extract(self, unreadable: &dyn Fn(&str) -> Arc<str>) -> Result<Option<Self::Extract>, String>;

    /// Why a part of what is kept could not be read, for the log.
    fn unreadable_part(_: &Self::Extract) -> Option<&Arc<str>> {
        None
    }

    fn fact(all: &Extracts<Self>) -> Self::Fact;

    fn slot(facts: &mut Facts) -> &mut Fact<Self::Fact>;
}
