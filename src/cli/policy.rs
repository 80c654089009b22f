//! Rule settings of the operator: the same flags for server and offline use.

use ipnet::Ipv4Net;

use crate::setting::{Policy, RuleId, RuleSet, cidr};

/// Choices about the rules.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Rules")]
pub struct PolicyArgs {
    /// Turn this rule into a warning; repeatable. Pass an empty value (--warn-rule=) to enforce every rule, even if the
    /// policy.yaml of a capture names some
    ///
    /// These rules can't be turned into warnings: value-syntax, vlan-range, range-not-ipv4-network, exclude-invalid.
    /// Harvester, Multus or Whereabouts can't read a value that breaks one of them.
    #[arg(long, value_name = "RULE", value_parser = rules_that_may_warn, env = "MNW_WARN_RULE")]
    warn_rule: Option<Vec<RuleSet>>,

    /// Network that `range` must not overlap; repeatable, and replaces the default list:
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
    /// The choices where they were made, else those that were captured with a cluster.
    pub fn over(&self, captured: Option<&Policy>) -> Policy {
        let mut policy = captured.cloned().unwrap_or_default();
        if let Some(reserved) = &self.reserved {
            policy.reserved.clone_from(reserved);
        }
        if let Some(warn) = &self.warn_rule {
            policy.warn = warn.iter().copied().flat_map(RuleSet::iter).collect();
        }
        policy
    }
}

/// One flag's rules, joined by commas; none where it is empty. The list is read here and not by clap, which would take
/// the empty name for one of many.
fn rules_that_may_warn(names: &str) -> Result<RuleSet, String> {
    if names.is_empty() { Ok(RuleSet::default()) } else { names.split(',').map(rule_that_may_warn).collect() }
}

fn rule_that_may_warn(name: &str) -> Result<RuleId, String> {
    let rule: RuleId = name.parse()?;
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        policy: PolicyArgs,
    }

    fn warn(arguments: &[&str]) -> Vec<&'static str> {
        let captured = Policy { warn: [RuleId::RangeReserved].into_iter().collect(), ..Policy::default() };
        let flags = Flags::try_parse_from([&["x"], arguments].concat()).unwrap();
        flags.policy.over(Some(&captured)).warn.iter().map(RuleId::as_str).collect()
    }

    #[test]
    fn what_is_given_takes_the_place_of_what_was_captured_and_nothing_can_be_given() {
        assert_eq!(warn(&[]), ["range-reserved"]);
        assert_eq!(warn(&["--warn-rule", "vlan-exclusive,network-overlap"]), ["network-overlap", "vlan-exclusive"]);
        assert_eq!(
            warn(&["--warn-rule=vlan-exclusive", "--warn-rule=range-too-small"]),
            ["range-too-small", "vlan-exclusive"]
        );
        assert_eq!(warn(&["--warn-rule="]), [""; 0]);
        assert_eq!(warn(&["--warn-rule", ""]), [""; 0]);
    }

    #[test]
    fn an_empty_name_among_others_is_a_slip() {
        for names in [",", "vlan-exclusive,", " "] {
            assert!(rules_that_may_warn(names).unwrap_err().starts_with("no rule is named \""), "{names}");
        }
        assert!(rules_that_may_warn("vlan-exclusive,vlan-range").unwrap_err().starts_with("vlan-range always refuses"));
    }
}
