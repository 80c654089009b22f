//! The keys of a value and the types they accept.

use std::fmt;

#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    pub name: &'static str,
    /// Whether a value without it is none.
    pub is_required: bool,
    /// What it takes, as messages say it.
    pub accepts: &'static str,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

pub static CLUSTER_NETWORK: Key =
    Key { name: "clusterNetwork", is_required: true, accepts: "must be a string, the name of a ClusterNetwork" };

pub static VLAN: Key = Key {
    name: "vlan",
    is_required: true,
    accepts: "must be an integer from 0 to 4094, without quotes, fraction or exponent",
};

pub static RANGE: Key =
    Key { name: "range", is_required: true, accepts: "must be a string, an IPv4 network such as \"192.168.1.0/24\"" };

pub static EXCLUDE: Key =
    Key { name: "exclude", is_required: false, accepts: "must be an array of strings such as [\"192.168.1.1/32\"]" };

/// The keys of `vm-migration-network`, in canonical order.
pub static ALL: [&Key; 4] = [&CLUSTER_NETWORK, &VLAN, &RANGE, &EXCLUDE];
