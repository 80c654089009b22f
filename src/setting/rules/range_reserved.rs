//! `range-reserved`: the range stays clear of the cluster's own and special-purpose ranges.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::escape::Plain;
use crate::setting::evaluation::Evaluation;
use crate::setting::key;
use crate::setting::list::Truncated;
use crate::setting::problem::Reason;
use crate::setting::rule::{Example, Instead, Rule, SOUND};
use crate::setting::rule_id::RuleId;
use crate::setting::validated_value::ValidatedValue;

pub(super) static RULE: Rule = Rule {
    id: RuleId::RangeReserved,
    field: "`value.range`",
    refuses: "`range` overlaps Kubernetes' own networks (`10.42.0.0/16`, `10.43.0.0/16`, `10.52.0.0/16`, `10.53.0.0/16`, a \
              node's pod CIDRs, a `ServiceCIDR`) or a special-purpose range (`0.0.0.0/8`, `127.0.0.0/8`, `169.254.0.0/16`, \
              `224.0.0.0/4`, `240.0.0.0/4`)",
    why: "virt-handler gets a route for the whole range: pods and services inside it become unreachable from virt-handler, and \
          in loopback, link-local and multicast ranges it finds no address it could use and does not start.",
    fix: "Choose a range that nothing else uses. Excludes don't help, since the route is for the whole range. A cluster with \
          other pod and service networks can replace the fixed list with `--reserved-range`.",
    example: Example {
        given: None,
        refused: r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"10.52.0.0/24"}"#,
        instead: Instead::Value(SOUND),
    },
    check,
};

/// Ranges whose addresses no interface may have, or none that virt-handler would use, and what they are for.
/// <https://www.iana.org/assignments/iana-ipv4-special-registry>
const SPECIAL_PURPOSE: [([u8; 4], u8, &str); 5] = [
    ([0, 0, 0, 0], 8, "this host"),
    ([127, 0, 0, 0], 8, "loopback"),
    ([169, 254, 0, 0], 16, "link-local"),
    ([224, 0, 0, 0], 4, "multicast"),
    ([240, 0, 0, 0], 4, "reserved for future use"),
];

/// Looks at each node's pod CIDRs, so its time grows with the nodes.
fn check(evaluation: &mut Evaluation<'_, '_>, value: &ValidatedValue<'_>) {
    let Some(range) = value.range() else { return };
    let context = evaluation.context;
    let mut others = Truncated::default();
    for reserved in context.policy.reserved.iter().filter(|reserved| overlap(range, **reserved)) {
        others.push(format_args!("{reserved} (reserved for the cluster's pods and services)"));
    }
    for (address, prefix, purpose) in SPECIAL_PURPOSE {
        let special = Ipv4Net::new_assert(Ipv4Addr::from(address), prefix);
        if overlap(range, special) {
            others.push(format_args!("{special} ({purpose})"));
        }
    }
    if let Some(services) = evaluation.need(&context.facts.service_cidrs) {
        for service in services.iter().filter(|service| overlap(range, service.cidr)) {
            others.push(format_args!("{} (ServiceCIDR {})", service.cidr, Plain(&service.name)));
        }
    }
    if let Some(nodes) = evaluation.nodes() {
        evaluation.judged();
        for node in nodes.iter() {
            for pods in node.pod_cidrs.iter().filter(|pods| overlap(range, **pods)) {
                others.push(format_args!("{pods} (pod CIDR of node {})", Plain(&node.name)));
            }
        }
    }
    if !others.is_empty() {
        let message =
            format!("\"{range}\": overlaps {others}; excludes don't help, choose a range that nothing else uses");
        evaluation.report_key(&key::RANGE, Reason::Invalid, message);
    }
}

/// Two networks overlap only when one holds the other: when they are the same as far as both prefixes go.
fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    let shared = one.prefix_len().min(other.prefix_len());
    (u32::from(one.addr()) ^ u32::from(other.addr())).leading_zeros() >= u32::from(shared)
}
