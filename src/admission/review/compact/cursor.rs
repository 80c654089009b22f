//! A way through JSON without white space, forward only.
//!
//! Everything gives `None` where the text is not what was asked for, and what was read until then is of no use.

#![expect(clippy::inline_always, reason = "a step is a few instructions, and the cursor stays in registers")]

use std::borrow::Cow;

use wide::u8x16;

use crate::admission::setting::Text;
use crate::setting::blocks;

/// Bytes that are looked at in one go.
const BLOCK: usize = 16;
/// Bytes that nearly every value fits into.
const USUAL_TEXT: usize = 256;

pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// The start of a body in UTF-8. One with a control character is given up: in a string it is wrong, and between tokens it
    /// is white space.
    pub(super) fn new(body: &'a [u8]) -> Option<Self> {
        let (mut least, mut all) = (u8x16::splat(u8::MAX), u8x16::splat(0));
        let (chunks, end) = body.as_chunks();
        for block in chunks {
            let block = u8x16::new(*block);
            least = least.min(block);
            all |= block;
        }
        let is_ascii = !all.any() && end.is_ascii();
        let is_fine = !blocks::controls(least).any() && !end.iter().any(|byte| *byte < b' ');
        (is_fine && (is_ascii || std::str::from_utf8(body).is_ok())).then_some(Self { rest: body })
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// An object, each member by its key.
    #[inline]
    pub(super) fn members(&mut self, mut member: impl FnMut(&mut Self, &'a [u8]) -> Option<()>) -> Option<()> {
        self.expect(b'{')?;
        if self.peek()? == b'}' {
            return self.expect(b'}');
        }
        loop {
            let key = self.key()?;
            member(self, key)?;
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// A value that may be `null`.
    #[inline]
    #[expect(clippy::option_option, reason = "nothing that was read, and null that was")]
    pub(super) fn or_null<T>(&mut self, read: fn(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.peek()? == b'n' { self.literal(b"null").map(|()| None) } else { read(self).map(Some) }
    }

    /// A string or `null`. One with an escape by number is given up: API servers write `<`, `>` and `&` so.
    pub(super) fn text(&mut self) -> Option<Text<'a>> {
        if self.peek()? == b'n' {
            return self.literal(b"null").map(|()| Text::Absent);
        }
        self.expect(b'"')?;
        let start = self.rest;
        self.stop()?;
        if self.peek()? == b'\\' {
            self.rest = start;
            return self.unescaped().map(|text| Text::Text(Cow::Owned(text)));
        }
        let text = self.since(start)?;
        self.next()?;
        std::str::from_utf8(text).ok().map(|text| Text::Text(Cow::Borrowed(text)))
    }

    /// A string that has escapes, after its first quotation mark.
    ///
    /// A block is copied at a time, and cut where it turns out to go beyond the next quotation mark or backslash.
    fn unescaped(&mut self) -> Option<String> {
        let mut text = Vec::with_capacity(USUAL_TEXT + BLOCK);
        loop {
            let end = text.len();
            let block = block(self.rest);
            text.extend_from_slice(&block);
            let found = quotes_and_backslashes(block);
            if found == 0 {
                self.rest = self.rest.get(BLOCK..)?;
                continue;
            }
            let piece = found.trailing_zeros() as usize;
            text.truncate(end + piece);
            self.rest = self.rest.get(piece..)?;
            if self.next()? == b'"' {
                return String::from_utf8(text).ok();
            }
            text.push(match self.next()? {
                itself @ (b'"' | b'\\' | b'/') => itself,
                b'b' => 8,
                b'f' => 12,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                _ => return None,
            });
        }
    }

    /// Goes over a value, however much lies in it.
    pub(super) fn pass(&mut self) -> Option<()> {
        // In registers, as long as nothing that is called needs its address.
        let mut it = Self { rest: self.rest };
        it.pass_value()?;
        self.rest = it.rest;
        Some(())
    }

    #[inline(always)]
    fn pass_value(&mut self) -> Option<()> {
        // A bit for each object or array that is open, and one under them all: set for an object.
        let mut open = 1_u64;
        loop {
            match self.peek()? {
                b'"' => self.pass_string()?,
                b'{' => {
                    self.next()?;
                    if self.peek()? == b'}' {
                        self.next()?;
                    } else {
                        open = deeper(open)? | 1;
                        self.key()?;
                        continue;
                    }
                }
                b'[' => {
                    self.next()?;
                    if self.peek()? == b']' {
                        self.next()?;
                    } else {
                        open = deeper(open)?;
                        continue;
                    }
                }
                b't' => self.literal(b"true")?,
                b'f' => self.literal(b"false")?,
                b'n' => self.literal(b"null")?,
                _ => self.integer()?,
            }
            loop {
                if open == 1 {
                    return Some(());
                }
                let object = open & 1 == 1;
                match self.next()? {
                    b',' => {
                        if object {
                            self.key()?;
                        }
                        break;
                    }
                    b'}' if object => open >>= 1,
                    b']' if !object => open >>= 1,
                    _ => return None,
                }
            }
        }
    }

    /// What was read since then.
    #[inline(always)]
    fn since(&self, start: &'a [u8]) -> Option<&'a [u8]> {
        start.get(..start.len() - self.rest.len())
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    #[inline(always)]
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    #[inline(always)]
    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    #[inline(always)]
    fn literal(&mut self, literal: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(literal)?;
        Some(())
    }

    #[inline(always)]
    fn integer(&mut self) -> Option<()> {
        if self.peek()? == b'-' {
            self.next()?;
        }
        let first = self.next()?;
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = self.rest.get(digits..)?;
        let goes_on = matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        (first.is_ascii_digit() && (first != b'0' || digits == 0) && !goes_on).then_some(())
    }

    /// A key without escapes, and its colon.
    #[inline(always)]
    fn key(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let start = self.rest;
        self.stop()?;
        let key = self.since(start)?;
        self.rest = self.rest.strip_prefix(b"\":")?;
        Some(key)
    }

    /// Goes over a string.
    #[inline(always)]
    fn pass_string(&mut self) -> Option<()> {
        self.expect(b'"')?;
        self.stop()?;
        loop {
            match self.next()? {
                b'"' => return Some(()),
                b'\\' => {}
                _ => return None,
            }
            match self.next()? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                b'u' => {
                    for _ in 0..4 {
                        self.next()?.is_ascii_hexdigit().then_some(())?;
                    }
                }
                _ => return None,
            }
            // One escape often follows another.
            if self.peek()? != b'\\' {
                self.stop()?;
            }
        }
    }

    /// Goes to the next quotation mark or backslash.
    #[inline(always)]
    fn stop(&mut self) -> Option<()> {
        while let Some((block, rest)) = self.rest.split_first_chunk() {
            let found = quotes_and_backslashes(*block);
            if found != 0 {
                self.rest = self.rest.get(found.trailing_zeros() as usize..)?;
                return Some(());
            }
            self.rest = rest;
        }
        let at = self.rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        self.rest = self.rest.get(at..)?;
        Some(())
    }
}

/// The first bytes; zeros fill it up.
fn block(bytes: &[u8]) -> [u8; BLOCK] {
    bytes.first_chunk().copied().unwrap_or_else(|| {
        let mut last = [0; BLOCK];
        last[..bytes.len()].copy_from_slice(bytes);
        last
    })
}

/// A bit for each of the two in the block.
#[inline(always)]
fn quotes_and_backslashes(block: [u8; BLOCK]) -> u32 {
    let block = u8x16::new(block);
    (block.simd_eq(u8x16::splat(b'"')) | block.simd_eq(u8x16::splat(b'\\'))).to_bitmask()
}

#[inline(always)]
fn deeper(open: u64) -> Option<u64> {
    (open >> 63 == 0).then_some(open << 1)
}
