//! Text of strangers, made fit for one line of a log, a report or a refusal.

use std::fmt;

/// What a quotation keeps of a text, in characters.
const KEPT: usize = 64;

/// A text in quotes: escaped, and cut when it is long.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(KEPT) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => write!(f, "{:?}… ({} characters)", &self.0[..end], self.0.chars().count()),
        }
    }
}

/// The words of another library, which may quote a stranger: printable, on one line, and not endless.
#[derive(Clone, Copy, Debug)]
pub struct Quoting<'a>(pub &'a str);

impl fmt::Display for Quoting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, c) in self.0.chars().enumerate() {
            match c {
                _ if index == 4 * KEPT => return f.write_str("…"),
                '"' | '\'' | '\\' => write!(f, "{c}")?,
                _ => write!(f, "{}", c.escape_debug())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_are_escaped_and_cut() {
        assert_eq!(Quoted("node-0").to_string(), "\"node-0\"");
        assert_eq!(Quoted("a\n\u{1b}[31m\u{202e}\"").to_string(), r#""a\n\u{1b}[31m\u{202e}\"""#);
        let long = "é".repeat(65);
        assert_eq!(Quoted(&long).to_string(), format!("\"{}\"… (65 characters)", "é".repeat(64)));
        assert_eq!(Quoted(&long[..128]).to_string(), format!("\"{}\"", "é".repeat(64)));
    }

    #[test]
    fn words_that_quote_stay_on_one_line() {
        assert_eq!(Quoting("got \"a\nb\u{202e}\" at 1:2").to_string(), "got \"a\\nb\\u{202e}\" at 1:2");
        assert_eq!(Quoting(&"x".repeat(300)).to_string(), format!("{}…", "x".repeat(256)));
    }
}
