//! Where the strings named `value` stand in a file, to the byte.
//!
//! serde tells what a document means, not how it is written: quotes, block scalars, anchors. The parser
//! under it does.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle};

use super::document::{DocumentContent, ManifestDocument};

/// The key that is looked for.
const KEY: &str = "value";

/// Where one `value` stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its bytes in the file, quotes and all; of a block scalar only the text.
    pub(super) bytes: Range<usize>,
    /// How it is written.
    pub(super) style: Style,
    /// Where its key ends, in bytes.
    pub(super) key_end: usize,
    /// Why it can't be replaced alone.
    pub(super) obstacle: Option<&'static str>,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Without quotes.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`, in JSON always.
    DoubleQuoted,
    /// `|` or `>`, and the text in lines of its own.
    Block,
    /// An alias, a mapping or a sequence: no string of its own.
    NoString,
}

/// Every place of a file's text, by document and JSON pointer.
#[derive(Debug, Default)]
pub(super) struct Places(HashMap<(usize, String), Place>);

impl Places {
    /// Finds the places. What can't be followed is left out: the file was read already, so that it can be
    /// is settled elsewhere.
    pub(super) fn find(text: &str, documents: &[ManifestDocument<DocumentContent<'_>>]) -> Self {
        let mut places = Self::default();
        let mut yaml = false;
        for document in documents {
            match document.content {
                // Several JSON documents in one file are no YAML, but each of them is.
                DocumentContent::Json(json) => places.walk(json.get(), document.start),
                DocumentContent::Yaml(_) => yaml = true,
            }
        }
        if yaml {
            let mark = text.len() - text.trim_start_matches('\u{feff}').len();
            places.walk(&text[mark..], mark);
        }
        places
    }

    /// The `value` of the object to which `pointer` leads in the document that starts there.
    pub(super) fn value_of(&self, document: usize, pointer: &str) -> Option<&Place> {
        self.0.get(&(document, format!("{pointer}/{KEY}")))
    }

    fn walk(&mut self, part: &str, start: usize) {
        let options = granit_parser::options! { emit_comments: false };
        let mut walk = Walk { document: 0, open: Vec::new() };
        for event in Parser::new_from_str_with_options(part, options) {
            // It was parsed before, with the same parser: past a bound that only this one has, the rest is unknown.
            let Ok((event, span)) = event else { return };
            let Some(bytes) = span.byte_range() else { return };
            let bytes = start + bytes.start..start + bytes.end;
            if let Some(found) = walk.step(&event, bytes) {
                let again = found.place.clone();
                let place = self.0.entry((walk.document, found.pointer)).or_insert(found.place);
                if *place != again {
                    place.obstacle = Some("the key stands twice");
                }
            }
        }
    }
}

/// The way through one text.
struct Walk {
    /// Where the current document's root starts.
    document: usize,
    open: Vec<Open>,
}

/// A mapping or sequence that has not ended.
struct Open {
    at: At,
    /// Whether it, or one around it, may be repeated elsewhere by an alias.
    anchored: bool,
}

enum At {
    Key,
    Value { key: String, key_end: usize },
    Item(usize),
}

struct Found {
    pointer: String,
    place: Place,
}

impl Walk {
    fn step(&mut self, event: &Event<'_>, bytes: Range<usize>) -> Option<Found> {
        let (style, anchor, tagged) = match event {
            Event::Scalar(_, style, anchor, tag) => {
                let is_string =
                    |tag: &granit_parser::Tag| tag.handle() == "tag:yaml.org,2002:" && tag.suffix() == "str";
                (Style::from(*style), *anchor, tag.as_deref().is_some_and(|tag| !is_string(tag)))
            }
            Event::Alias(_) => (Style::NoString, 0, false),
            Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _) => (Style::NoString, *anchor, false),
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop();
                self.complete("", bytes.end);
                return None;
            }
            _ => return None,
        };
        if self.open.is_empty() {
            self.document = bytes.start;
        }
        let anchored = anchor != 0 || self.open.last().is_some_and(|open| open.anchored);
        let obstacle = match (anchored, style, tagged) {
            (true, ..) => Some("it is anchored, alone or with what is around it, so an alias may repeat it"),
            (_, Style::NoString, _) => Some("it is no string of its own"),
            (_, _, true) => Some("it has a tag"),
            _ => None,
        };
        let found = match self.open.last() {
            Some(Open { at: At::Value { key, key_end }, .. }) if key == KEY => Some(Found {
                pointer: self.pointer(),
                place: Place { bytes: bytes.clone(), style, key_end: *key_end, obstacle },
            }),
            _ => None,
        };
        match event {
            Event::SequenceStart(..) => self.open.push(Open { at: At::Item(0), anchored }),
            Event::MappingStart(..) => self.open.push(Open { at: At::Key, anchored }),
            Event::Scalar(text, ..) => self.complete(text, bytes.end),
            _ => self.complete("", bytes.end),
        }
        found
    }

    /// Goes on to what follows a whole node, in the mapping or sequence around it.
    fn complete(&mut self, text: &str, end: usize) {
        let Some(open) = self.open.last_mut() else { return };
        open.at = match &open.at {
            At::Key => At::Value { key: text.to_owned(), key_end: end },
            At::Value { .. } => At::Key,
            At::Item(index) => At::Item(index + 1),
        };
    }

    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for open in &self.open {
            pointer.push('/');
            match &open.at {
                At::Key => {}
                At::Value { key, .. } => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
                At::Item(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }
}

impl From<ScalarStyle> for Style {
    fn from(style: ScalarStyle) -> Self {
        match style {
            ScalarStyle::Plain => Self::Plain,
            ScalarStyle::SingleQuoted => Self::SingleQuoted,
            ScalarStyle::DoubleQuoted => Self::DoubleQuoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Self::Block,
        }
    }
}
