//! Rule settings of the operator.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::rule_id::RuleSet;

/// The operator's choices; the same for server and command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The ranges that `range-reserved` keeps clear of, beside those that the cluster itself names.
    pub reserved: Vec<Ipv4Net>,
    /// The rules that warn instead of refusing.
    pub warn: RuleSet,
    /// Whether users are told only how many migrations run, and not which: they may be of namespaces that are none of
    /// theirs.
    pub hide_migration_names: bool,
}

impl Default for Policy {
    /// Harvester's pod and service networks, by default and in its older releases; no rule only warns; migrations are named.
    fn default() -> Self {
        let reserved = [42, 43, 52, 53].map(|second| Ipv4Net::new_assert(Ipv4Addr::new(10, second, 0, 0), 16));
        Self { reserved: reserved.to_vec(), warn: RuleSet::default(), hide_migration_names: false }
    }
}
