//! What can be wrong with a value: the rule that each problem breaks, and its words for the user.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::cidr::CidrError;
use super::facts::{CrdState, ObjectName};
use super::field::Key;
use super::json::{Kind, NotAnObject};
use super::list::Truncated;
use super::rule::RuleId;
use crate::escape::Excerpt;

mod words;

/// What can be wrong, by rule in table order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant's words are its Display")]
pub enum Problem {
    // value-syntax
    NotAString { seen: Kind },
    NotJson { text: Excerpt, why: NotAnObject },
    UnknownKey { key: Excerpt, range_v6: bool, nearest: Option<Key> },
    UnreadableKey,
    MissingKey { key: Key, null: bool },
    DuplicateKey { key: Key },
    EmptyClusterNetwork,
    WrongType { key: Key, seen: Excerpt, kind: Kind },
    HalfSurrogate { seen: Excerpt },
    ItemNotAString { seen: Excerpt, kind: Kind },
    // vlan-range
    VlanOutOfRange { seen: Excerpt },
    // vlan-untagged-on-mgmt
    UntaggedOnMgmt { seen: Excerpt },
    // range-not-ipv4-network
    RangeNotCidr { seen: Excerpt, why: CidrError },
    RangeHasHostBits { range: Ipv4Net },
    RangeTooLarge { range: Ipv4Net },
    // range-reserved
    RangeReserved { range: Ipv4Net, others: Truncated },
    // range-contains-node-address
    NodeAddress { range: Ipv4Net, owners: Truncated, excludes: Truncated },
    // exclude-invalid
    TooManyExcludes { count: usize },
    ExcludeNotCidr { seen: Excerpt, why: CidrError, range: Option<Ipv4Net> },
    ExcludeOutside { seen: Excerpt, range: Ipv4Net },
    ExcludeCoversRange { seen: Excerpt, range: Ipv4Net, host: Option<Ipv4Addr> },
    ExcludeOverlap { seen: Excerpt, other: usize, other_seen: Excerpt },
    // range-too-small
    RangeTooSmall { range: Ipv4Net, usable: u64, nodes: usize },
    // migration-in-progress
    MigrationInProgress { first: ObjectName, running: Truncated, stored_hash: Option<String> },
    // cluster-network-missing
    ClusterNetworkMissing { name: Excerpt, nearest: Option<String> },
    // vlan-config-missing
    NoVlanConfig { name: Excerpt },
    NodesNotCovered { name: Excerpt, nodes: Truncated },
    UnreadableMatchedNodes { name: Excerpt, vlan_config: String, annotation: Excerpt },
    // vlan-status-not-ready
    VlanNotReady { name: Excerpt, nodes: Truncated },
    // whereabouts-crd-missing
    WhereaboutsCrd { state: CrdState },
    // network-overlap
    NetworkOverlap { range: Ipv4Net, sibling: &'static str, sibling_range: Ipv4Net, first: Ipv4Addr },
    UnreadableSibling { sibling: &'static str, why: String },
    // vlan-exclusive
    VlanExclusive { seen: Excerpt },
}

impl Problem {
    /// The rule that is broken.
    #[must_use]
    pub const fn rule(&self) -> RuleId {
        match self {
            Self::NotAString { .. }
            | Self::NotJson { .. }
            | Self::UnknownKey { .. }
            | Self::UnreadableKey
            | Self::MissingKey { .. }
            | Self::DuplicateKey { .. }
            | Self::EmptyClusterNetwork
            | Self::WrongType { .. }
            | Self::HalfSurrogate { .. }
            | Self::ItemNotAString { .. } => RuleId::ValueSyntax,
            Self::VlanOutOfRange { .. } => RuleId::VlanRange,
            Self::UntaggedOnMgmt { .. } => RuleId::VlanUntaggedOnMgmt,
            Self::RangeNotCidr { .. } | Self::RangeHasHostBits { .. } | Self::RangeTooLarge { .. } => {
                RuleId::RangeNotIpv4Network
            }
            Self::RangeReserved { .. } => RuleId::RangeReserved,
            Self::NodeAddress { .. } => RuleId::RangeContainsNodeAddress,
            Self::TooManyExcludes { .. }
            | Self::ExcludeNotCidr { .. }
            | Self::ExcludeOutside { .. }
            | Self::ExcludeCoversRange { .. }
            | Self::ExcludeOverlap { .. } => RuleId::ExcludeInvalid,
            Self::RangeTooSmall { .. } => RuleId::RangeTooSmall,
            Self::MigrationInProgress { .. } => RuleId::MigrationInProgress,
            Self::ClusterNetworkMissing { .. } => RuleId::ClusterNetworkMissing,
            Self::NoVlanConfig { .. } | Self::NodesNotCovered { .. } | Self::UnreadableMatchedNodes { .. } => {
                RuleId::VlanConfigMissing
            }
            Self::VlanNotReady { .. } => RuleId::VlanStatusNotReady,
            Self::WhereaboutsCrd { .. } => RuleId::WhereaboutsCrdMissing,
            Self::NetworkOverlap { .. } | Self::UnreadableSibling { .. } => RuleId::NetworkOverlap,
            Self::VlanExclusive { .. } => RuleId::VlanExclusive,
        }
    }

    /// The reason of the API's `causes[]`: one of Kubernetes' own, or kubectl hides the causes.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::MissingKey { .. } | Self::EmptyClusterNetwork => "FieldValueRequired",
            Self::DuplicateKey { .. } => "FieldValueDuplicate",
            Self::NotAString { .. } | Self::WrongType { .. } | Self::ItemNotAString { .. } => "FieldValueTypeInvalid",
            Self::UnknownKey { .. }
            | Self::UnreadableKey
            | Self::UntaggedOnMgmt { .. }
            | Self::MigrationInProgress { .. }
            | Self::WhereaboutsCrd { .. }
            | Self::UnreadableSibling { .. }
            | Self::VlanExclusive { .. } => "FieldValueForbidden",
            Self::ClusterNetworkMissing { .. } => "FieldValueNotFound",
            Self::TooManyExcludes { .. } => "FieldValueTooMany",
            _ => "FieldValueInvalid",
        }
    }
}
