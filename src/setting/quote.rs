//! A stranger's text, made safe to print.
//!
//! Values, names and user names end up in refusals, logs and terminals. They are shown JSON-escaped,
//! with everything escaped that could move a cursor, reorder a line, end it, or be read as a command
//! by a CI system, and cut to a length that no list of them can turn into a flood.

use std::borrow::Cow;
use std::fmt::{self, Write};

use wide::u8x16;

use super::blocks;

/// How many characters of a text are shown.
const SHOWN: usize = 64;

/// Shows a text in double quotes, escaped and cut, with its length where it was cut.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_quoted(self.0, count(self.0), f)
    }
}

/// Shows a text without quotes, escaped and cut: for names, which are plain unless someone is hostile.
#[derive(Clone, Copy, Debug)]
pub struct Plain<'a>(pub &'a str);

impl<'a> Plain<'a> {
    /// What is shown.
    #[must_use]
    pub fn text(self) -> Cow<'a, str> {
        let Self(text) = self;
        if text.len() <= SHOWN && is_harmless(text) { Cow::Borrowed(text) } else { Cow::Owned(self.to_string()) }
    }
}

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_cut(self.0, count(self.0), f)
    }
}

/// Shows a text in double quotes, escaped but whole: for what the operator named, and its system bounds.
#[derive(Clone, Copy, Debug)]
pub struct Whole<'a>(pub &'a str);

impl fmt::Display for Whole<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        escape(self.0, usize::MAX, f)?;
        f.write_char('"')
    }
}

/// Shows a line without quotes and with its own quotes as they are, long enough for a whole value: for differences,
/// where every byte that can be seen should be.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a>(pub &'a str);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 2000;
        for (at, char) in self.0.char_indices().take(SHOWN) {
            match char {
                '"' | '\\' => f.write_char(char)?,
                _ => escape(&self.0[at..], 1, f)?,
            }
        }
        let chars = self.0.chars().count();
        if chars > SHOWN { write!(f, " (cut, {chars} characters)") } else { Ok(()) }
    }
}

/// JSON with the characters escaped that a terminal would act upon: the same JSON.
#[must_use]
pub fn printable_json(json: &str) -> Cow<'_, str> {
    if !json.chars().any(is_unprintable) {
        return Cow::Borrowed(json);
    }
    let printable = fmt::from_fn(|f| {
        json.chars().try_for_each(|char| if is_unprintable(char) { write_unicode(char, f) } else { f.write_char(char) })
    });
    Cow::Owned(printable.to_string())
}

/// The start of a text of any length, for showing: what a violation keeps of what it saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    start: Box<str>,
    chars: usize,
}

impl Excerpt {
    /// Keeps what is shown of the text, and its length.
    #[must_use]
    pub fn of(text: &str) -> Self {
        // Nearly every text is shorter than that in bytes.
        let cut = if text.len() > SHOWN { text.char_indices().nth(SHOWN) } else { None };
        let end = cut.map_or(text.len(), |(at, _)| at);
        Self { start: text[..end].into(), chars: count(text) }
    }

    /// Shows it without quotes: for numbers, and for names inside a sentence.
    #[must_use]
    pub fn unquoted(&self) -> impl fmt::Display + '_ {
        fmt::from_fn(|f| write_cut(&self.start, self.chars, f))
    }
}

/// In double quotes.
impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_quoted(&self.start, self.chars, f)
    }
}

/// How many characters there are, where that matters: a text of few bytes is never cut, and its bytes are counted.
fn count(text: &str) -> usize {
    if text.len() > SHOWN { text.chars().count() } else { text.len() }
}

fn write_quoted(start: &str, chars: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    escape(start, SHOWN, f)?;
    f.write_char('"')?;
    write_length(chars, f)
}

fn write_cut(start: &str, chars: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    escape(start, SHOWN, f)?;
    write_length(chars, f)
}

fn write_length(chars: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if chars > SHOWN { write!(f, " (cut, {chars} characters)") } else { Ok(()) }
}

/// Writes the first characters of the text, escaped.
fn escape(text: &str, shown: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // Nearly every text: there is one in each line of a log.
    if text.len() <= shown.min(SHOWN) && is_harmless(text) {
        return f.write_str(text);
    }
    for (at, char) in text.char_indices().take(shown) {
        match char {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            ':' if starts_command(&text[at..]) => write_unicode(char, f)?,
            '#' if text[at..].starts_with("##") => write_unicode(char, f)?,
            _ if is_unprintable(char) => write_unicode(char, f)?,
            _ => f.write_char(char)?,
        }
    }
    Ok(())
}

