//! `range-not-ipv4-network`: the range is an IPv4 network no larger than a /16.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: RuleId::RangeNotIpv4Network,
    field: "`value.range`",
    refuses: "`range` is not an IPv4 network `a.b.c.d/p` with a prefix from /16 to /32 and no host bits set",
    why: "Whereabouts ignores host bits and assigns addresses from the whole block. It misreads IPv6 and IPv4-mapped ranges. \
          Harvester refuses a prefix shorter than /16, sometimes only after minutes of work.",
    fix: "Write the network address with its prefix length. A network that the message suggests is only the enclosing one: \
          the other rules check it when you submit it.",
    example: Example {
        given: None,
        refused: r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.1/24"}"#,
        instead: Instead::Value(SOUND),
    },
    check,
};

fn check(evaluation: &mut Evaluation<'_, '_>, value: &ValidatedValue<'_>) {
    let Some(range) = &value.range else { return };
    evaluation.judged();
    if let Err(problem) = range {
        evaluation.report(problem.clone());
    }
}

#[cfg(test)]
mod tests {
    use crate::setting::rules::tests::*;

    #[test]
    fn range_is_a_whole_ipv4_network_no_larger_than_a_16() {
        for range in [
            "",
            "nonsense",
            "192.168.1.0",
            "192.168.1.1/24",
            "192.168.1.0/024",
            "192.168.01.0/24",
            "192.168.1.0/33",
            "192.168.1.0/",
            "192.168.1.0/+24",
            "192.168.1.0/24 ",
            "192.168.1.0/255.255.255.0",
            "192.168.0.0/15",
            "0.0.0.0/0",
            "fd00::/64",
            "::ffff:192.168.1.0/120",
            "192.168.1.0/24/1",
        ] {
            let value = value("net", 100, range, &[]);
            assert_eq!(broken(&value, &ready()), ["range-not-ipv4-network value.range"], "{range}");
        }
        for range in ["172.16.0.0/16", "192.168.1.0/30"] {
            assert_eq!(broken(&value("net", 100, range, &[]), &ready()), NOTHING, "{range}");
        }
    }
}
