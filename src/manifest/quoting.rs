//! Text of strangers, made fit for one line of a log, a report or a refusal.

use std::fmt;

/// What a quotation keeps of a text, in characters.
const KEPT: usize = 64;

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
    fn words_that_quote_stay_on_one_line() {
        assert_eq!(Quoting("got \"a\nb\u{202e}\" at 1:2").to_string(), "got \"a\\nb\\u{202e}\" at 1:2");
        assert_eq!(Quoting(&"x".repeat(300)).to_string(), format!("{}…", "x".repeat(256)));
    }
}
