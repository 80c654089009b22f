//! The `expect` block that a failing case prints, ready to paste.

use std::fmt::Write as _;

use super::actual::Actual;
use super::expectation::ExpectedVerdict;
use crate::escape::{Line, Whole};

/// The longest string that is worth pasting, in characters.
const LONGEST: usize = 2000;
/// How many causes the block lists when it can't list them all.
const PASTED: usize = 10;

impl Actual {
    /// The `expect` block of a case for which exactly this is right, as YAML.
    pub(super) fn would_hold(&self) -> String {
        let bare = |verdict| format!("expect: {verdict}\n");
        match self.verdict {
            ExpectedVerdict::NotSent => bare("notSent"),
            ExpectedVerdict::Allowed => self.allowed_block(),
            ExpectedVerdict::Refused => self.refused_block(),
        }
    }

    fn allowed_block(&self) -> String {
        let mut block = String::from("expect:\n  verdict: allowed\n");
        if let Some(stored) = self.stored.as_ref().filter(|stored| stored.chars().count() <= LONGEST) {
            let _ = writeln!(block, "  stored: {}", scalar(stored));
        }
        self.write_warnings(&mut block);
        block
    }

    fn refused_block(&self) -> String {
        let mut block = String::from("expect:\n  verdict: refused\n");
        if let Some(code) = self.code.filter(|code| *code != 422) {
            let _ = writeln!(block, "  code: {code}");
        }
        let listed = if self.more_causes > 0 { PASTED } else { self.causes.len() };
        let indent = match (self.more_causes, listed) {
            (0, 0) => "",
            (0, _) => {
                block.push_str("  causes:\n");
                "  "
            }
            _ => {
                block.push_str("  causes:\n    including:\n");
                "    "
            }
        };
        for cause in self.causes.iter().take(listed).map(|it| &it.cause) {
            let _ = writeln!(block, "{indent}- rule: {}\n{indent}  field: {}", cause.rule, cause.field);
        }
        self.write_warnings(&mut block);
        block
    }

    fn write_warnings(&self, block: &mut String) {
        if !self.warnings.is_empty() {
            block.push_str("  warnings:\n");
        }
        for warning in &self.warnings {
            let _ = writeln!(block, "  - kind: {}", warning.kind);
        }
    }
}

/// A string as a YAML scalar on one line, safe to print.
fn scalar(text: &str) -> String {
    if Line(text).to_string() == text { format!("'{}'", text.replace('\'', "''")) } else { Whole(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_reads_back_as_the_string() {
        for text in [
            "",
            "{\"a\":1}",
            "it's",
            "a\\b",
            "\\\"",
            "a\nb\t",
            "\u{1b}\u{202e}é",
            "::error::x",
            "# no comment",
            "\u{e0041}",
        ] {
            let scalar = scalar(text);
            assert!(!scalar.contains(['\n', '\u{1b}', '\u{202e}']), "{scalar}");
            assert_eq!(serde_saphyr::from_str::<String>(&scalar).unwrap(), text, "{scalar}");
        }
        assert_eq!(scalar("{\"a\":\"it's\"}"), r#"'{"a":"it''s"}'"#);
    }
}
