//! What a user submitted, read strictly and as far as it can be read.
//!
//! Each member is judged on its own, so one pass finds every mistake. A text of the largest size the API
//! server takes may be a million mistakes: only the first few are kept, the rest are counted.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::field::{FieldPath, Key, PlainKey};
use super::json::{self, Kind};
use super::problem::Problem;
use super::suggest;
use crate::escape::Excerpt;

/// The most problems that are listed one by one.
pub const MAX_LISTED: usize = 50;

/// Problems in the order found: the first few, and how many more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    listed: Vec<(FieldPath, Problem)>,
    more: usize,
}

impl Problems {
    /// Adds a problem; past the limit it is counted, and its text never made.
    pub(super) fn push(&mut self, problem: impl FnOnce() -> (FieldPath, Problem)) {
        if self.has_room() {
            self.listed.push(problem());
        } else {
            self.count_one_more();
        }
    }

    const fn count_one_more(&mut self) {
        self.more += 1;
    }

    fn has_room(&self) -> bool {
        self.listed.len() < MAX_LISTED
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// Those listed.
    pub fn listed(&self) -> impl Iterator<Item = &(FieldPath, Problem)> {
        self.listed.iter()
    }

    /// How many there are beyond those listed.
    #[must_use]
    pub const fn more(&self) -> usize {
        self.more
    }
}

/// A submitted value: every part that obeys the grammar, and every problem with it.
///
/// A part that is `None` has a problem in [`ParsedValue::syntax`].
#[derive(Clone, Debug)]
pub struct ParsedValue<'a> {
    /// What breaks the rule `value-syntax`.
    pub syntax: Problems,
    /// A string that is not empty.
    pub cluster_network: Option<Cow<'a, str>>,
    /// The digits of an integer of any size, with its sign.
    pub vlan: Option<&'a str>,
    /// Any string.
    pub range: Option<Cow<'a, str>>,
    /// Any strings; empty when the key is absent or `null`.
    pub exclude: Option<Entries<'a>>,
}

/// The entries of `exclude`.
#[derive(Clone, Debug, Default)]
pub struct Entries<'a> {
    /// Each in its place; `None` for what is no string.
    pub items: Vec<Option<Cow<'a, str>>>,
    /// Whether some of them have a problem in [`ParsedValue::syntax`], so that it is open which addresses they exclude.
    pub broken: bool,
}

impl<'a> ParsedValue<'a> {
    /// Reads a value that is not blank.
    #[must_use]
    pub fn read(text: &'a str) -> Self {
        let mut reader = Reader::default();
        match json::members(text, |key, value| reader.member(key, value)) {
            Ok(()) => reader.finish(),
            Err(why) => Self::unreadable(Problem::NotJson { text: Excerpt::of(text), why }),
        }
    }

    /// A value of which nothing can be read.
    #[must_use]
    pub fn unreadable(problem: Problem) -> Self {
        let mut syntax = Problems::default();
        syntax.push(|| (FieldPath::Whole, problem));
        Self { syntax, cluster_network: None, vlan: None, range: None, exclude: None }
    }
}

/// The draft as it grows, member by member.
#[derive(Default)]
struct Reader<'a> {
    syntax: Problems,
    seen: [bool; Key::ALL.len()],
    /// Keys that an unknown key near them stands for: they are not missed again.
    meant: [bool; Key::ALL.len()],
    /// Unknown keys that are as near to one key as to another.
    ties: Vec<Tie>,
    cluster_network: Option<Cow<'a, str>>,
    vlan: Option<&'a str>,
    range: Option<Cow<'a, str>>,
    exclude: Option<Entries<'a>>,
}

impl<'a> Reader<'a> {
    fn member(&mut self, key: &'a RawValue, value: &'a RawValue) {
        let Some(name) = json::text(key) else {
            return self.syntax.push(|| (FieldPath::Whole, Problem::UnreadableKey));
        };
        let Some(key) = Key::ALL.into_iter().find(|key| key.as_str() == name) else {
            return self.unknown(&name);
        };
        let again = std::mem::replace(&mut self.seen[key as usize], true);
        if again {
            self.syntax.push(|| (FieldPath::Key(key), Problem::DuplicateKey { key }));
        }
        // Of several the last is judged, as Harvester would take it.
        match key {
            Key::ClusterNetwork => self.cluster_network = self.string(key, value),
            Key::Vlan => self.vlan = self.integer(value),
            Key::Range => self.range = self.string(key, value),
            Key::Exclude => {
                self.exclude =
                    self.strings(value).map(|entries| Entries { broken: entries.broken || again, ..entries });
            }
        }
    }

    /// Likeness is looked for only while problems are still listed: past that the text is not a slip but a flood.
    fn unknown(&mut self, name: &str) {
        if !self.syntax.has_room() {
            return self.syntax.count_one_more();
        }
        let near = nearest_keys(name);
        let nearest = near.first().copied();
        if let [_, _, ..] = *near {
            self.ties.push(Tie { problem: self.syntax.listed.len(), near });
        } else if let Some(key) = nearest {
            self.meant[key as usize] = true;
        }
        let path = PlainKey::of(name).map_or(FieldPath::Whole, FieldPath::UnknownKey);
        self.syntax.push(|| {
            (path, Problem::UnknownKey { key: Excerpt::of(name), range_v6: super::is_range_v6(name), nearest })
        });
    }

