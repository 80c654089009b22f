//! The rules by name.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::suggest::nearest_or_all;

/// Names the rules, in the order in which violations are reported.
macro_rules! rule_ids {
    ($($id:ident $name:literal,)+) => {
        /// A rule by its name, which is stable: it is the audit annotation, the metric label, the argument of `--warn-rule`
        /// and what policy suites assert. What it is about stands in the rule's file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each has a file of its own")]
        pub enum RuleId { $($id),+ }

        impl RuleId {
            /// Every rule, in table order.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$id),+];

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$id => $name),+ }
            }
        }
    };
}

rule_ids! {
    ValueSyntax "value-syntax",
    VlanRange "vlan-range",
    VlanUntaggedOnMgmt "vlan-untagged-on-mgmt",
    RangeNotIpv4Network "range-not-ipv4-network",
    RangeReserved "range-reserved",
    RangeContainsNodeAddress "range-contains-node-address",
    ExcludeInvalid "exclude-invalid",
    RangeTooSmall "range-too-small",
    MigrationInProgress "migration-in-progress",
    ClusterNetworkMissing "cluster-network-missing",
    VlanConfigMissing "vlan-config-missing",
    VlanStatusNotReady "vlan-status-not-ready",
    WhereaboutsCrdMissing "whereabouts-crd-missing",
    NetworkOverlap "network-overlap",
    VlanExclusive "vlan-exclusive",
}

impl RuleId {
    /// Whether the rule may be turned into a warning.
    ///
    /// The others make the value unreadable for Harvester, Multus or Whereabouts, and decide
    /// whether a value is rewritten: admitting such a value helps nobody.
    pub const fn may_warn(self) -> bool {
        !matches!(self, Self::ValueSyntax | Self::VlanRange | Self::RangeNotIpv4Network | Self::ExcludeInvalid)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RuleId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl FromStr for RuleId {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if let Some(rule) = Self::ALL.into_iter().find(|rule| rule.as_str() == name) {
            return Ok(rule);
        }
        let hint = nearest_or_all("the rules are", name, Self::ALL.into_iter().map(Self::as_str));
        Err(format!("no rule is named {name:?}; {hint}"))
    }
}

/// A set of rules; it iterates in table order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleSet([bool; RuleId::ALL.len()]);

impl RuleSet {
    /// Adds a rule.
    pub const fn insert(&mut self, rule: RuleId) {
        self.0[rule as usize] = true;
    }

    /// Whether the rule is in the set.
    pub const fn contains(self, rule: RuleId) -> bool {
        self.0[rule as usize]
    }

    /// Whether the set holds no rule.
    pub fn is_empty(&self) -> bool {
        !self.0.contains(&true)
    }

    /// The rules, in table order.
    pub fn iter(self) -> impl Iterator<Item = RuleId> {
        RuleId::ALL.into_iter().filter(move |rule| self.contains(*rule))
    }
}

impl FromIterator<RuleId> for RuleSet {
    fn from_iter<I: IntoIterator<Item = RuleId>>(rules: I) -> Self {
        let mut set = Self::default();
        rules.into_iter().for_each(|rule| set.insert(rule));
        set
    }
}

/// The names, joined by commas: the audit annotation `rules`.
impl fmt::Display for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rule) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(rule.as_str())?;
        }
        Ok(())
    }
}

impl Serialize for RuleSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_as_its_rule() {
        for rule in RuleId::ALL {
            assert_eq!(rule.as_str().parse(), Ok(rule));
        }
    }

    #[test]
    fn a_wrong_name_says_the_nearest_or_all() {
        let near = "range-reservd".parse::<RuleId>().unwrap_err();
        assert_eq!(near, "no rule is named \"range-reservd\"; did you mean range-reserved?");
        let far = "x".parse::<RuleId>().unwrap_err();
        assert!(far.starts_with("no rule is named \"x\"; the rules are value-syntax, vlan-range, "), "{far}");
        assert!(far.ends_with(", vlan-exclusive"), "{far}");
    }

    #[test]
    fn a_set_prints_in_table_order() {
        let set = RuleSet::from_iter([RuleId::VlanExclusive, RuleId::ValueSyntax, RuleId::RangeReserved]);
        assert_eq!(set.to_string(), "value-syntax,range-reserved,vlan-exclusive");
        assert!(!set.contains(RuleId::VlanRange));
    }

    #[test]
    fn the_rules_that_decide_the_rewrite_never_warn() {
        let fixed: Vec<_> = RuleId::ALL.into_iter().filter(|rule| !rule.may_warn()).map(RuleId::as_str).collect();
        assert_eq!(fixed, ["value-syntax", "vlan-range", "range-not-ipv4-network", "exclude-invalid"]);
    }
}
