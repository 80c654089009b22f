//! How far apart two words are, where they are near: what "did you mean" goes by.

/// How many slips apart what was written may be from what was meant.
const MOST: usize = 2;

/// The slips between two words: characters too many, too few, other ones, or swapped. `None` where there are more than two.
///
/// Nearly every pair is told apart by the letters that only one of them has; what both start or end with is no matter. Only
/// the rest is compared, as that costs the product of the lengths.
pub(super) fn between(one: &str, other: &str) -> Option<usize> {
    // Each slip changes the length by one at most, and brings in one letter at most.
    if one.is_ascii() && other.is_ascii() && one.len().abs_diff(other.len()) > MOST {
        return None;
    }
    let (one, other) = without_shared_ends(one, other);
    let (ours, theirs) = (letters(one), letters(other));
    let far = [ours & !theirs, theirs & !ours].into_iter().any(|letters| letters.count_ones() as usize > MOST);
    (!far).then(|| strsim::damerau_levenshtein(one, other)).filter(|slips| *slips <= MOST)
}

fn without_shared_ends<'a>(mut one: &'a str, mut other: &'a str) -> (&'a str, &'a str) {
    let shared = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    let start = one.floor_char_boundary(shared);
    (one, other) = (&one[start..], &other[start..]);
    let shared = one.bytes().rev().zip(other.bytes().rev()).take_while(|(one, other)| one == other).count();
    let end = one.len() - one.ceil_char_boundary(one.len() - shared);
    (&one[..one.len() - end], &other[..other.len() - end])
}

/// Which kinds of characters there are in a word, of 64.
fn letters(word: &str) -> u64 {
    word.chars().fold(0, |letters, char| letters | 1 << (u32::from(char) % u64::BITS))
}

#[cfg(test)]
mod tests;
