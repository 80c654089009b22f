//! Makes untrusted text safe to print. Nothing else escapes.
//!
//! Values, names and user names end up in refusals, logs and terminals. They are shown JSON-escaped,
//! with everything escaped that could move a cursor, reorder a line, end it, or be read as a command
//! by a CI system, and cut to a length that no list of them can turn into a flood.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::path::Path;

/// How many characters of a text are shown.
const SHOWN: usize = 64;

/// Shows a text in double quotes, escaped and cut, with its length where it was cut.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_cut(self.0, self.0.chars().count(), "\"", f)
    }
}

/// Shows a text without quotes, escaped and cut: for names, which are plain unless someone is hostile.
#[derive(Clone, Copy, Debug)]
pub struct Plain<'a>(pub &'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_cut(self.0, self.0.chars().count(), "", f)
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

/// Shows a path in double quotes, escaped but whole; `-` is standard input.
#[derive(Clone, Copy, Debug)]
pub struct QuotedPath<'a>(pub &'a Path);

impl fmt::Display for QuotedPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == "-" {
            return f.write_str("standard input");
        }
        Whole(&self.0.to_string_lossy()).fmt(f)
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

/// Shows a text as one word of a shell's command line: in single quotes where it takes any, in those of bash where a
/// character can't be seen.
#[derive(Clone, Copy, Debug)]
pub struct ShellWord<'a>(pub &'a str);

impl fmt::Display for ShellWord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0;
        let bare = |char: char| char.is_ascii_alphanumeric() || "_-./:=@%+,".contains(char);
        if text.starts_with('-') && text != "-" {
            f.write_str("./")?;
        }
        if !text.is_empty() && text.chars().all(bare) {
            return f.write_str(text);
        }
        let hidden = text.chars().any(is_unprintable);
        f.write_str(if hidden { "$'" } else { "'" })?;
        for char in text.chars() {
            match char {
                '\'' if hidden => f.write_str("\\'")?,
                '\\' if hidden => f.write_str("\\\\")?,
                '\'' => f.write_str("'\\''")?,
                _ if is_unprintable(char) => write!(f, "\\U{:08x}", u32::from(char))?,
                _ => f.write_char(char)?,
            }
        }
        f.write_char('\'')
    }
}

/// The words of another library, which may quote a stranger: printable, on one line, and not endless.
#[derive(Clone, Copy, Debug)]
pub struct Quoting<'a>(pub &'a str);

impl fmt::Display for Quoting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, char) in self.0.chars().enumerate() {
            match char {
                _ if index == 4 * SHOWN => return f.write_str("…"),
                '"' | '\'' | '\\' => write!(f, "{char}")?,
                _ => write!(f, "{}", char.escape_debug())?,
            }
        }
        Ok(())
    }
}

/// JSON with the characters escaped that a terminal would act upon: the same JSON.
pub fn printable_json(json: &str) -> Cow<'_, str> {
    let plain = json.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !json.chars().any(is_unprintable);
    if plain {
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
    pub fn of(text: &str) -> Self {
        let end = text.char_indices().nth(SHOWN).map_or(text.len(), |(at, _)| at);
        Self { start: text[..end].into(), chars: text.chars().count() }
    }

    /// Shows it without quotes: for numbers, and for names inside a sentence.
    pub fn unquoted(&self) -> impl fmt::Display + '_ {
        fmt::from_fn(|f| write_cut(&self.start, self.chars, "", f))
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_cut(&self.start, self.chars, "\"", f)
    }
}

/// Shows what begins so and is that long.
fn write_cut(start: &str, chars: usize, quote: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(quote)?;
    escape(start, SHOWN, f)?;
    f.write_str(quote)?;
    if chars > SHOWN { write!(f, " (cut, {chars} characters)") } else { Ok(()) }
}

fn escape(text: &str, shown: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

/// A JSON escape, as a surrogate pair where it takes one.
pub(crate) fn write_unicode(char: char, f: &mut impl Write) -> fmt::Result {
    let mut units = [0; 2];
    char.encode_utf16(&mut units).iter().try_for_each(|unit| write!(f, "\\u{unit:04x}"))
}

/// Characters that can't be seen, or that change how their surroundings look.
pub(crate) fn is_unprintable(char: char) -> bool {
    if char.is_ascii() {
        return char.is_ascii_control();
    }
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' // soft hyphen, Arabic letter mark, joiners, BOM
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' // zero-width, lines, bidi
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' // annotations, tags
            | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' // blanks
            | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}')
        || u32::from(char) & 0xfffe == 0xfffe // no characters: U+FFFE, U+FFFF and their like
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
            ("a\u{a0}b\u{2003}\u{3164}\u{2800}", r#""a\u00a0b\u2003\u3164\u2800""#),
            ("\u{fffe}\u{1ffff}", r#""\ufffe\ud83f\udfff""#),
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

    #[test]
    fn a_word_is_one_word_to_a_shell() {
        for (text, word) in [
            ("a/b-c_1.yaml", "a/b-c_1.yaml"),
            ("-", "-"),
            ("-f.yaml", "./-f.yaml"),
            ("", "''"),
            ("my file.yaml", "'my file.yaml'"),
            ("it's $(x)", r"'it'\''s $(x)'"),
            ("it's\n\\\u{202e}", r"$'it\'s\U0000000a\\\U0000202e'"),
        ] {
            assert_eq!(ShellWord(text).to_string(), word);
        }
    }

    #[test]
    fn words_that_quote_stay_on_one_line() {
        assert_eq!(Quoting("got \"a\nb\u{202e}\" at 1:2").to_string(), "got \"a\\nb\\u{202e}\" at 1:2");
        assert_eq!(Quoting(&"x".repeat(300)).to_string(), format!("{}…", "x".repeat(256)));
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
