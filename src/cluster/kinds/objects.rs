//! The objects of one kind.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::read::{self, Json, read};
use super::watched::Watched;
use crate::escape::Quoted;
use crate::setting::facts::{Facts, Missing, ObjectName};

/// What an index does with the objects of any kind.
pub(in crate::cluster) trait Objects: fmt::Debug + Send + Sync {
    /// Takes an object in, in the place of any of its name; or keeps it as one that can't be read, for the reason given
    /// back.
    fn insert(&mut self, name: ObjectName, json: Json<'_>, origin: Option<&dyn fmt::Display>) -> Result<(), Arc<str>>;
    fn remove(&mut self, name: &ObjectName);
    fn retain(&mut self, wanted: &dyn Fn(&ObjectName) -> bool);
    /// Whether anything of the object is kept, be it that it can't be read.
    fn holds(&self, name: &ObjectName) -> bool;
    /// How many objects are kept, and how many can't be read.
    fn counts(&self) -> (usize, usize);
    /// Whether anything has changed since this was last asked.
    fn take_changed(&mut self) -> bool;
    fn refresh(&self, facts: &mut Facts);
    /// A copy, which shares everything until one of the two changes.
    fn share(&self) -> Box<dyn Objects>;
}

/// What is kept of each object, or why it can't be read.
type Readings<K> = BTreeMap<ObjectName, Result<<K as Watched>::Extract, Arc<str>>>;

pub(super) struct OfKind<K: Watched> {
    known: Arc<Readings<K>>,
    changed: bool,
}

/// Not derived: neither this nor a copy needs anything of `K`.
impl<K: Watched> Default for OfKind<K> {
    fn default() -> Self {
        Self { known: Arc::default(), changed: false }
    }
}

impl<K: Watched> fmt::Debug for OfKind<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.known.fmt(f)
    }
}

impl<K: Watched> Objects for OfKind<K> {
    fn insert(&mut self, name: ObjectName, json: Json<'_>, origin: Option<&dyn fmt::Display>) -> Result<(), Arc<str>> {
        let unreadable = |why: &str| unreadable(&name, why, origin);
        let extract = match read::<K>(json) {
            Ok(_) if name.name.is_empty() => Err("metadata.name is missing".to_owned()),
            Ok(object) => object.extract(),
            Err(unreadable) => Err(read::why(&unreadable)),
        };
        let mut extract = extract.map_err(|why| unreadable(&why));
        let mut outcome = extract.as_ref().map(|_| ()).map_err(Arc::clone);
        if let Ok(Some(extract)) = &mut extract
            && let Some(why) = K::unreadable_part(extract)
        {
            *why = unreadable(why);
            outcome = Err(Arc::clone(why));
        }
        match extract.transpose() {
            Some(news) if self.known.get(&name) != Some(&news) => {
                Arc::make_mut(&mut self.known).insert(name, news);
                self.changed = true;
            }
            Some(_) => {}
            None => self.remove(&name),
        }
        outcome
    }

    // A map in which nothing changes stays shared.

    fn remove(&mut self, name: &ObjectName) {
        if self.known.contains_key(name) {
            Arc::make_mut(&mut self.known).remove(name);
            self.changed = true;
        }
    }

    fn retain(&mut self, wanted: &dyn Fn(&ObjectName) -> bool) {
        if !self.known.keys().all(wanted) {
            Arc::make_mut(&mut self.known).retain(|name, _| wanted(name));
            self.changed = true;
        }
    }

    fn holds(&self, name: &ObjectName) -> bool {
        self.known.contains_key(name)
    }

    fn counts(&self) -> (usize, usize) {
        let kept = self.known.values().filter(|known| known.is_ok()).count();
        (kept, self.known.len() - kept)
    }

    fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    fn refresh(&self, facts: &mut Facts) {
        let mut unreadable = self.known.values().filter_map(|known| known.as_ref().err());
        let why: Option<Arc<str>> = match (unreadable.next(), unreadable.count()) {
            (None, _) => K::NEVER_NONE.filter(|_| self.known.is_empty()).map(Into::into),
            (Some(why), 0) => Some(Arc::clone(why)),
            (Some(why), more) => Some(format!("{why}; and {more} more").into()),
        };
        match why {
            Some(why) => facts.lose(Missing { kind: K::RESOURCE.kind, why }),
            None => K::put(&mut self.known.iter().filter_map(|(name, kept)| Some((name, kept.as_ref().ok()?))), facts),
        }
    }

    fn share(&self) -> Box<dyn Objects> {
        Box::new(Self { known: Arc::clone(&self.known), changed: self.changed })
    }
}

fn unreadable(name: &ObjectName, why: &str, origin: Option<&dyn fmt::Display>) -> Arc<str> {
    let quoted = Quoted(&name.name);
    match origin {
        Some(origin) => format!("{quoted} can't be read: {why}, in {origin}"),
        None => format!("{quoted} can't be read: {why}"),
    }
    .into()
}
