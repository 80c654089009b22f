//! Text as vectors, to be searched sixteen bytes at a time.

use std::iter::from_fn;
use std::mem;

use wide::u8x16;

/// The bytes of a text in their order; spaces fill up the last sixteen.
#[inline]
pub(crate) fn of(text: &str) -> impl Iterator<Item = u8x16> {
    let mut rest = text.as_bytes();
    from_fn(move || {
        if let Some((block, after)) = rest.split_first_chunk() {
            rest = after;
            return Some(u8x16::new(*block));
        }
        let last = mem::take(&mut rest);
        let mut block = [b' '; 16];
        block[..last.len()].copy_from_slice(last);
        (!last.is_empty()).then(|| u8x16::new(block))
    })
}

/// Which bytes of a block are control characters.
#[inline]
pub(crate) fn controls(block: u8x16) -> u8x16 {
    block.min(u8x16::splat(0x1f)).simd_eq(block)
}

/// Which bytes of a block are above this one.
#[inline]
pub(crate) fn beyond(block: u8x16, byte: u8) -> u8x16 {
    block.max(u8x16::splat(byte + 1)).simd_eq(block)
}
