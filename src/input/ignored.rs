//! Counts input that is not reviewed, by kind, so that a wrong path is noticed.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use crate::escape::Plain;

/// The kinds that are told apart; a stranger may have made up any number.
const KINDS: usize = 1000;
const NAMED: usize = 8;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// By kind and group, safe to print.
    kinds: BTreeMap<String, usize>,
    unnamed: usize,
    no_objects: usize,
}

impl Ignored {
    pub fn add(&mut self, kind: &str, group: &str) {
        let mut name = Plain(kind).to_string();
        if !group.is_empty() {
            name = format!("{name}.{}", Plain(group));
        }
        self.count(name, 1);
    }

    pub const fn add_no_object(&mut self) {
        self.no_objects += 1;
    }

    pub fn merge(&mut self, other: Self) {
        other.kinds.into_iter().for_each(|(kind, count)| self.count(kind, count));
        self.unnamed += other.unnamed;
        self.no_objects += other.no_objects;
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub fn has_objects(&self) -> bool {
        !self.kinds.is_empty()
    }

    fn count(&mut self, kind: String, count: usize) {
        if self.kinds.len() < KINDS || self.kinds.contains_key(&kind) {
            *self.kinds.entry(kind).or_default() += count;
        } else {
            self.unnamed += count;
        }
    }
}

/// `3 ConfigMap, 1 Setting.longhorn.io, 2 that are no Kubernetes objects`
impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kinds: Vec<_> = self.kinds.iter().collect();
        kinds.sort_by_key(|(_, count)| Reverse(**count));
        let named = kinds.iter().take(NAMED).map(|(kind, count)| format!("{count} {kind}"));
        let more = kinds.iter().skip(NAMED).map(|(_, count)| **count).sum::<usize>() + self.unnamed;
        let more = (more > 0).then(|| format!("{more} of other kinds"));
        let no_objects = match self.no_objects {
            0 => None,
            1 => Some("1 that is no Kubernetes object".to_owned()),
            many => Some(format!("{many} that are no Kubernetes objects")),
        };
        f.write_str(&named.chain(more).chain(no_objects).collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_kinds_are_named_and_the_rest_counted() {
        let mut seen = Ignored::default();
        assert!(seen.is_empty());
        for index in 0..2000 {
            seen.add(&format!("Kind{index:04}"), "example.com");
        }
        seen.add("Kind0007", "example.com");
        seen.add("Pod\u{1b}", "");
        seen.add_no_object();
        let mut twice = seen.clone();
        twice.merge(seen);
        assert_eq!(
            twice.to_string(),
            "4 Kind0007.example.com, 2 Kind0000.example.com, 2 Kind0001.example.com, 2 Kind0002.example.com, \
             2 Kind0003.example.com, 2 Kind0004.example.com, 2 Kind0005.example.com, 2 Kind0006.example.com, \
             3986 of other kinds, 2 that are no Kubernetes objects"
        );
    }

    #[test]
    fn a_stranger_s_kind_is_escaped() {
        let mut seen = Ignored::default();
        seen.add("Pod\u{1b}[31m", "::error::");
        seen.add_no_object();
        assert_eq!(seen.to_string(), r"1 Pod\u001b[31m.\u003a:error::, 1 that is no Kubernetes object");
    }
}
