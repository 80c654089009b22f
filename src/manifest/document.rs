//! The documents of one file, as JSON.

use std::path::Path;

use serde_json::Value;
use serde_saphyr::{Spanned, UserMessageFormatter};

use super::{Error, Quoting, Text};

/// The file's documents, each with the line in which it starts. Empty ones are left out.
///
/// What starts like a JSON object is read as JSON wherever it is JSON: YAML knows some of its escapes
/// by other names.
///
/// # Errors
///
/// If the text is neither YAML nor JSON, or larger than it looks: aliases and nesting are bounded.
pub fn parse(file: &Text) -> Result<Vec<(usize, Value)>, Error> {
    let text = file.text.trim_start_matches('\u{feff}');
    let named_json = file.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    if named_json || text.trim_start().starts_with('{') {
        match json(text) {
            Err(error) if named_json => return Err(syntax(&file.path, "JSON", &error.to_string())),
            Err(_) => {}
            Ok(documents) => return Ok(documents),
        }
    }
    yaml(text).map_err(|error| syntax(&file.path, "YAML", &error.render_with_formatter(&UserMessageFormatter)))
}

fn syntax(path: &Path, format: &'static str, why: &str) -> Error {
    Error::Syntax { path: path.to_owned(), format, why: Quoting(why).to_string() }
}

fn json(text: &str) -> Result<Vec<(usize, Value)>, serde_json::Error> {
    let mut documents = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let (mut line, mut counted) = (1, 0);
    loop {
        let skipped = text[stream.byte_offset()..].bytes().take_while(u8::is_ascii_whitespace).count();
        let start = stream.byte_offset() + skipped;
        let Some(document) = stream.next() else {
            return Ok(documents);
        };
        line += text[counted..start].bytes().filter(|byte| *byte == b'\n').count();
        counted = start;
        documents.push((line, document?));
    }
}

fn yaml(text: &str) -> Result<Vec<(usize, Value)>, serde_saphyr::Error> {
    let documents: Vec<Spanned<Value>> = serde_saphyr::from_multiple_with_options(text, options())?;
    let line = |document: &Spanned<Value>| usize::try_from(document.referenced.line()).unwrap_or(usize::MAX);
    Ok(documents.into_iter().map(|document| (line(&document), document.value)).collect())
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
