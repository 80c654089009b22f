//! String literals as Go decodes them, and keys as it compares them.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

/// The text of a string literal. Half a surrogate pair becomes U+FFFD, where serde would refuse it.
pub(super) fn decode(literal: &str) -> Cow<'_, str> {
    match inner(literal) {
        plain if !plain.contains('\\') => Cow::Borrowed(plain),
        _ => Cow::Owned(Literal::new(literal).collect()),
    }
}

fn inner(literal: &str) -> &str {
    literal.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default()
}

/// Whether Go takes the key for the field: equal but for case.
///
/// No two fields differ by case alone, so that it is no matter which of them an exact match is.
pub(super) fn folds_to(literal: &str, name: &str) -> bool {
    let mut key = Literal::new(literal).map(fold);
    name.chars().map(fold).all(|wanted| key.next() == Some(wanted)) && key.next().is_none()
}

/// The least character that differs by case alone, for all that can meet an ASCII name.
const fn fold(c: char) -> char {
    match c {
        '\u{17f}' => 'S',
        '\u{212a}' => 'K',
        _ => c.to_ascii_uppercase(),
    }
}

/// The characters of a string literal that is known to be valid JSON, decoded as they are asked for:
/// a long key costs no more than the prefix that tells it from a field's name.
struct Literal<'a> {
    rest: Peekable<Chars<'a>>,
    /// A code unit that was read ahead and turned out not to be the second half of a pair.
    pending: Option<u16>,
}

impl<'a> Literal<'a> {
    fn new(literal: &'a str) -> Self {
        Self { rest: inner(literal).chars().peekable(), pending: None }
    }

    fn code_unit(&mut self) -> u16 {
        let digits = self.rest.by_ref().take(4);
        digits.fold(0, |unit, digit| unit << 4 | digit.to_digit(16).and_then(|d| u16::try_from(d).ok()).unwrap_or(0))
    }

    /// The character that starts with this code unit, and with the one after it if they are a pair.
    fn char_from(&mut self, unit: u16) -> char {
        let second = (0xd800..0xdc00).contains(&unit).then(|| self.escaped_unit()).flatten();
        let units = [unit, second.unwrap_or(0)];
        let decoded = char::decode_utf16(units).next().and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER);
        if decoded.len_utf16() == 1 {
            self.pending = second;
        }
        decoded
    }

    fn escaped_unit(&mut self) -> Option<u16> {
        let mut ahead = self.rest.clone();
        if ahead.next() != Some('\\') || ahead.next() != Some('u') {
            return None;
        }
        self.rest = ahead;
        Some(self.code_unit())
    }
}

impl Iterator for Literal<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        if let Some(unit) = self.pending.take() {
            return Some(self.char_from(unit));
        }
        let c = self.rest.next()?;
        if c != '\\' {
            return Some(c);
        }
        Some(match self.rest.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let unit = self.code_unit();
                self.char_from(unit)
            }
            itself => itself,
        })
    }
}
