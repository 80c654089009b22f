//! Differences between two texts, in the style of `diff`.

use std::io::{self, Write};

use similar::ChangeTag;
use similar::algorithms::{Capture, Replace, myers};

use super::output::Paint;
use crate::escape::Line;

/// The most lines of either text that are compared and shown: a value may be a book.
const SHOWN: usize = 100;

/// Writes the lines that only `old` has after a `-`, those that only `new` has after a `+`. A text that ends with
/// a line break ends with an empty line.
pub(super) fn write(out: &mut impl Write, indent: &str, old: &str, new: &str, paint: Paint) -> io::Result<()> {
    let [old_lines, new_lines] = [old, new].map(|text| text.split('\n').take(SHOWN).collect::<Vec<_>>());
    let mut changes = Replace::new(Capture::new());
    let Ok(()) = myers::diff(&mut changes, &*old_lines, 0..old_lines.len(), &*new_lines, 0..new_lines.len());
    let changes = changes.into_inner().into_ops();
    for change in changes.iter().flat_map(|change| change.iter_changes(&*old_lines, &*new_lines)) {
        let line = Line(change.value());
        match change.tag() {
            ChangeTag::Equal => writeln!(out, "{indent} {line}")?,
            ChangeTag::Delete => writeln!(out, "{indent}{}", paint.red(format_args!("-{line}")))?,
            ChangeTag::Insert => writeln!(out, "{indent}{}", paint.green(format_args!("+{line}")))?,
        }
    }
    for (text, side) in [(old, "the first"), (new, "the second")] {
        match text.split('\n').count().checked_sub(SHOWN) {
            None | Some(0) => {}
            Some(more) => writeln!(out, "{indent}({side} has {more} more lines)")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(old: &str, new: &str) -> String {
        let mut out = Vec::new();
        write(&mut out, ">", old, new, Paint::NEVER).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_are_marked_and_line_breaks_seen() {
        assert_eq!(difference("a\n{\"b\": 1}", "a\n{\"b\":1}"), "> a\n>-{\"b\": 1}\n>+{\"b\":1}\n");
        assert_eq!(difference("{}\n", "{}"), "> {}\n>-\n");
        assert_eq!(difference("{}\r\n\u{1b}", ""), ">-{}\\r\n>-\\u001b\n>+\n");
    }

    #[test]
    fn a_book_is_not_printed() {
        let book = "{\n".repeat(1_000_000);
        let shown = difference(&book, "x");
        assert_eq!(shown.lines().count(), 102);
        assert!(shown.ends_with(">(the first has 999901 more lines)\n"), "{shown}");
    }
}
