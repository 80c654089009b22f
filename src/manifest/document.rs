//! The documents of one file, as JSON.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use serde_saphyr::{Spanned, UserMessageFormatter};

use super::file::names_setting;
use super::{Error, ManifestFile, Position, Scalar};
use crate::escape::{QuotedPath, Quoting};

#[derive(Debug)]
pub struct ManifestDocument<T> {
    /// The line in which it starts, from 1.
    pub line: usize,
    pub start: usize,
    pub content: T,
}

/// A document, as near to its bytes as its reader needs it.
#[derive(Debug)]
pub enum DocumentContent<'t> {
    /// JSON as it is written.
    Json(&'t RawValue),
    /// The JSON that a YAML document stands for.
    Yaml(Value),
}

/// The file's documents, each with the line in which it starts. Empty ones are left out.
///
/// What starts like a JSON object is read as JSON wherever it is JSON: YAML knows some of its escapes
/// by other names.
pub fn parse(file: &ManifestFile) -> Result<Vec<(usize, Value)>, Error> {
    let documents = read_as(file, |json: Value| json, |yaml| yaml)?;
    Ok(documents.into_iter().map(|document| (document.line, document.content)).collect())
}

/// The file's documents as they are written, where that is JSON: a review is judged by its very bytes.
pub fn read(file: &ManifestFile) -> Result<Vec<ManifestDocument<DocumentContent<'_>>>, Error> {
    read_as(file, DocumentContent::Json, DocumentContent::Yaml)
}

fn read_as<'t, J: Deserialize<'t>, T>(
    file: &'t ManifestFile,
    from_json: impl Fn(J) -> T,
    from_yaml: impl Fn(Value) -> T,
) -> Result<Vec<ManifestDocument<T>>, Error> {
    let text = file.text.trim_start_matches('\u{feff}');
    let mark = file.text.len() - text.len();
    let named_json = file.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    if named_json || text.trim_start().starts_with('{') {
        match json(text, mark, &from_json) {
            Err(error) if named_json => {
                let at = Position { line: error.line(), column: error.column().max(1) };
                return Err(syntax(file, "JSON", at, &error.to_string()));
            }
            Err(_) => {}
            Ok(documents) => return Ok(documents),
        }
    }
    yaml(&marks_moved(text), mark, &from_yaml).map_err(|error| {
        let at = error.location().map_or(Position::START, Position::of);
        let hint = if is_second_head(text, at, &error) { HINT } else { "" };
        syntax(file, "YAML", at, &format!("{}{hint}", words(&error)))
    })
}

/// The reader's own words, but for its limits: it tells these by the names of its counters.
fn words(error: &serde_saphyr::Error) -> String {
    match error.without_snippet() {
        serde_saphyr::Error::Budget { .. } => "nested, repeated or long beyond reason".to_owned(),
        serde_saphyr::Error::AliasError { error, .. } => words(error),
        _ => error.render_with_formatter(&UserMessageFormatter),
    }
}

const HINT: &str = "; a line with --- may be missing above it, between two documents";

fn is_second_head(text: &str, at: Position, error: &serde_saphyr::Error) -> bool {
    let line = text.lines().nth(at.line - 1).unwrap_or_default();
    matches!(error.without_snippet(), serde_saphyr::Error::DuplicateMappingKey { .. })
        && ["apiVersion:", "kind:", "metadata:"].iter().any(|head| line.starts_with(head))
}

/// The text as kubectl reads it: a byte order mark that begins a document is no part of it.
///
/// It moves up behind the line before, as a comment: so that nothing else changes its place. Only right after the line
/// that ends a document it is such a mark; elsewhere, and behind a `---` that ends nothing, it is an error.
pub(super) fn marks_moved(text: &str) -> Cow<'_, str> {
    const MARK: &str = "\u{feff}";
    if !text.contains(MARK) {
        return Cow::Borrowed(text);
    }
    let mut moved = String::with_capacity(text.len());
    let (mut ended, mut begun) = (None, false);
    for line in text.split_inclusive('\n') {
        let line = match (ended.take(), line.strip_prefix(MARK)) {
            (Some(end), Some(rest)) => {
                moved.insert_str(end, " # ");
                rest
            }
            _ => line,
        };
        let rest = line.strip_prefix("---").map(str::trim);
        let separates = begun && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'));
        moved.push_str(line);
        ended = separates.then(|| moved.trim_end_matches(['\r', '\n']).len());
        begun = !separates;
    }
    Cow::Owned(moved)
}

pub(crate) fn syntax(file: &ManifestFile, format: &str, at: Position, why: &str) -> Error {
    let message = format!("{} is not valid {format}: {}", QuotedPath(&file.path), Quoting(why));
    Error::unparsed(&file.path, at, names_setting(file.text.as_bytes()), message)
}

fn json<'t, J: Deserialize<'t>, T>(
    text: &'t str,
    mark: usize,
    content: &impl Fn(J) -> T,
) -> Result<Vec<ManifestDocument<T>>, serde_json::Error> {
    let mut documents = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<J>();
    let (mut line, mut counted) = (1, 0);
    loop {
        let skipped = text[stream.byte_offset()..].bytes().take_while(u8::is_ascii_whitespace).count();
        let start = stream.byte_offset() + skipped;
        let Some(document) = stream.next() else {
            return Ok(documents);
        };
        line += text[counted..start].bytes().filter(|byte| *byte == b'\n').count();
        counted = start;
        documents.push(ManifestDocument { line, start: mark + start, content: content(document?) });
    }
}

fn yaml<T>(
    text: &str,
    mark: usize,
    content: &impl Fn(Value) -> T,
) -> Result<Vec<ManifestDocument<T>>, serde_saphyr::Error> {
    let documents: Vec<Spanned<Value>> = serde_saphyr::from_multiple_with_options(text, options())?;
    let documents = documents.into_iter().map(|Spanned { value, referenced, .. }| {
        let Scalar { start, bytes } = Scalar::of(referenced);
        ManifestDocument { line: start.line, start: mark + bytes.start, content: content(value) }
    });
    Ok(documents.collect())
}

/// How YAML is read: with room for a large cluster's lists, since files are bounded on their own; but with little
/// for anchors, which no tool writes and which multiply.
pub(crate) fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_events: 10_000_000,
            max_nodes: 5_000_000,
            max_documents: 100_000,
            max_recorded_anchor_events: 100_000,
        },
    }
}
