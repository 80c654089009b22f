//! Reads the members of a value and detects unknown or misspelt keys.

use serde_json::value::RawValue;

use super::{Entries, ParsedValue, integer, string, strings};
use crate::escape::Excerpt;
use crate::setting::field::FieldPath;
use crate::setting::json::{self, JsonKind};
use crate::setting::key::{self, Key};
use crate::setting::problem::{MAX_LISTED, Problem, Problems, Reason};
use crate::setting::suggest;

/// Keys of newer, dual-stack Harvester, whose form writes them empty.
const RANGE_V6: [&str; 3] = ["rangeV6", "rangeV6Start", "rangeV6End"];

/// The members of a value, to be judged together.
#[derive(Default)]
pub(super) struct Members<'a> {
    /// In their order; of a key that stands twice the first.
    found: Vec<Found<'a>>,
    /// How many unknown keys there are beyond those in `found`.
    more: usize,
    /// How often each key stands there.
    seen: [usize; key::ALL.len()],
}

enum Found<'a> {
    /// A key, by its place in [`key::ALL`], and its value.
    Known(usize, &'a RawValue),
    /// A key that is none, and the keys that may have been meant: several if they are equally near.
    Unknown(Option<String>, Vec<&'static Key>),
}

impl<'a> Members<'a> {
    pub(super) fn add(&mut self, key: &'a RawValue, value: &'a RawValue) {
        let Some(name) = json::text(key.get()) else { return self.add_unknown(None) };
        let Some(index) = key::ALL.iter().position(|key| key.name == name) else {
            let is_empty = value.get() == r#""""# || JsonKind::of(value.get()) == JsonKind::Null;
            if !(is_empty && RANGE_V6.contains(&&*name)) {
                self.add_unknown(Some(&name));
            }
            return;
        };
        if self.seen[index] == 0 {
            self.found.push(Found::Known(index, value));
        }
        self.seen[index] += 1;
    }

    /// A key that stands twice is one mistake. Likeness is looked for only while problems are still listed: past that the
    /// text is not a slip but a flood.
    fn add_unknown(&mut self, name: Option<&str>) {
        if self.found.len() >= MAX_LISTED + key::ALL.len() {
            self.more += 1;
            return;
        }
        if self.found.iter().any(|found| matches!(found, Found::Unknown(Some(known), _) if Some(&**known) == name)) {
            return;
        }
        let near = name.map(nearest_keys).unwrap_or_default();
        // What is longer is never shown whole, but its length is.
        self.found.push(Found::Unknown(name.map(str::to_owned), near));
    }

    pub(super) fn finish(self) -> ParsedValue<'a> {
        let meant = self.meant();
        let mut meant_of = meant.iter();
        let is_meant = |key: &Key| meant.iter().flatten().any(|meant| *meant == key);
        let mut value = ParsedValue::default();
        let mut syntax = Problems::default();
        for found in self.found {
            match found {
                // Neither copy counts, nor what either holds.
                Found::Known(index, _) if self.seen[index] > 1 => syntax.push(|| {
                    let key = key::ALL[index];
                    let message = format!("the key {key} stands more than once; keep one");
                    Problem::new(FieldPath::Key(key), Reason::Duplicate, message)
                }),
                Found::Known(index, written) => {
                    let key = key::ALL[index];
                    match index {
                        0 => value.cluster_network = syntax.note(string(key, written)),
                        1 => value.vlan = syntax.note(integer(key, written)),
                        2 => value.range = syntax.note(string(key, written)),
                        _ => {
                            let entries = strings(key, written, &mut syntax);
                            value.exclude = syntax.note(entries);
                        }
                    }
                }
                Found::Unknown(name, _) => {
                    let nearest = meant_of.next().copied().flatten();
                    syntax.push(|| unknown_key(name.as_deref(), nearest));
                }
            }
        }
        syntax.count(self.more);
        for (key, seen) in key::ALL.iter().zip(self.seen) {
            if key.is_required && seen == 0 && !is_meant(key) {
                syntax.push(|| {
                    let message = format!("{key} is missing; {}", key.accepts);
                    Problem::new(FieldPath::Key(key), Reason::Required, message)
                });
            }
        }
        if self.seen[3] == 0 {
            value.exclude = Some(Entries::default());
        }
        ParsedValue { syntax, ..value }
    }

    /// The key that each unknown one stands for. Of keys that are equally near, one that nothing else stands for was meant.
    fn meant(&self) -> Vec<Option<&'static Key>> {
        let unknown = self.found.iter().filter_map(|found| match found {
            Found::Unknown(_, near) => Some(near),
            Found::Known(..) => None,
        });
        let unknown: Vec<_> = unknown.collect();
        let certain = |near: &Vec<&'static Key>| if let [only] = near[..] { Some(only) } else { None };
        let mut meant: Vec<_> = unknown.iter().map(|near| certain(near)).collect();
        for (index, near) in unknown.iter().enumerate() {
            let is_seen = |key: &Key| key::ALL.iter().zip(self.seen).any(|(known, seen)| seen > 0 && **known == *key);
            let missed = near.iter().find(|key| !is_seen(key) && !meant.contains(&Some(**key)));
            meant[index] = missed.or(near.first()).copied();
        }
        meant
    }
}

fn unknown_key(name: Option<&str>, nearest: Option<&Key>) -> Problem {
    const KEYS: &str = "the keys are clusterNetwork, vlan, range, exclude";
    let Some(name) = name else {
        let message = format!("a key with half a surrogate pair in it is no text; {KEYS}");
        return Problem::new(FieldPath::Whole, Reason::Forbidden, message);
    };
    let hint = match nearest {
        _ if is_range_v6(name) => {
            "dual-stack ranges are not supported: Harvester would configure another network".to_owned()
        }
        Some(nearest) => format!("did you mean {nearest}?"),
        None => KEYS.to_owned(),
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let path = if (1..=64).contains(&name.len()) && name.bytes().all(is_plain) {
        FieldPath::UnknownKey(name.to_owned())
    } else {
        FieldPath::Whole
    };
    Problem::new(path, Reason::Forbidden, format!("{} is not a key of this setting; {hint}", Excerpt::of(name)))
}

/// Whether a key belongs to newer Harvester's dual-stack ranges, in any case.
fn is_range_v6(key: &str) -> bool {
    key.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("rangeV6"))
}

/// The keys that may have been meant: another case of it, or at most two slips away; several if they are equally near.
fn nearest_keys(name: &str) -> Vec<&'static Key> {
    let name = name.to_lowercase();
    let slips = key::ALL.map(|key| suggest::distance(&key.name.to_lowercase(), &name));
    let Some(fewest) = slips.into_iter().flatten().min() else { return Vec::new() };
    key::ALL.into_iter().zip(slips).filter(|(_, slips)| *slips == Some(fewest)).map(|(key, _)| key).collect()
}
