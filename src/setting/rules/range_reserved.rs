//! `range-reserved`: the range stays clear of the cluster's own and special-purpose ranges.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: RuleId::RangeReserved,
    field: "`value.range`",
    refuses: "`range` overlaps Kubernetes' own networks (`10.42.0.0/16`, `10.43.0.0/16`, `10.52.0.0/16`, `10.53.0.0/16`, a \
              node's pod CIDRs, a `ServiceCIDR`) or a special-purpose range (`0.0.0.0/8`, `127.0.0.0/8`, `169.254.0.0/16`, \
              `224.0.0.0/4`, `240.0.0.0/4`)",
    why: "virt-handler gets a route for the whole range: pods and services inside it become unreachable from virt-handler, and \
          in loopback, link-local and multicast ranges virt-handler finds no usable address and does not start.",
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

#[cfg(test)]
mod tests {
    use crate::setting::rules::tests::*;

    #[test]
    fn range_stays_clear_of_what_is_reserved() {
        let facts = Facts {
            service_cidrs: known(vec![ServiceCidr { name: "more".to_owned(), cidr: net("172.30.0.0/16") }]),
            nodes: known(Nodes::new([Node {
                name: "node-0".into(),
                pod_cidrs: Box::new([net("172.20.3.0/24")]),
                ..Node::default()
            }])),
            ..ready()
        };
        let policy = Policy { reserved: vec![net("10.9.0.0/16")], ..Policy::default() };
        for (range, by_default, by_flag) in [
            ("10.42.0.0/16", true, false),
            ("10.43.255.248/29", true, false),
            ("10.52.8.0/24", true, false),
            ("10.53.0.0/28", true, false),
            ("10.9.200.0/24", false, true),
            ("10.41.255.0/24", false, false),
            ("10.44.0.0/16", false, false),
            ("0.255.0.0/16", true, true),
            ("127.0.0.0/24", true, true),
            ("169.254.0.0/16", true, true),
            ("169.255.0.0/16", false, false),
            ("169.253.255.0/24", false, false),
            ("223.255.255.0/24", false, false),
            ("224.0.0.0/24", true, true),
            ("239.255.0.0/16", true, true),
            ("240.0.0.0/24", true, true),
            ("255.255.255.0/24", true, true),
            ("172.30.4.0/24", true, true),
            ("172.31.0.0/24", false, false),
            ("172.20.0.0/16", true, true),
            ("172.20.4.0/24", false, false),
        ] {
            // The range as a whole is judged: what is excluded makes no difference.
            let value = value("mgmt", 100, range, &[]);
            let expected = |refused| if refused { vec!["range-reserved value.range"] } else { vec![] };
            assert_eq!(broken(&value, &facts), expected(by_default), "{range}");
            assert_eq!(broken_with(&value, &facts, &policy), expected(by_flag), "{range}");
        }
        let excluded = value("mgmt", 100, "172.20.0.0/16", &["172.20.3.0/24"]);
        assert_eq!(broken(&excluded, &facts), ["range-reserved value.range"]);
    }
}
