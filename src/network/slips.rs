//! How far apart two words are, where they are near: what "did you mean" goes by.

/// How many slips apart what was written may be from what was meant.
const MOST: usize = 2;

/// The slips between two words: characters too many, too few, other ones, or swapped. `None` where there are more than two.
///
/// Nearly every pair is told apart by the letters that only one of them has; what both start or end with is no matter. Only
/// the rest is compared, as that costs the product of the lengths.
pub(super) fn between(one: &str, other: &str) -> Option<usize> {
    let (one, other) = without_shared_ends(one, other);
    let (ours, theirs) = (Letters::of(one), Letters::of(other));
    // Each slip changes the length by one at most, and brings in one letter at most.
    let far = ours.count.abs_diff(theirs.count) > MOST || ours.not_in(theirs) > MOST || theirs.not_in(ours) > MOST;
    (!far).then(|| strsim::damerau_levenshtein(one, other)).filter(|slips| *slips <= MOST)
}

fn without_shared_ends<'a>(mut one: &'a str, mut other: &'a str) -> (&'a str, &'a str) {
    let start = one.chars().zip(other.chars()).take_while(|(one, other)| one == other);
    let start = start.map(|(char, _)| char.len_utf8()).sum::<usize>();
    (one, other) = (&one[start..], &other[start..]);
    let end = one.chars().rev().zip(other.chars().rev()).take_while(|(one, other)| one == other);
    let end = end.map(|(char, _)| char.len_utf8()).sum::<usize>();
    (&one[..one.len() - end], &other[..other.len() - end])
}

/// The characters of a word: how many, and of which kinds, of 64.
#[derive(Clone, Copy, Default)]
struct Letters {
    count: usize,
    kinds: u64,
}

impl Letters {
    fn of(word: &str) -> Self {
        word.chars().fold(Self::default(), |Self { count, kinds }, char| Self {
            count: count + 1,
            kinds: kinds | 1 << (u32::from(char) % u64::BITS),
        })
    }

    const fn not_in(self, other: Self) -> usize {
        (self.kinds & !other.kinds).count_ones() as usize
    }
}

#[cfg(test)]
mod tests;
