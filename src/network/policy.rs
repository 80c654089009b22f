//! What an operator may set about the rules.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::cidr;
use super::rule::{RuleId, RuleSet, UnknownRule};

/// The operator's choices; the same for server and command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The ranges that `range-reserved` keeps clear of, beside those that the cluster itself names.
    pub reserved: Vec<Ipv4Net>,
    /// The rules that warn instead of refusing.
    pub warn: RuleSet,
}

impl Default for Policy {
    /// Harvester's pod and service networks, by default and in its older releases; no rule only warns.
    fn default() -> Self {
        let reserved = [42, 43, 52, 53].map(|second| Ipv4Net::new_assert(Ipv4Addr::new(10, second, 0, 0), 16));
        Self { reserved: reserved.to_vec(), warn: RuleSet::default() }
    }
}

/// What someone chose of a policy; the rest stands as it was recorded, or as it is by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// As [`Policy::reserved`].
    pub reserved: Option<Vec<Ipv4Net>>,
    /// As [`Policy::warn`].
    pub warn: Option<RuleSet>,
}

impl Choices {
    /// The policy with these choices, over the one that was recorded, if any was.
    #[must_use]
    pub fn over(&self, recorded: Option<&Policy>) -> Policy {
        let Policy { reserved, warn } = recorded.cloned().unwrap_or_default();
        Policy { reserved: self.reserved.clone().unwrap_or(reserved), warn: self.warn.unwrap_or(warn) }
    }
}

/// Reads a rule's name, of one that may warn.
///
/// # Errors
///
/// Says what is accepted.
pub fn rule_that_may_warn(name: &str) -> Result<RuleId, String> {
    let rule: RuleId = name.parse().map_err(|error: UnknownRule| error.to_string())?;
    if rule.may_warn() {
        Ok(rule)
    } else {
        Err(format!("{rule} always refuses: a value that breaks it can't be read by Harvester, Multus or Whereabouts"))
    }
}

/// Reads a reserved range: an IPv4 network without host bits.
///
/// # Errors
///
/// Says what is accepted.
pub fn reserved_range(text: &str) -> Result<Ipv4Net, String> {
    let net = cidr::parse_strict(text).map_err(|why| format!("{why}; must be an IPv4 network such as 10.42.0.0/16"))?;
    if net.trunc() == net { Ok(net) } else { Err(format!("has host bits set; did you mean {}?", net.trunc())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_wins_and_the_rest_is_as_recorded() {
        let net = |text: &str| reserved_range(text).unwrap();
        let warn = |rule| RuleSet::from_iter([rule]);
        let recorded = Policy { reserved: vec![net("10.1.0.0/16")], warn: warn(RuleId::VlanExclusive) };
        let nothing = Choices::default();
        assert_eq!(nothing.over(None), Policy::default());
        assert_eq!(nothing.over(Some(&recorded)), recorded);
        let ranges = Choices { reserved: Some(vec![net("10.2.0.0/16")]), warn: None };
        assert_eq!(
            ranges.over(Some(&recorded)),
            Policy { reserved: vec![net("10.2.0.0/16")], warn: warn(RuleId::VlanExclusive) }
        );
        let rules = Choices { reserved: None, warn: Some(warn(RuleId::RangeTooSmall)) };
        assert_eq!(
            rules.over(Some(&recorded)),
            Policy { reserved: vec![net("10.1.0.0/16")], warn: warn(RuleId::RangeTooSmall) }
        );
        assert_eq!(rules.over(None), Policy { warn: warn(RuleId::RangeTooSmall), ..Policy::default() });
    }

    #[test]
    fn rules_and_ranges_are_read_strictly() {
        assert_eq!(rule_that_may_warn("vlan-exclusive"), Ok(RuleId::VlanExclusive));
        let always =
            "vlan-range always refuses: a value that breaks it can't be read by Harvester, Multus or Whereabouts";
        assert_eq!(rule_that_may_warn("vlan-range").unwrap_err(), always);
        assert_eq!(reserved_range("10.1.0.0/16").unwrap().to_string(), "10.1.0.0/16");
        assert_eq!(reserved_range("10.1.2.0/16").unwrap_err(), "has host bits set; did you mean 10.1.0.0/16?");
    }
}
