//! The operator's choices about the rules, the same flags for server and offline use.

use ipnet::Ipv4Net;

use crate::network::{Policy, RuleId, cidr};

/// Choices about the rules.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Rules")]
pub struct PolicyArgs {
    /// Warn where this rule would refuse; repeatable.
    ///
    /// Not for value-syntax, vlan-range, range-not-ipv4-network and exclude-invalid: a value that breaks these can't be
    /// read by Harvester, Multus or Whereabouts.
    #[arg(long, value_name = "RULE", value_parser = rule_that_may_warn, env = "MNW_WARN_RULE", value_delimiter = ',')]
    warn_rule: Vec<RuleId>,

    /// A range that `range` must not overlap; repeatable, and replaces the whole list, which is
    /// 10.42.0.0/16,10.43.0.0/16,10.52.0.0/16,10.53.0.0/16
    #[arg(
        long = "reserved-range",
        value_name = "CIDR",
        value_parser = network,
        env = "MNW_RESERVED_RANGE",
        value_delimiter = ','
    )]
    reserved: Option<Vec<Ipv4Net>>,
}

impl PolicyArgs {
    /// The choices as the rules take them.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.over(None)
    }

    /// The choices where they were made, else those that were captured with a cluster.
    #[must_use]
    pub fn over(&self, captured: Option<&Policy>) -> Policy {
        let mut policy = captured.cloned().unwrap_or_default();
        if let Some(reserved) = &self.reserved {
            policy.reserved.clone_from(reserved);
        }
        if !self.warn_rule.is_empty() {
            policy.warn = self.warn_rule.iter().copied().collect();
        }
        policy
    }
}

fn rule_that_may_warn(name: &str) -> Result<RuleId, String> {
    let rule: RuleId = name.parse().map_err(|error: crate::network::rule::UnknownRule| error.to_string())?;
    if rule.may_warn() {
        Ok(rule)
    } else {
        Err(format!("{rule} always refuses: a value that breaks it can't be read by Harvester, Multus or Whereabouts"))
    }
}

fn network(text: &str) -> Result<Ipv4Net, String> {
    let net = cidr::parse_strict(text).map_err(|why| format!("{why}; must be an IPv4 network such as 10.42.0.0/16"))?;
    if net.trunc() == net { Ok(net) } else { Err(format!("has host bits set; did you mean {}?", net.trunc())) }
}
