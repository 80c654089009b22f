//! What the fuzz targets hold against the code: a part of the crate, to reach what is private, and only when it is fuzzed.
//!
//! Each function takes bytes and panics when something does not hold.

#![allow(missing_docs, clippy::panic, clippy::unwrap_used, reason = "a find is a panic")]

mod addresses;
mod go;
mod printing;
mod reviews;
mod texts;
mod tree;
mod values;

pub use addresses::cidr;
pub use go::stored;
pub use printing::printed;
pub use reviews::review;
pub use texts::{cluster, rewrite, suite};
pub use values::value;

/// Text that goes to a terminal or a log: no character that acts upon it. A second list, not that of `escape`.
fn assert_harmless(text: &str, lines: bool) {
    let acts = |char: char| match char {
        '\n' => !lines,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => true,
        '\u{2028}' | '\u{2029}' => true,
        _ => char.is_control(),
    };
    assert!(!text.contains(acts), "{text:?}");
}
