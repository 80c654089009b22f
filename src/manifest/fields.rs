//! Finds the exact position and style of fields in a file.
//!
//! serde tells what a document means, not how it is written: quotes, block scalars, anchors. The parser under it does.
//! This is a second look at a file, taken where a field is to be pointed at or rewritten.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::document::{self, DocumentContent, ManifestDocument, marks_moved};
use super::{ManifestFile, Position, Scalar};
use crate::setting::field::{Field, StringField};
use crate::setting::span;

/// The keys below an object that lead to another one whose fields are of interest: a review's, and an install file's.
const LEADING: [&str; 4] = ["object", "request", "system_settings", "systemSettings"];
/// How many fields of one object are found, beside those of [`WANTED`]; a stranger may have made up any number.
const MOST: usize = 64;
const WANTED: [&str; 3] = ["value", "default", crate::setting::SETTING];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestField {
    pub key: Position,
    /// Its value; of a block scalar only the text.
    pub scalar: Scalar,
    /// None of an alias, a mapping or a sequence, which is no string of its own.
    pub(super) style: Option<ScalarStyle>,
    /// Where the key ends, in bytes.
    pub(super) key_end: usize,
    pub(super) obstacle: Option<&'static str>,
}

/// The fields of a file's objects, by the start of their document and their JSON pointer.
#[derive(Debug, Default)]
pub struct ManifestFields(HashMap<(usize, String), ManifestField>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strings {
    pub value: Option<Scalar>,
    pub default: Option<Scalar>,
}

impl Strings {
    /// Those of the object at a pointer in the file's first document.
    pub fn of_first(file: &ManifestFile, object: &str) -> Self {
        let documents = document::read(file).unwrap_or_default();
        let Some(first) = documents.first() else { return Self::default() };
        ManifestFields::find(file, &documents).strings(first.start, object, "value")
    }

    /// Where a field of one of the strings stands: of that string's `text`, in the text of its `file`.
    pub fn position(&self, file: &str, field: &Field, text: &str) -> Option<Position> {
        let scalar = match field.string {
            StringField::Value => &self.value,
            StringField::Default => &self.default,
        };
        scalar.as_ref().map(|scalar| scalar.position(file, text, span::offset(text, &field.path)))
    }
}

impl ManifestFields {
    /// Finds the fields. What can't be followed is left out: the file was read already, so that it can be is settled
    /// elsewhere.
    pub fn find(file: &ManifestFile, documents: &[ManifestDocument<DocumentContent<'_>>]) -> Self {
        let mut fields = Self::default();
        let mut yaml = false;
        for document in documents {
            match document.content {
                // Several JSON documents in one file are no YAML, but each of them is.
                DocumentContent::Json(json) => {
                    let line = file.text[..document.start].rfind('\n').map_or(0, |end| end + 1);
                    let column = 1 + file.text[line..document.start].trim_start_matches('\u{feff}').chars().count();
                    fields.walk(json.get(), document.start, Position { line: document.line, column });
                }
                DocumentContent::Yaml(_) => yaml = true,
            }
        }
        if yaml {
            let text = file.text.trim_start_matches('\u{feff}');
            fields.walk(&marks_moved(text), file.text.len() - text.len(), Position::START);
        }
        fields
    }

    /// The field to which `pointer` leads in the document that starts there.
    pub fn get(&self, document: usize, pointer: &str) -> Option<&ManifestField> {
        self.0.get(&(document, pointer.to_owned()))
    }

    /// The strings of the object to which `pointer` leads, whose value stands under this key.
    pub fn strings(&self, document: usize, pointer: &str, value_key: &str) -> Strings {
        let scalar = |key| self.get(document, &format!("{pointer}/{key}")).map(|field| field.scalar.clone());
        Strings { value: scalar(value_key), default: scalar("default") }
    }

    fn walk(&mut self, part: &str, start: usize, at: Position) {
        let options = granit_parser::options! { emit_comments: false };
        let mut walk = FieldWalk { start, at, document: start, open: Vec::new() };
        for event in Parser::new_from_str_with_options(part, options) {
            // It was parsed before, with the same parser: past a bound that only this one has, the rest is unknown.
            let Ok((event, span)) = event else { return };
            let Some((pointer, field)) = walk.step(&event, &span) else { continue };
            let again = field.clone();
            let first = self.0.entry((walk.document, pointer)).or_insert(field);
            if *first != again {
                first.obstacle = Some("the key stands twice");
            }
        }
    }
}

struct FieldWalk {
    /// Where the text starts in its file, in bytes.
    start: usize,
    at: Position,
    /// Where the current document's root starts.
    document: usize,
    open: Vec<OpenNode>,
}

/// A mapping or sequence that has not ended.
struct OpenNode {
    step: PathStep,
    /// Whether it is an object whose fields are of interest, or the list of such objects.
    is_wanted: bool,
    /// Whether it, or one around it, may be repeated elsewhere by an alias.
    anchored: bool,
    found: usize,
}

enum PathStep {
    Key,
    Value { key: String, at: Position, end: usize },
    Item(usize),
}

impl FieldWalk {
    fn step(&mut self, event: &Event<'_>, span: &Span) -> Option<(String, ManifestField)> {
        let bytes = self.bytes(span)?;
        let (style, anchor, tagged) = match event {
            Event::Scalar(_, style, anchor, tag) => {
                (Some(*style), *anchor, tag.as_deref().is_some_and(|tag| !is_string(tag)))
            }
            Event::Alias(_) => (None, 0, false),
            Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _) => (None, *anchor, false),
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop();
                self.complete("", span);
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
            (_, None, _) => Some("it is no string of its own"),
            (_, _, true) => Some("it has a tag"),
            _ => None,
        };
        let scalar = Scalar { start: self.position(span), bytes };
        let found = self.field(|key, key_end| ManifestField { key, scalar, style, key_end, obstacle });
        match event {
            Event::SequenceStart(..) => {
                let is_wanted = self.leads(&["items"]);
                self.open.push(OpenNode { step: PathStep::Item(0), is_wanted, anchored, found: 0 });
            }
            Event::MappingStart(..) => {
                let is_wanted = self.leads(&LEADING);
                self.open.push(OpenNode { step: PathStep::Key, is_wanted, anchored, found: 0 });
            }
            Event::Scalar(text, ..) => self.complete(text, span),
            _ => self.complete("", span),
        }
        found
    }

    /// The field whose value has come, if it is one of interest.
    fn field(&mut self, field: impl FnOnce(Position, usize) -> ManifestField) -> Option<(String, ManifestField)> {
        let open = self.open.last_mut().filter(|open| open.is_wanted)?;
        let PathStep::Value { key, at, end } = &open.step else { return None };
        if open.found == MOST && !WANTED.contains(&key.as_str()) {
            return None;
        }
        let field = field(*at, *end);
        open.found = (open.found + 1).min(MOST);
        Some((self.pointer(), field))
    }

    /// Whether what begins here is of interest: the root, an item, or what one of the keys leads to.
    fn leads(&self, keys: &[&str]) -> bool {
        self.open.last().is_none_or(|open| {
            open.is_wanted
                && match &open.step {
                    PathStep::Value { key, .. } => keys.contains(&key.as_str()),
                    PathStep::Item(_) => true,
                    PathStep::Key => false,
                }
        })
    }

    /// Goes on to what follows a whole node, in the mapping or sequence around it.
    fn complete(&mut self, text: &str, span: &Span) {
        let (at, end) = (self.position(span), self.bytes(span).map_or(0, |bytes| bytes.end));
        let Some(open) = self.open.last_mut() else { return };
        open.step = match &open.step {
            PathStep::Key => PathStep::Value { key: text.to_owned(), at, end },
            PathStep::Value { .. } => PathStep::Key,
            PathStep::Item(index) => PathStep::Item(index + 1),
        };
    }

    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for open in &self.open {
            pointer.push('/');
            match &open.step {
                PathStep::Key => {}
                PathStep::Value { key, .. } => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
                PathStep::Item(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }

    fn bytes(&self, span: &Span) -> Option<Range<usize>> {
        span.byte_range().map(|bytes| self.start + bytes.start..self.start + bytes.end)
    }

    fn position(&self, span: &Span) -> Position {
        let (line, column) = (span.start.line(), span.start.col());
        let before = if line == 1 { self.at.column } else { 1 };
        Position { line: self.at.line + line - 1, column: before + column }
    }
}

fn is_string(tag: &Tag) -> bool {
    tag.handle() == "tag:yaml.org,2002:" && tag.suffix() == "str"
}
