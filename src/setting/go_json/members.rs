//! One pass over the members of a JSON object or the items of an array, as slices of the text.

use std::fmt;

use serde::Deserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Unreadable;

/// Calls `read` with each key (its quotes and escapes as written) and value of an object, in order.
pub(super) fn each_member<'a>(
    text: &'a str,
    path: &str,
    read: impl FnMut(&'a str, &'a str) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    if !text.starts_with('{') {
        return Err(Unreadable::WrongType { field: path.to_owned(), expected: "an object" });
    }
    let (mut failure, mut json) = (None, serde_json::Deserializer::from_str(text));
    let walk = json.deserialize_map(Walk { read, failure: &mut failure }).and_then(|()| json.end());
    walked(walk, failure)
}

/// Calls `read` with each item of an array, in order.
pub(super) fn each_item<'a>(
    text: &'a str,
    field: impl FnOnce() -> String,
    read: impl FnMut(&'a str) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    if !text.starts_with('[') {
        return Err(Unreadable::WrongType { field: field(), expected: "an array of strings" });
    }
    let mut failure = None;
    walked(
        serde_json::Deserializer::from_str(text).deserialize_seq(Items(Walk { read, failure: &mut failure })),
        failure,
    )
}

fn walked(walk: Result<(), serde_json::Error>, failure: Option<Unreadable>) -> Result<(), Unreadable> {
    walk.map_err(|_| failure.unwrap_or(Unreadable::Syntax))
}

/// Carries our own error past serde, whose errors are text.
struct Walk<'w, F> {
    read: F,
    failure: &'w mut Option<Unreadable>,
}

impl<F> Walk<'_, F> {
    fn done<E: serde::de::Error>(&mut self, result: Result<(), Unreadable>) -> Result<(), E> {
        result.map_err(|unreadable| {
            *self.failure = Some(unreadable);
            E::custom("stopped")
        })
    }
}

impl<'de, F: FnMut(&'de str, &'de str) -> Result<(), Unreadable>> Visitor<'de> for Walk<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            let result = (self.read)(key.get(), value.get());
            self.done::<A::Error>(result)?;
        }
        Ok(())
    }
}

struct Items<'w, F>(Walk<'w, F>);

impl<'de, F: FnMut(&'de str) -> Result<(), Unreadable>> Visitor<'de> for Items<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<&RawValue>()? {
            let result = (self.0.read)(item.get());
            self.0.done::<A::Error>(result)?;
        }
        Ok(())
    }
}