    fn string(&mut self, key: Key, value: &'a RawValue) -> Option<Cow<'a, str>> {
        match Kind::of(value.get()) {
            Kind::String => {}
            Kind::Null => return self.refuse(key, Problem::MissingKey { key, null: true }),
            kind => return self.refuse(key, Problem::WrongType { key, seen: Excerpt::of(value.get()), kind }),
        }
        match json::text(value) {
            None => self.refuse(key, Problem::HalfSurrogate { seen: Excerpt::of(value.get()) }),
            Some(text) if key == Key::ClusterNetwork && text.is_empty() => {
                self.refuse(key, Problem::EmptyClusterNetwork)
            }
            text => text,
        }
    }

    fn integer(&mut self, value: &'a RawValue) -> Option<&'a str> {
        let key = Key::Vlan;
        let written = value.get();
        match Kind::of(written) {
            Kind::Number if is_integer(written) => Some(written),
            Kind::Null => self.refuse(key, Problem::MissingKey { key, null: true }),
            kind => self.refuse(key, Problem::WrongType { key, seen: Excerpt::of(written), kind }),
        }
    }

    fn strings(&mut self, value: &'a RawValue) -> Option<Entries<'a>> {
        let key = Key::Exclude;
        match Kind::of(value.get()) {
            Kind::Null => return Some(Entries::default()),
            Kind::Array => {}
            kind => return self.refuse(key, Problem::WrongType { key, seen: Excerpt::of(value.get()), kind }),
        }
        let mut items = Items { syntax: &mut self.syntax, entries: Entries::default() };
        let mut deserializer = serde_json::Deserializer::from_str(value.get());
        // The slice is known to be an array, so this can't fail.
        deserializer.deserialize_seq(&mut items).ok()?;
        Some(items.entries)
    }

    fn refuse<T>(&mut self, key: Key, problem: Problem) -> Option<T> {
        self.syntax.push(|| (FieldPath::Key(key), problem));
        None
    }

    /// Of two keys that are equally near, the one that nothing else stands for was meant.
    fn settle_ties(&mut self) {
        for Tie { problem, near } in std::mem::take(&mut self.ties) {
            let missed = near.iter().find(|key| !self.seen[**key as usize] && !self.meant[**key as usize]);
            let Some(key) = missed.or(near.first()) else { continue };
            self.meant[*key as usize] = true;
            if let Some((_, Problem::UnknownKey { nearest, .. })) = self.syntax.listed.get_mut(problem) {
                *nearest = Some(*key);
            }
        }
    }

    fn finish(mut self) -> ParsedValue<'a> {
        self.settle_ties();
        for key in [Key::ClusterNetwork, Key::Vlan, Key::Range] {
            if !self.seen[key as usize] && !self.meant[key as usize] {
                self.syntax.push(|| (FieldPath::Key(key), Problem::MissingKey { key, null: false }));
            }
        }
        if !self.seen[Key::Exclude as usize] {
            self.exclude = Some(Entries::default());
        }
        ParsedValue {
            syntax: self.syntax,
            cluster_network: self.cluster_network,
            vlan: self.vlan,
            range: self.range,
            exclude: self.exclude,
        }
    }
}

/// An unknown key that may stand for any of several, until it is known which of them are there.
struct Tie {
    /// Its place among the problems.
    problem: usize,
    near: Vec<Key>,
}

/// The keys that may have been meant: another case of it, or at most two slips away; several if they are equally near.
fn nearest_keys(name: &str) -> Vec<Key> {
    // No key is longer than 14 characters, so nothing longer than this is near.
    if name.len() > 64 {
        return Vec::new();
    }
    let name = name.to_lowercase();
    // The only one with a capital letter.
    let lower = |key: Key| if key == Key::ClusterNetwork { "clusternetwork" } else { key.as_str() };
    let slips = Key::ALL.map(|key| suggest::distance(lower(key), &name));
    let Some(fewest) = slips.into_iter().flatten().min() else { return Vec::new() };
    Key::ALL.into_iter().filter(|key| slips[*key as usize] == Some(fewest)).collect()
}

/// The entries of `exclude`, each judged on its own.
struct Items<'r, 'a> {
    syntax: &'r mut Problems,
    entries: Entries<'a>,
}

impl<'a> Visitor<'a> for &mut Items<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut items: S) -> Result<(), S::Error> {
        while let Some(item) = items.next_element::<&'a RawValue>()? {
            let text = json::text(item);
            if text.is_none() {
                self.entries.broken = true;
                let index = self.entries.items.len();
                self.syntax.push(|| {
                    let seen = Excerpt::of(item.get());
                    let problem = match Kind::of(item.get()) {
                        Kind::String => Problem::HalfSurrogate { seen },
                        kind => Problem::ItemNotAString { seen, kind },
                    };
                    (FieldPath::ExcludeItem(index), problem)
                });
            }
            self.entries.items.push(text);
        }
        Ok(())
    }
}

/// Whether a JSON number is an integer as Go's integer types take it: no fraction, no exponent, no minus zero.
fn is_integer(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    digits.bytes().all(|byte| byte.is_ascii_digit()) && number != "-0"
}

#[cfg(test)]
mod tests;
