//! `range-contains-node-address`: no usable address belongs to a node already.

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: RuleId::RangeContainsNodeAddress,
    field: "`value.range`",
    refuses: "a usable address is a node's `InternalIP`, or an address that nodes have by a `HostNetworkConfig` on the \
              same cluster network and VLAN (in mode `dhcp` those of its status alone)",
    why: "Whereabouts does not know the addresses of nodes. Sooner or later it assigns a node's address to a virt-handler, \
          and both lose their connections.",
    fix: "Add the address to `exclude`, as a /32 or inside a larger block, or choose another range.",
    example: Example {
        given: Some("node-0 has the InternalIP 10.115.0.10"),
        refused: r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"10.115.0.0/28"}"#,
        instead: Instead::Value(SOUND),
    },
    check,
};

/// Looks at each node's addresses, so its time grows with the nodes.
fn check(evaluation: &mut Evaluation<'_, '_>, value: &ValidatedValue<'_>) {
    let Some(addresses) = value.addresses() else { return };
    let range = addresses.net();
    let (mut usable, mut excluded) = (Taken::default(), Truncated::default());
    if let Some(nodes) = evaluation.nodes() {
        evaluation.judged();
        for node in nodes.iter() {
            for address in node.internal_ips.iter().copied().filter(|address| range.contains(address)) {
                if addresses.contains(address) {
                    usable.push(address, owner(&node.name, address));
                } else {
                    excluded.push(owner(&node.name, address));
                }
            }
        }
    }
    add_host_networks(evaluation, value, addresses, &mut usable);
    let Taken { owners, excludes, .. } = usable;
    if !owners.is_empty() {
        let them = if excludes.len() == 1 { "it" } else { "them" };
        let message = format!(
            "\"{range}\": a pod could be given an address that is in use: {owners}; \
             exclude {them} ({excludes}) or choose another range"
        );
        evaluation.report_key(&key::RANGE, Reason::Invalid, message);
    }
    if !excluded.is_empty() {
        let text = format!(" holds {excluded}: not usable, but replies there leave by the migration network");
        evaluation.warn("node-address-excluded", FieldPath::Key(&key::RANGE), text);
    }
}

/// Adds the addresses of `HostNetworkConfig`s on the same cluster network and VLAN.
fn add_host_networks(
    evaluation: &mut Evaluation<'_, '_>,
    value: &ValidatedValue<'_>,
    addresses: &AddressRange,
    usable: &mut Taken,
) {
    let Some((cluster_network, vlan)) = value.cluster_network().zip(value.vlan()) else { return };
    let Some(host_networks) = evaluation.need(&evaluation.context.facts.host_networks) else { return };
    let same = |network: &&HostNetwork| network.cluster_network == cluster_network && network.vlan == vlan;
    let mut by_dhcp = Truncated::default();
    for network in host_networks.iter().filter(same) {
        if network.dhcp {
            by_dhcp.push(Plain(&network.name));
        }
        match &network.addresses {
            Err(why) => {
                evaluation.note_missing(Missing { kind: FactKind::HostNetworkConfigs, why: Arc::clone(why) });
            }
            Ok(theirs) => {
                for (node, address) in theirs.iter().filter(|(_, address)| addresses.contains(*address)) {
                    let owner = owner(node, *address);
                    usable.push(*address, format_args!("{owner} (HostNetworkConfig {})", Plain(&network.name)));
                }
            }
        }
    }
    if !by_dhcp.is_empty() {
        let text = format!(
            ": HostNetworkConfig {by_dhcp} takes addresses by DHCP on this VLAN: keep its leases out of the range"
        );
        evaluation.warn("host-network-dhcp", FieldPath::Key(&key::RANGE), text);
    }
}

fn owner(node: &str, address: Ipv4Addr) -> impl fmt::Display + '_ {
    fmt::from_fn(move |f| write!(f, "{address} of node {}", Plain(node)))
}

#[derive(Default)]
struct Taken {
    owners: Truncated,
    /// What to exclude: an address that two have is one entry.
    excludes: Truncated,
    seen: BTreeSet<Ipv4Addr>,
}

