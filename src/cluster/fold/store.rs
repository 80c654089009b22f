//! The objects of one kind.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::object_name;
use super::shrink::Shrunk;
use crate::cluster::resources::{Metadata, is_asked_for, section};
use crate::escape::Quoted;
use crate::setting::facts::{Fact, FactKind, Missing, ObjectName};

pub(super) type Kept<T> = BTreeMap<ObjectName, T>;

/// What is kept of each object, and those that can't be read. A clone shares both until it is written to.
#[derive(Debug)]
pub(super) struct Store<T> {
    kept: Arc<Kept<T>>,
    undecodable: Arc<Kept<Arc<str>>>,
    /// Whether either differs from what it was when this was last asked.
    changed: bool,
}

impl<T> Default for Store<T> {
    fn default() -> Self {
        Self { kept: Arc::default(), undecodable: Arc::default(), changed: false }
    }
}

/// Not derived: a shared store needs no `T: Clone`.
impl<T> Clone for Store<T> {
    fn clone(&self) -> Self {
        Self { kept: Arc::clone(&self.kept), undecodable: Arc::clone(&self.undecodable), changed: self.changed }
    }
}

/// What a store does for any kind.
pub(super) trait Objects {
    /// Lets an object go.
    fn remove(&mut self, name: &ObjectName);
    /// Keeps an object as one that can't be read, in the place of any of its name.
    fn refuse(&mut self, name: ObjectName, why: Arc<str>);
    /// Whether anything of the object is kept, be it that it can't be read.
    fn holds(&self, name: &ObjectName) -> bool;
    /// How many objects are kept, and how many can't be read.
    fn counts(&self) -> (usize, usize);
    /// Whether anything has changed since this was last asked.
    fn take_changed(&mut self) -> bool;
}

impl<T: Clone + PartialEq> Store<T> {
    pub(super) fn insert(
        &mut self,
        kind: FactKind,
        object: &Value,
        origin: Option<&dyn fmt::Display>,
        shrink: impl FnOnce(&Metadata<'_>, &Value) -> Shrunk<T>,
    ) -> Result<(), Arc<str>> {
        let name = object_name(kind, object);
        if !is_asked_for(kind, &name.name) {
            return Ok(());
        }
        let rest = match section::<Metadata<'_>>(object, "metadata") {
            Ok(metadata) if metadata.name.is_some_and(|name| !name.is_empty()) => shrink(&metadata, object),
            Ok(_) => Err("metadata.name is missing".to_owned()),
            Err(why) => Err(why),
        };
        match rest {
            Ok(kept) => {
                self.put(name, kept);
                Ok(())
            }
            Err(why) => {
                let why = unreadable(&name, &why, origin);
                self.refuse(name, Arc::clone(&why));
                Err(why)
            }
        }
    }

    pub(super) fn get(&self, name: &ObjectName) -> Option<&T> {
        self.kept.get(name)
    }

    fn put(&mut self, name: ObjectName, kept: Option<T>) {
        let known = take(&mut self.undecodable, &name).is_none();
        self.changed |= !known || self.kept.get(&name) != kept.as_ref();
        match kept {
            Some(kept) => Arc::make_mut(&mut self.kept).insert(name, kept),
            None => take(&mut self.kept, &name),
        };
    }

    /// Takes what a new list holds in the place of all that was known, or of what was known of one name.
    pub(super) fn adopt(&mut self, mut listed: Self, only: Option<&ObjectName>) {
        if let Some(only) = only {
            let (kept, undecodable) = (take(&mut listed.kept, only), take(&mut listed.undecodable, only));
            match undecodable {
                Some(why) => self.refuse(only.clone(), why),
                None => self.put(only.clone(), kept),
            }
            return;
        }
        self.changed |= self.kept != listed.kept || self.undecodable != listed.undecodable;
        (self.kept, self.undecodable) = (listed.kept, listed.undecodable);
    }

    /// Whether the two hold the very same objects in the very same place.
    #[cfg(test)]
    pub(super) fn shares(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.kept, &other.kept)
    }

    pub(super) fn fact<F>(&self, kind: FactKind, fold: impl FnOnce(&Kept<T>) -> F) -> Fact<F> {
        let Some(why) = self.undecodable.values().next() else {
            return Ok(Arc::new(fold(&self.kept)));
        };
        let why = match self.undecodable.len() - 1 {
            0 => Arc::clone(why),
            more => format!("{why}; and {more} more").into(),
        };
        Err(Missing { kind, why })
    }
}

impl<T: Clone + PartialEq> Objects for Store<T> {
    fn remove(&mut self, name: &ObjectName) {
        let kept = take(&mut self.kept, name).is_some();
        self.changed |= take(&mut self.undecodable, name).is_some() || kept;
    }

    fn refuse(&mut self, name: ObjectName, why: Arc<str>) {
        let kept = take(&mut self.kept, &name).is_some();
        self.changed |= kept || self.undecodable.get(&name) != Some(&why);
        Arc::make_mut(&mut self.undecodable).insert(name, why);
    }

    fn holds(&self, name: &ObjectName) -> bool {
        self.kept.contains_key(name) || self.undecodable.contains_key(name)
    }

    fn counts(&self) -> (usize, usize) {
        (self.kept.len(), self.undecodable.len())
    }

    fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }
}

/// Takes an entry out; a map that has none stays shared.
fn take<T: Clone>(map: &mut Arc<Kept<T>>, name: &ObjectName) -> Option<T> {
    if map.contains_key(name) { Arc::make_mut(map).remove(name) } else { None }
}

/// Why an object is no fact, safe to print.
pub(super) fn unreadable(name: &ObjectName, why: &str, origin: Option<&dyn fmt::Display>) -> Arc<str> {
    let quoted = Quoted(&name.name);
    match origin {
        Some(origin) => format!("{quoted} can't be read: {why}, in {origin}"),
        None => format!("{quoted} can't be read: {why}"),
    }
    .into()
}
