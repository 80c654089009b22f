//! Text as vectors, to be searched sixteen bytes at a time.

use wide::u8x16;

/// The bytes of a text in their order; spaces fill up the last sixteen.
#[inline]
pub(super) fn of(text: &str) -> impl Iterator<Item = u8x16> {
    let (blocks, rest) = text.as_bytes().as_chunks();
    let mut last = [b' '; 16];
    last[..rest.len()].copy_from_slice(rest);
    blocks.iter().copied().chain((!rest.is_empty()).then_some(last)).map(u8x16::new)
}

/// Which bytes of a block are control characters.
#[inline]
pub(crate) fn controls(block: u8x16) -> u8x16 {
    block.min(u8x16::splat(0x1f)).simd_eq(block)
}
