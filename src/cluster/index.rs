//! Turns objects into [`Facts`], for files and watches alike.
//!
//! Objects come and go one at a time. Of each only what a rule needs is kept.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::kinds::objects::Objects;
use super::kinds::read::Json;
use super::kinds::{self, KINDS, is_asked_for, object_name};
use crate::setting::facts::{FactKind, Facts, ObjectName};

/// What is known of each kind, in the order of [`KINDS`].
///
/// A clone shares each kind with its original until one of the two changes it.
#[derive(Debug)]
pub struct Index {
    kinds: Vec<Box<dyn Objects>>,
}

impl Default for Index {
    fn default() -> Self {
        Self { kinds: KINDS.iter().map(|kind| (kind.none)()).collect() }
    }
}

impl Clone for Index {
    fn clone(&self) -> Self {
        Self { kinds: self.kinds.iter().map(|objects| objects.share()).collect() }
    }
}

impl Index {
    /// Takes an object in, in the place of any of its name.
    ///
    /// `origin` is where it was read, for the reason if it can't be: `"node-0" can't be read: spec: …`, safe to print. Its
    /// kind of fact is then missing until it changes or goes. The index keeps the reason too, so the error is for the log.
    pub fn insert(
        &mut self,
        kind: FactKind,
        object: &Value,
        origin: Option<&dyn fmt::Display>,
    ) -> Result<(), Arc<str>> {
        self.put(kind, object_name(kind, object), Json::Value(object), origin)
    }

    /// As [`Self::insert`], with an object as an API server writes it.
    pub(crate) fn insert_json(&mut self, kind: FactKind, name: ObjectName, json: &str) -> Result<(), Arc<str>> {
        self.put(kind, name, Json::Text(json), None)
    }

    fn put(
        &mut self,
        kind: FactKind,
        name: ObjectName,
        json: Json<'_>,
        origin: Option<&dyn fmt::Display>,
    ) -> Result<(), Arc<str>> {
        if !is_asked_for(kind, &name.name) {
            return Ok(());
        }
        self.of_mut(kind).insert(name, json, origin)
    }

    /// Everything that is known.
    pub fn facts(&self) -> Facts {
        let mut facts = Facts::unknown("not listed yet");
        self.kinds.iter().for_each(|objects| objects.refresh(&mut facts));
        facts
    }

    /// What is known of one kind.
    pub(super) fn of(&self, kind: FactKind) -> &dyn Objects {
        &*self.kinds[kinds::position(kind)]
    }

    /// What is known of one kind, to be changed.
    pub(super) fn of_mut(&mut self, kind: FactKind) -> &mut dyn Objects {
        &mut *self.kinds[kinds::position(kind)]
    }
}

#[cfg(test)]
mod tests;
