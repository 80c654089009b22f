//! Lists that are truncated when shown.

use std::fmt;

/// How many items are named.
const NAMED: usize = 3;

/// The first few of many items, and how many more there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truncated {
    named: Vec<String>,
    more: usize,
}

impl Truncated {
    /// Adds an item; only the first few are ever formatted.
    pub fn push(&mut self, item: impl fmt::Display) {
        if self.named.len() < NAMED {
            self.named.push(item.to_string());
        } else {
            self.more += 1;
        }
    }

    pub const fn len(&self) -> usize {
        self.named.len() + self.more
    }

    pub const fn is_empty(&self) -> bool {
        self.named.is_empty()
    }
}

impl<T: fmt::Display> FromIterator<T> for Truncated {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut list = Self::default();
        items.into_iter().for_each(|item| list.push(item));
        list
    }
}

impl fmt::Display for Truncated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.named.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            f.write_str(item)?;
        }
        if self.more > 0 { write!(f, " and {} more", self.more) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_are_named_and_the_rest_counted() {
        assert_eq!(Truncated::from_iter(["a", "b", "c"]).to_string(), "a, b, c");
        assert_eq!((1..=12).collect::<Truncated>().to_string(), "1, 2, 3 and 9 more");
        assert!(Truncated::default().is_empty());
        assert_eq!((1..=12).collect::<Truncated>().len(), 12);
    }
}
