//! The objects of one kind.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::read::{Json, read};
use super::watched::{Extracts, Watched};
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

/// What is kept of each object, and why the others can't be read.
pub(super) struct OfKind<K: Watched> {
    kept: Arc<Extracts<K>>,
    undecodable: Arc<BTreeMap<ObjectName, Arc<str>>>,
    changed: bool,
}

/// Not derived: neither this nor a copy needs anything of `K`.
impl<K: Watched> Default for OfKind<K> {
    fn default() -> Self {
        Self { kept: Arc::default(), undecodable: Arc::default(), changed: false }
    }
}

impl<K: Watched> fmt::Debug for OfKind<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (&self.kept, &self.undecodable).fmt(f)
    }
}

impl<K: Watched> Objects for OfKind<K> {
    fn insert(&mut self, name: ObjectName, json: Json<'_>, origin: Option<&dyn fmt::Display>) -> Result<(), Arc<str>> {
        let extract = match read::<K>(json) {
            Ok(_) if name.name.is_empty() => Err("metadata.name is missing".to_owned()),
            Ok(object) => object.extract(),
            Err(unreadable) => Err(unreadable.to_string()),
        };
        match extract {
            Ok(mut extract) => {
                let part = extract.as_mut().and_then(K::unreadable_part).map(|why| {
                    *why = unreadable(&name, why, origin);
                    Arc::clone(why)
                });
                let known = take(&mut self.undecodable, &name).is_none();
                self.changed |= !known || self.kept.get(&name) != extract.as_ref();
                match extract {
                    Some(extract) => Arc::make_mut(&mut self.kept).insert(name, extract),
                    None => take(&mut self.kept, &name),
                };
                part.map_or(Ok(()), Err)
            }
            Err(why) => {
                let why = unreadable(&name, &why, origin);
                let kept = take(&mut self.kept, &name).is_some();
                self.changed |= kept || self.undecodable.get(&name) != Some(&why);
                Arc::make_mut(&mut self.undecodable).insert(name, Arc::clone(&why));
                Err(why)
            }
        }
    }

    fn remove(&mut self, name: &ObjectName) {
        self.changed |= take(&mut self.kept, name).is_some();
        self.changed |= take(&mut self.undecodable, name).is_some();
    }

    fn retain(&mut self, wanted: &dyn Fn(&ObjectName) -> bool) {
        self.changed |= retain(&mut self.kept, wanted);
        self.changed |= retain(&mut self.undecodable, wanted);
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

    fn refresh(&self, facts: &mut Facts) {
        let why: Option<Arc<str>> = match (self.undecodable.values().next(), self.undecodable.len()) {
            (None, _) => K::NEVER_NONE.filter(|_| self.kept.is_empty()).map(Into::into),
            (Some(why), 1) => Some(Arc::clone(why)),
            (Some(why), count) => Some(format!("{why}; and {} more", count - 1).into()),
        };
        match why {
            Some(why) => facts.lose(Missing { kind: K::RESOURCE.kind, why }),
            None => K::put(&self.kept, facts),
        }
    }

    fn share(&self) -> Box<dyn Objects> {
        let Self { kept, undecodable, changed } = self;
        Box::new(Self { kept: Arc::clone(kept), undecodable: Arc::clone(undecodable), changed: *changed })
    }
}

/// Takes an entry out; a map that has none stays shared.
fn take<T: Clone>(map: &mut Arc<BTreeMap<ObjectName, T>>, name: &ObjectName) -> Option<T> {
    if map.contains_key(name) { Arc::make_mut(map).remove(name) } else { None }
}

/// Whether any entry had to go; a map where none has stays shared.
fn retain<T: Clone>(map: &mut Arc<BTreeMap<ObjectName, T>>, wanted: &dyn Fn(&ObjectName) -> bool) -> bool {
    let any = !map.keys().all(wanted);
    if any {
        Arc::make_mut(map).retain(|name, _| wanted(name));
    }
    any
}

fn unreadable(name: &ObjectName, why: &str, origin: Option<&dyn fmt::Display>) -> Arc<str> {
    let quoted = Quoted(&name.name);
    match origin {
        Some(origin) => format!("{quoted} can't be read: {why}, in {origin}"),
        None => format!("{quoted} can't be read: {why}"),
    }
    .into()
}
