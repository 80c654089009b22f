//! Pages for tickets: one HTML file each, without a script, and without a link to anything outside.
//!
//! Every text is escaped, whoever wrote it. A colour never stands alone: what it means is there in words.

use std::fmt;

use serde::Serialize;

mod addresses;
mod plan;
mod status;

pub use plan::plan;
pub use status::status;

use crate::escape::{is_unprintable, write_unicode};

const STYLE: &str = include_str!("page/style.css");

/// A whole page around what stands in its body.
fn page(title: &str, body: impl fmt::Display) -> String {
    let (title, version) = (text(title), env!("CARGO_PKG_VERSION"));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<main>\n{body}</main>\n<footer>migration-network-webhook {version}</footer>\n</body>\n</html>\n"
    )
}

/// A text for the page: no markup, and nothing that can't be seen.
fn text(shown: impl fmt::Display) -> impl fmt::Display {
    let shown = shown.to_string();
    fmt::from_fn(move |f| {
        shown.chars().try_for_each(|char| match char {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            _ if is_unprintable(char) => write_unicode(char, f),
            _ => write!(f, "{char}"),
        })
    })
}

/// The name that something has in JSON; a class of the style has the same.
fn name(named: impl Serialize) -> String {
    fmt::from_fn(|f| named.serialize(f)).to_string()
}

/// A word with the colour of a state: `ok`, `warning`, `unknown` or `error`.
fn badge(state: &str, word: &str) -> String {
    format!("<span class=\"badge {state}\">{}</span>", text(word))
}

fn section(heading: &str, body: impl fmt::Display) -> String {
    format!("<section>\n<h2>{}</h2>\n{body}</section>\n", text(heading))
}

/// A list; nothing where it has no item.
fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| format!("<li>{item}</li>\n")).collect();
    if items.is_empty() { String::new() } else { format!("<ul>\n{}</ul>\n", items.concat()) }
}

fn definitions(rows: &[(&str, String)]) -> String {
    let rows = rows.iter().map(|(name, what)| format!("<dt>{}</dt><dd>{what}</dd>\n", text(name)));
    format!("<dl>\n{}</dl>\n", rows.collect::<Vec<_>>().concat())
}

#[cfg(test)]
mod tests;
