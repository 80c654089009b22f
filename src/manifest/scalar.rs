//! A scalar with its source position, to locate problems inside it.

use std::ops::Range;

use serde_saphyr::Location;

/// A place in a file. Both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    pub const START: Self = Self { line: 1, column: 1 };

    /// Where the YAML reader was.
    pub fn of(location: Location) -> Self {
        let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX).max(1);
        Self { line: count(location.line()), column: count(location.column()) }
    }

    const fn right(self, columns: usize) -> Self {
        Self { line: self.line, column: self.column + columns }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// Where it starts: at the opening quote, or at the first character of a block.
    pub start: Position,
    /// What it takes of the file, in bytes: with its quotes.
    pub bytes: Range<usize>,
}

impl Scalar {
    /// The scalar that the YAML reader met.
    pub fn of(location: Location) -> Self {
        let span = location.span();
        let count = |count: Option<u64>| count.and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
        let start = count(span.byte_offset());
        Self { start: Position::of(location), bytes: start..start + count(span.byte_len()) }
    }

    /// Where the byte at `offset` of the scalar's `text` stands in its `file`. In a scalar that is folded over
    /// several lines it can't be told, and is the scalar's start.
    pub fn position(&self, file: &str, text: &str, offset: usize) -> Position {
        let (Some(written), Some(before)) = (file.get(self.bytes.clone()), text.get(..offset)) else {
            return self.start;
        };
        if is_literal_block(file.get(..self.bytes.start).unwrap_or_default()) {
            let last = before.rsplit('\n').next().unwrap_or_default();
            let line = self.start.line + before.matches('\n').count();
            return Position { line, ..self.start }.right(last.chars().count());
        }
        // The line break that ends a plain scalar may be counted as its own.
        if written.trim_end().contains('\n') {
            return self.start;
        }
        let columns = match written.chars().next() {
            Some('\'') => 1 + before.chars().map(|char| if char == '\'' { 2 } else { 1 }).sum::<usize>(),
            Some('"') => 1 + double_quoted(&written[1..], before.chars().count()),
            _ => before.chars().count(),
        };
        self.start.right(columns)
    }
}

/// Whether what stands before a scalar ends with the header of a literal block: `|`, `|-`, `|2+`.
fn is_literal_block(before: &str) -> bool {
    let header = before.trim_end().trim_end_matches(|char: char| char == '-' || char == '+' || char.is_ascii_digit());
    // A comment may follow the header; then the block's positions are those of its start.
    header.ends_with('|') && before.trim_end_matches([' ', '\t']).ends_with('\n')
}

/// How many characters the first `chars` characters of a text take in double quotes.
fn double_quoted(written: &str, chars: usize) -> usize {
    let mut rest = written;
    for _ in 0..chars {
        let taken = match rest.as_bytes() {
            [b'\\', b'x', ..] => 4,
            [b'\\', b'U', ..] => 10,
            // JSON writes what is beyond the first plane as two escapes.
            [b'\\', b'u', b'd' | b'D', b'8' | b'9' | b'a' | b'A' | b'b' | b'B', ..] => 12,
            [b'\\', b'u', ..] => 6,
            [b'\\', ..] => 2,
            _ => rest.chars().next().map_or(0, char::len_utf8),
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    written[..written.len() - rest.len()].chars().count()
}

#[cfg(test)]
mod tests {
    use serde_saphyr::Spanned;

    use super::*;

    /// Where the text `here` of the scalar `value` stands, as `line:column`.
    fn find(file: &str, here: &str) -> String {
        #[derive(serde::Deserialize)]
        struct Manifest {
            value: Spanned<String>,
        }
        let Manifest { value } = serde_saphyr::from_str(file).unwrap();
        let offset = value.value.find(here).unwrap();
        let Position { line, column } = Scalar::of(value.referenced).position(file, &value.value, offset);
        format!("{line}:{column}")
    }

    #[test]
    fn a_text_on_one_line_is_found_through_its_quotes() {
        for (file, found) in [
            ("value: vlan", "1:8"),
            ("x: 1\nvalue: é vlan # c", "2:10"),
            ("value: '{\"a''é\": 1, \"vlan\": 2}'", "1:22"),
            ("value: \"{\\\"a\\u00e9\\t\\\\\\\": 1, vlan\"", "1:30"),
            ("{\"value\": \"\\U0001F600\\x41 vlan\"}", "1:27"),
            ("{\"value\": \"\\ud83d\\ude00 vlan\"}", "1:25"),
            ("value:   \n  'a vlan'", "2:6"),
        ] {
            assert_eq!(find(file, "vlan"), found, "{file}");
            let (line, column) = found.split_once(':').unwrap();
            let line = file.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
            assert!(line.chars().skip(column.parse::<usize>().unwrap() - 1).collect::<String>().starts_with("vlan"));
        }
    }

    #[test]
    fn a_literal_block_is_found_line_by_line() {
        assert_eq!(find("value: |\n  {\n    é vlan", "vlan"), "3:7");
        assert_eq!(find("value: |-\n  vlan\n", "vlan"), "2:3");
        assert_eq!(find("value: |1+\n  vlan\n", "vlan"), "2:3");
    }

    #[test]
    fn a_folded_scalar_is_where_it_starts() {
        for file in
            ["value: >\n  {\n  vlan\n", "value: 'a\n  vlan'", "value: a\n  vlan", "value: | # why\n  a\n  vlan\n"]
        {
            let found = find(file, "vlan");
            assert!(["1:8", "2:3"].contains(&found.as_str()), "{file}: {found}");
        }
    }
}