/// Whether a text of at most 64 bytes is surely shown as it is. One that is held back for nothing comes out the same, more slowly.
fn is_harmless(text: &str) -> bool {
    let (mut harmful, mut colons) = (u8x16::splat(0), 0_u64);
    for (index, block) in blocks::of(text).enumerate() {
        let is = |byte| block.simd_eq(u8x16::splat(byte));
        harmful |= blocks::controls(block) | blocks::beyond(block, b'~') | is(b'"') | is(b'\\') | is(b'#');
        colons |= u64::from(is(b':').to_bitmask()) << (16 * index);
    }
    !harmful.any() && colons & (colons >> 1) == 0
}

/// A JSON escape, as a surrogate pair where it takes one.
pub(crate) fn write_unicode(char: char, f: &mut impl fmt::Write) -> fmt::Result {
    let mut units = [0; 2];
    char.encode_utf16(&mut units).iter().try_for_each(|unit| write!(f, "\\u{unit:04x}"))
}

/// Characters that show nothing of themselves but change how their surroundings look.
pub(crate) fn is_unprintable(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' // soft hyphen, Arabic letter mark, joiners, BOM
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' // zero-width, lines, bidi
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}') // annotations, tags
}

/// Whether a CI system could take the text for a command: `::error::`, but not the `::` of an IPv6 address.
fn starts_command(text: &str) -> bool {
    text.strip_prefix("::").is_some_and(|rest| {
        let word = rest.bytes().take_while(|byte| byte.is_ascii_alphabetic() || *byte == b'-');
        word.into_iter().any(|byte| !byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_text_is_escaped() {
        for (text, shown) in [
            ("192.168.1.0/24", r#""192.168.1.0/24""#),
            ("a\"b\\c\n\r\t", r#""a\"b\\c\n\r\t""#),
            ("\u{1b}[31m\u{7f}\u{9b}", r#""\u001b[31m\u007f\u009b""#),
            ("\u{202e}abc\u{2066}\u{feff}", r#""\u202eabc\u2066\ufeff""#),
            ("::error::x", r#""\u003a:error\u003a:x""#),
            ("::ffff:10.0.0.0/104", r#""::ffff:10.0.0.0/104""#),
            ("fd00::/64", r#""fd00::/64""#),
            ("##[error]", r#""\u0023#[error]""#),
            ("\u{e0041}é漢", r#""\udb40\udc41é漢""#),
        ] {
            assert_eq!(Quoted(text).to_string(), shown);
        }
    }

    #[test]
    fn a_line_keeps_its_quotes_and_json_its_meaning() {
        let hostile = "{\"a\":\"\u{202e}\\\"\t::error::\u{85}\"}";
        assert_eq!(Line(hostile).to_string(), r#"{"a":"\u202e\"\t\u003a:error::\u0085"}"#);
        let json = serde_json::to_string(hostile).unwrap();
        let printable = printable_json(&json);
        assert!(printable.is_ascii(), "{printable}");
        assert_eq!(serde_json::from_str::<String>(&printable).unwrap(), hostile);
        assert_eq!(printable_json("{\"é\": 1}"), "{\"é\": 1}");
    }

    proptest! {
        #[test]
        fn text_that_is_shown_at_a_glance_is_shown_as_by_its_characters(text in "[ -~]{0,63}|[ab:é]{0,20}|[a#\\PC]{0,9}") {
            let slowly = Plain(&format!("\n{text}")).to_string();
            prop_assert_eq!(Plain(&text).to_string(), slowly.strip_prefix("\\n").unwrap());
            prop_assert_eq!(Plain(&text).text(), slowly.strip_prefix("\\n").unwrap());
        }
    }

    #[test]
    fn long_text_is_cut_with_its_length() {
        let text = "ä".repeat(65);
        assert_eq!(Quoted(&text).to_string(), format!("\"{}\" (cut, 65 characters)", "ä".repeat(64)));
        assert_eq!(Quoted(&text[2..]).to_string(), format!("\"{}\"", "ä".repeat(64)));
        assert_eq!(Plain(&"a:".repeat(32)).to_string(), "a:".repeat(32));
        assert_eq!(Plain("vm-1\n").to_string(), "vm-1\\n");
        assert_eq!(Whole(&format!("{text}\n")).to_string(), format!("\"{text}\\n\""));
        assert_eq!(Line(&"é".repeat(2001)).to_string(), format!("{} (cut, 2001 characters)", "é".repeat(2000)));
    }
}
