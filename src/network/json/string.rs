//! A text as a JSON string.

use std::fmt::Write;

use wide::u8x16;

/// Adds the text in double quotes, with no escape that JSON does not ask for.
///
/// Messages and values are nearly free of escapes: what lies between two of them is copied whole.
pub fn push_string(json: &mut String, text: &str) {
    json.reserve(text.len() + 2);
    json.push('"');
    let mut rest = text;
    while let Some(at) = first_escaped(rest.as_bytes()) {
        let (plain, from) = rest.split_at(at);
        json.push_str(plain);
        push_escape(json, from.as_bytes()[0]);
        rest = &from[1..];
    }
    json.push_str(rest);
    json.push('"');
}

/// Where the first byte stands that can't be as it is. Such a byte is a character of its own.
fn first_escaped(text: &[u8]) -> Option<usize> {
    let (blocks, rest) = text.as_chunks::<16>();
    for (index, block) in blocks.iter().enumerate() {
        if let Some(at) = first_in_block(*block) {
            return Some(16 * index + at);
        }
    }
    let mut last = [b' '; 16];
    last[..rest.len()].copy_from_slice(rest);
    first_in_block(last).map(|at| 16 * blocks.len() + at)
}

#[inline]
fn first_in_block(block: [u8; 16]) -> Option<usize> {
    let bytes = u8x16::new(block);
    let control = bytes.min(u8x16::splat(0x1f)).simd_eq(bytes);
    let escaped = bytes.simd_eq(u8x16::splat(b'"')) | bytes.simd_eq(u8x16::splat(b'\\')) | control;
    let found = escaped.to_bitmask();
    (found != 0).then(|| found.trailing_zeros() as usize)
}

fn push_escape(json: &mut String, byte: u8) {
    let short = match byte {
        b'\n' => 'n',
        b'\r' => 'r',
        b'\t' => 't',
        0x08 => 'b',
        0x0c => 'f',
        b'"' | b'\\' => char::from(byte),
        _ => {
            // Writing to a string can't fail.
            let _ = write!(json, "\\u{byte:04x}");
            return;
        }
    };
    json.extend(['\\', short]);
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