impl Taken {
    fn push(&mut self, address: Ipv4Addr, owner: impl fmt::Display) {
        self.owners.push(owner);
        if self.seen.insert(address) {
            self.excludes.push(format_args!("\"{address}/32\""));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::setting::rules::tests::*;

    #[test]
    fn no_usable_address_is_a_nodes() {
        let whole = value("net", 100, "10.115.0.0/24", &[]);
        assert_eq!(broken(&whole, &ready()), ["range-contains-node-address value.range"]);
        // The witness's is left.
        let but_one = value("net", 100, "10.115.0.0/24", &["10.115.0.10/31"]);
        assert_eq!(broken(&but_one, &ready()), ["range-contains-node-address value.range"]);

        let excluded = value("net", 100, "10.115.0.0/24", &["10.115.0.10/31", "10.115.0.12/32"]);
        assert_eq!(
            warnings(&excluded, &ready()),
            ["value.range holds 10.115.0.10 of node node-0, 10.115.0.11 of node node-1, 10.115.0.12 of node node-2: \
              not usable, but replies there leave by the migration network"]
        );
        // Network and broadcast address are not usable either.
        for range in ["10.115.0.10/31", "10.115.0.11/32", "10.115.0.12/30"] {
            let refused = broken(&value("net", 100, range, &[]), &ready());
            assert!(!refused.contains(&"range-contains-node-address value.range".to_owned()), "{range}: {refused:?}");
        }
    }

    #[test]
    fn no_usable_address_is_a_host_networks_on_the_same_vlan() {
        let host_network = |cluster_network: &str, vlan: u16| HostNetwork {
            name: "hosts".to_owned(),
            cluster_network: cluster_network.to_owned(),
            vlan: vlan.into(),
            dhcp: false,
            addresses: Ok(BTreeSet::from([
                ("node-0".to_owned(), address("192.168.1.5")),
                ("node-1".to_owned(), address("192.168.1.9")),
            ])),
        };
        let taken = ["range-contains-node-address value.range"];
        for (cluster_network, vlan, ours, expected) in [
            ("net", 100, 100, &taken as &[&str]),
            ("net", 101, 100, &[]),
            ("other", 100, 100, &[]),
            ("net", 0, 1, &taken),
            ("net", 1, 0, &taken),
            ("net", 0, 2, &[]),
        ] {
            let facts = Facts { host_networks: known(vec![host_network(cluster_network, vlan)]), ..ready() };
            let seen = broken(&value("net", ours, "192.168.1.0/24", &[]), &facts);
            assert_eq!(seen, expected, "{cluster_network} {vlan} {ours}");
        }
        let facts = Facts { host_networks: known(vec![host_network("net", 100)]), ..ready() };
        let excluded = ["192.168.1.5/32", "192.168.1.9/32"];
        assert_eq!(broken(&value("net", 100, "192.168.1.0/24", &excluded), &facts), NOTHING);
        // Which VLAN an address is met on is open while ours is.
        assert_eq!(broken(&value("net", 4095, "192.168.1.0/24", &[]), &facts), ["vlan-range value.vlan"]);
    }

    #[test]
    fn host_networks_by_dhcp_warn_and_unreadable_ones_matter_for_their_own_vlan() {
        let network = |vlan: u16, dhcp, addresses: Result<&[&str], &str>| HostNetwork {
            name: "hosts".to_owned(),
            cluster_network: "net".to_owned(),
            vlan: vlan.into(),
            dhcp,
            addresses: addresses
                .map(|them| them.iter().map(|it| ("node-0".to_owned(), address(it))).collect())
                .map_err(Into::into),
        };
        let with = |network| Facts { host_networks: known(vec![network]), ..ready() };
        let value = value("net", 100, "192.168.1.0/24", &[]);
        let warning = "value.range: HostNetworkConfig hosts takes addresses by DHCP on this VLAN: keep its leases out of the range";
        assert_eq!(warnings(&value, &with(network(100, true, Ok(&["10.0.0.1"])))), [warning]);
        assert_eq!(warnings(&value, &with(network(101, true, Ok(&[])))), NOTHING);
        let leased = with(network(100, true, Ok(&["192.168.1.7"])));
        assert_eq!(broken(&value, &leased), ["range-contains-node-address value.range"]);

        let missing = |facts: &Facts| {
            let findings = judged(&value, facts, &Policy::default());
            findings.missing.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let unreadable = "hostnetworkconfigs.network.harvesterhci.io (\"hosts\" can't be read)";
        assert_eq!(missing(&with(network(100, false, Err("\"hosts\" can't be read")))), [unreadable]);
        assert_eq!(missing(&with(network(101, false, Err("\"hosts\" can't be read")))), NOTHING);
    }

    #[test]
    fn what_to_exclude_is_said_each_address_once() {
        let told = |nodes: &[(&str, &str)]| {
            let nodes = nodes.iter().map(|(name, ip)| Node {
                name: (*name).into(),
                internal_ips: Box::new([address(ip)]),
                ..Node::default()
            });
            let facts = Facts { nodes: known(Nodes::new(nodes)), ..ready() };
            let findings = judged(&value("net", 100, "192.168.1.0/24", &[]), &facts, &Policy::default());
            findings.violations.listed()[0].to_string()
        };
        let start = "Invalid value: \"192.168.1.0/24\": a pod could be given an address that is in use:";
        assert_eq!(
            told(&[("a", "192.168.1.5")]),
            format!("{start} 192.168.1.5 of node a; exclude it (\"192.168.1.5/32\") or choose another range")
        );
        assert_eq!(
            told(&[("a", "192.168.1.5"), ("b", "192.168.1.6"), ("c", "192.168.1.5")]),
            format!(
                "{start} 192.168.1.5 of node a, 192.168.1.6 of node b, 192.168.1.5 of node c; \
                 exclude them (\"192.168.1.5/32\", \"192.168.1.6/32\") or choose another range"
            )
        );
    }
}
