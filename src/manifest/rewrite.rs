//! Replaces one string of a file and keeps every other byte.

use std::ops::Range;

use granit_parser::ScalarStyle;
use serde_json::Value;

use super::document::{self, DocumentContent, ManifestDocument};
use super::fields::{ManifestField, ManifestFields};
use super::{ManifestFile, Origin};

#[derive(Clone, Debug)]
pub struct ValueChange<'a> {
    pub origin: &'a Origin,
    /// Where its document starts, in bytes.
    pub document: usize,
    /// The JSON pointer that leads to the value from there.
    pub pointer: String,
    pub value: &'a str,
}

/// Why a value can't be replaced. Safe to print.
#[derive(Debug, thiserror::Error)]
#[error("{origin}: its value can't be rewritten in place: {why}; edit it by hand")]
pub struct Error {
    origin: Origin,
    why: &'static str,
}

/// The file's text with the values replaced.
///
/// The result is read again: it must differ in those values alone, or nothing is changed.
pub fn rewrite(file: &ManifestFile, changes: &[ValueChange<'_>]) -> Result<String, Error> {
    let documents = document::read(file).unwrap_or_default();
    let fields = ManifestFields::find(file, &documents);
    let mut edits = Vec::new();
    for change in changes {
        let error = |why| Error { origin: change.origin.clone(), why };
        let field = fields.get(change.document, &change.pointer);
        let field = field.ok_or_else(|| error("it comes from elsewhere in the file, by an alias or a merge key"))?;
        edits.extend(replace(&file.text, field, change.value).map_err(error)?);
    }
    edits.sort_unstable_by_key(|edit| edit.bytes.start);
    let mut text = file.text.clone();
    for edit in edits.iter().rev() {
        text.replace_range(edit.bytes.clone(), &edit.text);
    }
    if let Some(change) = changes.first()
        && !differs_only_in(changes, documents, &ManifestFile { text: text.clone(), ..file.clone() })
    {
        return Err(Error { origin: change.origin.clone(), why: "the file would not mean the same otherwise" });
    }
    Ok(text)
}

/// Whether the new text holds the old documents but for the changes.
fn differs_only_in(
    changes: &[ValueChange<'_>],
    old: Vec<ManifestDocument<DocumentContent<'_>>>,
    new: &ManifestFile,
) -> bool {
    let expected = old.into_iter().map(|document| {
        let mut value = match document.content {
            DocumentContent::Json(json) => serde_json::from_str(json.get()).ok()?,
            DocumentContent::Yaml(value) => value,
        };
        for change in changes.iter().filter(|change| change.document == document.start) {
            *value.pointer_mut(&change.pointer)? = change.value.into();
        }
        Some(value)
    });
    let expected: Option<Vec<Value>> = expected.collect();
    let found = document::parse(new).ok().map(|it| it.into_iter().map(|(_, value)| value).collect::<Vec<_>>());
    expected.is_some() && expected == found
}

#[derive(Debug, PartialEq, Eq)]
struct Edit {
    bytes: Range<usize>,
    text: String,
}

fn replace(text: &str, field: &ManifestField, new: &str) -> Result<Vec<Edit>, &'static str> {
    if let Some(obstacle) = field.obstacle {
        return Err(obstacle);
    }
    let quoted = match field.style {
        Some(ScalarStyle::Literal | ScalarStyle::Folded) => {
            return block(text, field, new).ok_or("the block scalar can't be taken apart");
        }
        Some(ScalarStyle::DoubleQuoted) => double_quoted(new),
        _ if new.chars().all(is_printable) => format!("'{}'", new.replace('\'', "''")),
        _ => double_quoted(new),
    };
    Ok(vec![Edit { bytes: field.scalar.bytes.clone(), text: quoted }])
}

fn double_quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    json.chars().map(|c| if is_printable(c) { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }).collect()
}

/// Whether YAML lets a character stand for itself inside a line.
const fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}'
        | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

/// A block scalar keeps its header, as far as it fits, and its comment; its lines become one.
fn block(text: &str, field: &ManifestField, new: &str) -> Option<Vec<Edit>> {
    if !new.chars().all(is_printable) {
        return None;
    }
    let header = header(text, field.key_end, field.scalar.bytes.start)?;
    let indicators = &text[header.clone()];
    let header_line_end = header.end + text[header.end..].find('\n')? + 1;
    if new.is_empty() {
        // What is left of the block are blank lines, which then belong to nothing.
        return Some(vec![Edit { bytes: header, text: "''".to_owned() }]);
    }
    let content = &text[field.scalar.bytes.clone()];
    let end = field.scalar.bytes.start + content.trim_end_matches([' ', '\t', '\r', '\n']).len();
    let line = text[..field.scalar.bytes.start].rfind('\n')? + 1;
    let indent = text[line..field.scalar.bytes.start].to_owned();
    if !indent.bytes().all(|byte| byte == b' ') || line < header_line_end {
        return None;
    }
    let stripped = if indicators.contains('-') { indicators.to_owned() } else { indicators.replace('+', "") + "-" };
    Some(vec![Edit { bytes: header, text: stripped }, Edit { bytes: header_line_end..end, text: indent + new }])
}

/// The indicators with which a block scalar opens: `|`, `>-`, `|2+`. Before them may be a tag and comments.
fn header(text: &str, key_end: usize, content: usize) -> Option<Range<usize>> {
    let mut at = key_end;
    loop {
        let rest = text.get(at..content)?;
        let word = rest.find(|c: char| !c.is_ascii_whitespace() && c != ':')?;
        at += word;
        let rest = &rest[word..];
        at += match rest.as_bytes()[0] {
            b'#' => rest.find('\n')?,
            b'!' => rest.find(|c: char| c.is_ascii_whitespace())?,
            b'|' | b'>' => {
                let end = rest.find(|c: char| c.is_ascii_whitespace())?;
                return Some(at..at + end);
            }
            _ => return None,
        };
    }
}

#[cfg(test)]
mod tests;
