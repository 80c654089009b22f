//! The nodes of the cluster.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// The nodes of the cluster, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nodes {
    nodes: Box<[Node]>,
    workers: usize,
}

impl Nodes {
    /// Nodes in any order; of several with one name the last counts.
    pub fn new(nodes: impl IntoIterator<Item = Node>) -> Self {
        let by_name: BTreeMap<Box<str>, Node> = nodes.into_iter().map(|node| (node.name.clone(), node)).collect();
        let nodes: Box<[Node]> = by_name.into_values().collect();
        let workers = nodes.iter().filter(|node| !node.witness).count();
        Self { nodes, workers }
    }

    /// Every node, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    /// The nodes that run virtual machines, sorted by name: all but the witnesses.
    pub fn workers(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| !node.witness)
    }

    /// How many nodes run virtual machines.
    pub const fn worker_count(&self) -> usize {
        self.workers
    }

    /// Whether there is no node at all: no cluster is like that, so such a view is incomplete.
    pub const fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

/// A node, as far as the rules look at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// `metadata.name`.
    pub name: Box<str>,
    /// Label `node-role.harvesterhci.io/witness: "true"`: votes in etcd, runs nothing else.
    pub witness: bool,
    /// The IPv4 addresses among `status.addresses` of type `InternalIP`.
    pub internal_ips: Box<[Ipv4Addr]>,
    /// The IPv4 networks among `spec.podCIDRs`, masked.
    pub pod_cidrs: Box<[Ipv4Net]>,
}
