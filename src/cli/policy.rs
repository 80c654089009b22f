//! The operator's choices about the rules, the same flags for server and offline use.

use ipnet::Ipv4Net;

use crate::network::policy::{reserved_range, rule_that_may_warn};
use crate::network::{Choices, RuleId};

/// Choices about the rules.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Rules")]
pub struct PolicyArgs {
    /// Warn where this rule would refuse; repeatable, and replaces what --cluster has on record.
    ///
    /// Not for value-syntax, vlan-range, range-not-ipv4-network and exclude-invalid: a value that breaks these can't be
    /// read by Harvester, Multus or Whereabouts.
    #[arg(long, value_name = "RULE", value_parser = rule_that_may_warn, env = "MNW_WARN_RULE", value_delimiter = ',')]
    warn_rule: Vec<RuleId>,

    /// A range that `range` must not overlap; repeatable, and replaces the whole list: the one that --cluster has on
    /// record, else 10.42.0.0/16, 10.43.0.0/16, 10.52.0.0/16 and 10.53.0.0/16
    #[arg(
        long = "reserved-range",
        value_name = "CIDR",
        value_parser = reserved_range,
        env = "MNW_RESERVED_RANGE",
        value_delimiter = ','
    )]
    reserved: Vec<Ipv4Net>,
}

impl PolicyArgs {
    /// What was chosen.
    #[must_use]
    pub fn choices(&self) -> Choices {
        Choices {
            reserved: Some(self.reserved.clone()).filter(|ranges| !ranges.is_empty()),
            warn: Some(self.warn_rule.iter().copied().collect()).filter(|_| !self.warn_rule.is_empty()),
        }
    }
}
