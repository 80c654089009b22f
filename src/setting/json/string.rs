//! A text as a JSON string.

use std::fmt::Write;

use wide::u8x16;

use crate::setting::blocks;

/// Adds the text in double quotes, with no escape that JSON does not ask for.
pub fn push_string(json: &mut String, text: &str) {
    json.push('"');
    push_escaped(json, text);
    json.push('"');
}

/// Adds the text as it is between the double quotes.
///
/// Messages and values are nearly free of escapes: what lies between two of them is copied whole.
pub fn push_escaped(json: &mut String, text: &str) {
    json.reserve(text.len() + 1);
    let mut copied = 0;
    for (index, block) in blocks::of(text).enumerate() {
        let mut escaped = escaped(block);
        while escaped != 0 {
            let at = 16 * index + escaped.trailing_zeros() as usize;
            json.push_str(&text[copied..at]);
            push_escape(json, text.as_bytes()[at]);
            copied = at + 1;
            escaped &= escaped - 1;
        }
    }
    json.push_str(&text[copied..]);
}

/// A bit for each byte that can't be as it is. Such a byte is a character of its own.
#[inline]
fn escaped(block: u8x16) -> u32 {
    let quotes = block.simd_eq(u8x16::splat(b'"')) | block.simd_eq(u8x16::splat(b'\\'));
    (quotes | blocks::controls(block)).to_bitmask()
}

fn push_escape(json: &mut String, byte: u8) {
    let letter = match byte {
        b'\n' => 'n',
        b'\r' => 'r',
        b'\t' => 't',
        0x08 => 'b',
        0x0c => 'f',
        b' '.. => char::from(byte),
        _ => {
            // Writing to a string can't fail.
            let _ = write!(json, "\\u{byte:04x}");
            return;
        }
    };
    json.push('\\');
    json.push(letter);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pushed(text: &str) -> String {
        let mut json = String::new();
        push_string(&mut json, text);
        json
    }

    #[test]
    fn every_ascii_character_is_escaped_as_json_asks_wherever_it_stands() {
        for char in '\0'..='\u{7f}' {
            for before in 0..40 {
                let text = format!("{}{char}é", "x".repeat(before));
                assert_eq!(pushed(&text), serde_json::to_string(&text).unwrap());
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_by_the_usual_writer(text in "(.|\\PC|[\"\\\\\\x00-\\x20]|[a-z ]{0,40}){0,12}") {
            prop_assert_eq!(pushed(&text), serde_json::to_string(&text).unwrap());
        }
    }
}
