//! Whereabouts' `IPPool`.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::escape::{Plain, Quoted};
use crate::setting::cidr;
use crate::setting::list::Truncated;

/// `spec` of an `IPPool`, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PoolSpec {
    /// The network whose first address the keys count from.
    pub range: Option<String>,
    /// The addresses that are given away, by their distance from the first, in decimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocations: Option<BTreeMap<String, Allocation>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Allocation {
    /// The pod, as `NAMESPACE/NAME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub podref: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenAddress {
    pub address: Ipv4Addr,
    /// The pod, as `NAMESPACE/NAME`; empty where the pool does not say.
    pub podref: Box<str>,
}

impl TakenAddress {
    pub fn pod(&self) -> Option<(&str, &str)> {
        self.podref.split_once('/').filter(|(namespace, name)| !namespace.is_empty() && !name.is_empty())
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhereaboutsPool {
    /// What is given away, sorted by address.
    pub taken: Box<[TakenAddress]>,
    /// The keys that are no address of the range.
    pub ignored: Truncated,
}

impl WhereaboutsPool {
    /// Reads a pool; or says what is wrong with it, safe to print.
    pub fn read(spec: &PoolSpec) -> Result<Self, String> {
        let text = spec.range.as_deref().ok_or("spec.range is missing")?;
        let Some(IpNet::V4(range)) = cidr::parse_go(text) else {
            return Err(format!("spec.range holds {}, which is not an IPv4 network", Quoted(text)));
        };
        let first = u32::from(range.network());
        let mut taken = Vec::new();
        let mut ignored = Truncated::default();
        for (key, allocation) in spec.allocations.iter().flatten() {
            // Whereabouts passes over what is no number too.
            let address = key.parse::<u32>().ok().and_then(|offset| first.checked_add(offset)).map(Ipv4Addr::from);
            match address.filter(|address| range.contains(address)) {
                Some(address) => {
                    let podref = allocation.podref.as_deref().unwrap_or_default().into();
                    taken.push(TakenAddress { address, podref });
                }
                None => ignored.push(Plain(key)),
            }
        }
        taken.sort_by_key(|taken| taken.address);
        Ok(Self { taken: taken.into(), ignored })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::pool::pool_name;

    fn read(spec: Value) -> Result<WhereaboutsPool, String> {
        WhereaboutsPool::read(&serde_json::from_value(spec).unwrap())
    }

    #[test]
    fn a_pool_is_named_by_its_range() {
        for (range, name) in
            [("192.168.1.0/24", "192.168.1.0-24"), ("192.168.1.9/24", "192.168.1.0-24"), ("10.0.0.0/16", "10.0.0.0-16")]
        {
            assert_eq!(pool_name(range.parse().unwrap()), name);
        }
    }

    #[test]
    fn keys_count_from_the_network_address() {
        let pool = read(json!({"range": "192.168.1.0/24", "allocations": {
            "10": {"id": "c", "podref": "harvester-system/virt-handler-b"},
            "1": {"id": "c", "podref": "harvester-system/virt-handler-a"},
            "256": {}, "-1": {}, "x\u{1b}": {}, "4294967296": {},
        }}))
        .unwrap();
        let taken: Vec<_> = pool.taken.iter().map(|it| format!("{} {:?}", it.address, it.pod())).collect();
        assert_eq!(
            taken,
            [
                r#"192.168.1.1 Some(("harvester-system", "virt-handler-a"))"#,
                r#"192.168.1.10 Some(("harvester-system", "virt-handler-b"))"#,
            ]
        );
        assert_eq!(pool.ignored.to_string(), "-1, 256, 4294967296 and 1 more");
        assert_eq!(read(json!({"range": "192.168.1.0/24", "allocations": null})).unwrap().taken, [].into());
    }

    #[test]
    fn what_is_no_pool_says_why() {
        assert_eq!(read(json!({})).unwrap_err(), "spec.range is missing");
        assert_eq!(
            read(json!({"range": "fd00::/64\u{1b}"})).unwrap_err(),
            "spec.range holds \"fd00::/64\\u001b\", which is not an IPv4 network"
        );
    }
}
