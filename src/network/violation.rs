//! What is wrong with a value, one problem each: rule, field, and the words for the user.

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::cidr::CidrError;
use super::facts::{CrdState, ObjectName};
use super::json::{Kind, NotAnObject};
use super::list::Shortened;
use super::quote::{Excerpt, Plain};
use super::rule::RuleId;
use super::{ALLOW_DURING_MIGRATION, MATCHED_NODES, SETTING, WHEREABOUTS_CRD};

/// The string of the Setting that a problem is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// `value`
    Value,
    /// `default`
    Default,
}

impl Root {
    /// The field's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Default => "default",
        }
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The place of a problem inside the JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// The text as a whole.
    Whole,
    /// One of the four keys.
    Key(Key),
    /// An entry of `exclude`.
    ExcludeItem(usize),
    /// A key that is not one of the four, but plain enough to be part of a path.
    UnknownKey(String),
}

/// The keys of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// `clusterNetwork`
    ClusterNetwork,
    /// `vlan`
    Vlan,
    /// `range`
    Range,
    /// `exclude`
    Exclude,
}

impl Key {
    /// The keys in canonical order.
    pub const ALL: [Self; 4] = [Self::ClusterNetwork, Self::Vlan, Self::Range, Self::Exclude];

    /// The key as it is spelled.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClusterNetwork => "clusterNetwork",
            Self::Vlan => "vlan",
            Self::Range => "range",
            Self::Exclude => "exclude",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One reason to refuse a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which of the Setting's strings.
    pub root: Root,
    /// Where in it.
    pub path: Path,
    /// What.
    pub problem: Problem,
}

impl Violation {
    /// The rule that is broken.
    #[must_use]
    pub const fn rule(&self) -> RuleId {
        self.problem.rule()
    }

    /// The field path as API clients know it: `value.exclude[1]`.
    #[must_use]
    pub fn field(&self) -> String {
        match &self.path {
            Path::Whole => self.root.to_string(),
            Path::Key(key) => format!("{}.{key}", self.root),
            Path::ExcludeItem(index) => format!("{}.exclude[{index}]", self.root),
            Path::UnknownKey(key) => format!("{}.{key}", self.root),
        }
    }

    /// The reason of the API's `causes[]`.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        self.problem.reason()
    }
}

/// The message alone, on one line: what was seen, what is accepted, and the fix where one is obvious.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

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
    RangeReserved { range: Ipv4Net, others: Shortened },
    // range-contains-node-address
    NodeAddress { range: Ipv4Net, first: Ipv4Addr, owners: Shortened },
    // exclude-invalid
    TooManyExcludes { count: usize },
    ExcludeNotCidr { seen: Excerpt, why: CidrError },
    ExcludeOutside { seen: Excerpt, range: Ipv4Net },
    ExcludeCoversRange { seen: Excerpt, range: Ipv4Net, host: Option<Ipv4Addr> },
    ExcludeOverlap { seen: Excerpt, other: usize, other_seen: Excerpt },
    // range-too-small
    RangeTooSmall { range: Ipv4Net, usable: u64, nodes: usize },
    // migration-in-progress
    MigrationInProgress { first: ObjectName, running: Shortened, stored_hash: Option<String> },
    // cluster-network-missing
    ClusterNetworkMissing { name: Excerpt, nearest: Option<String> },
    // vlan-config-missing
    NoVlanConfig { name: Excerpt },
    NodesNotCovered { name: Excerpt, nodes: Shortened },
    UnreadableMatchedNodes { name: Excerpt, vlan_config: String, annotation: Excerpt },
    // vlan-status-not-ready
    VlanNotReady { name: Excerpt, nodes: Shortened },
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

/// What a value looks like, for those who sent something else altogether.
const EXAMPLE: &str = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24"}"#;

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAString { seen } => {
                write!(f, "Invalid value: {seen}: must be a string that holds JSON; in YAML, put it in single quotes")
            }
            Self::NotJson { text, why: NotAnObject::NotJson(why) } => {
                write!(f, "Invalid value: {}: not JSON: {why}; accepted is one object such as {EXAMPLE}", text)
            }
            Self::NotJson { text, why: NotAnObject::Other(kind) } => {
                write!(f, "Invalid value: {}: {kind}, not a JSON object such as {EXAMPLE}", text)
            }
            Self::UnknownKey { key, range_v6, nearest } => unknown_key(key, *range_v6, *nearest, f),
            Self::UnreadableKey => f.write_str(
                "Forbidden: a key with half a surrogate pair in it is no text; \
                 the keys are clusterNetwork, vlan, range, exclude",
            ),
            Self::MissingKey { key, null } => {
                let seen = if *null { "is null" } else { "is missing" };
                write!(f, "Required value: {key} {seen}; {}", accepted(*key))
            }
            Self::DuplicateKey { key } => {
                write!(f, "Duplicate value: the key {key} stands more than once; keep one")
            }
            Self::EmptyClusterNetwork => {
                write!(f, "Required value: clusterNetwork is empty; {}", accepted(Key::ClusterNetwork))
            }
            Self::WrongType { key, seen, kind } => {
                write!(f, "Invalid value: {} is {kind}; {}", seen, accepted(*key))
            }
            Self::HalfSurrogate { seen } => {
                write!(f, "Invalid value: {}: half a surrogate pair is no text", seen)
            }
            Self::ItemNotAString { seen, kind } => {
                write!(f, "Invalid value: {} is {kind}; each entry is a string such as \"192.168.1.1/32\"", seen)
            }
            Self::VlanOutOfRange { seen } => write!(
                f,
                "Invalid value: {}: must be between 0 and 4094 (2 to 4094 are tagged, 0 and 1 untagged)",
                seen.unquoted()
            ),
            Self::UntaggedOnMgmt { seen } => write!(
                f,
                "Forbidden: vlan {} is untagged, and on mgmt the untagged network is the nodes' own; \
                 use a tagged VLAN from 2 to 4094, or another cluster network",
                seen.unquoted()
            ),
            Self::RangeNotCidr { seen, why } => {
                write!(f, "Invalid value: {}: {why}; must be an IPv4 network such as 192.168.1.0/24", seen)?;
                suggest(f, why.network_fix())
            }
            Self::RangeHasHostBits { range } => {
                write!(f, "Invalid value: \"{range}\": has host bits set; did you mean {}?", range.trunc())
            }
            Self::RangeTooLarge { range } => write!(
                f,
                "Invalid value: \"{range}\": prefix /{} is shorter than /16; Harvester accepts /16 and longer",
                range.prefix_len()
            ),
            Self::RangeReserved { range, others } => write!(
                f,
                "Invalid value: \"{range}\": overlaps {others}; excludes don't help, choose a range that nothing else uses"
            ),
            Self::NodeAddress { range, first, owners } => write!(
                f,
                "Invalid value: \"{range}\": a pod could be given an address that is in use: {owners}; \
                 exclude it (\"{first}/32\") or choose another range"
            ),
            Self::TooManyExcludes { count } => {
                write!(f, "Too many: {count}: must have at most {} entries; use larger blocks", super::MAX_EXCLUDES)
            }
            Self::ExcludeNotCidr { seen, why } => {
                write!(f, "Invalid value: {}: {why}; must be an IPv4 CIDR inside the range", seen)?;
                suggest(f, why.host_fix())
            }
            Self::ExcludeOutside { seen, range } => {
                write!(f, "Invalid value: {}: not inside the range {range}", seen)
            }
            Self::ExcludeCoversRange { seen, range, host } => {
                write!(f, "Invalid value: {}: covers the whole range {range} and leaves no address", seen)?;
                match host {
                    Some(host) => write!(f, "; did you mean {host}/32?"),
                    None => f.write_str("; to disable the network set value to \"\""),
                }
            }
            Self::ExcludeOverlap { seen, other, other_seen } => write!(
                f,
                "Invalid value: {}: overlaps exclude[{other}], {}; keep the larger of the two",
                seen, other_seen
            ),
            Self::RangeTooSmall { range, usable, nodes } => write!(
                f,
                "Invalid value: \"{range}\": {usable} usable addresses are too few, each of the {nodes} nodes needs one \
                 (network address, broadcast address and excludes are not usable); use a larger range"
            ),
            Self::MigrationInProgress { first, running, stored_hash } => {
                migration_in_progress(first, running, stored_hash.as_deref(), f)
            }
            Self::ClusterNetworkMissing { name, nearest } => {
                write!(f, "Not found: {}: there is no ClusterNetwork of this name", name)?;
                match nearest {
                    Some(nearest) => write!(f, "; did you mean {}?", Plain(nearest)),
                    None => f.write_str("; kubectl get clusternetworks.network.harvesterhci.io lists them"),
                }
            }
            Self::NoVlanConfig { name } => write!(
                f,
                "Invalid value: {}: no VlanConfig belongs to this cluster network; create one that covers all nodes",
                name
            ),
            Self::NodesNotCovered { name, nodes } => write!(
                f,
                "Invalid value: {}: no VlanConfig of this cluster network covers {nodes}; \
                 virt-handler would not start there",
                name
            ),
            Self::UnreadableMatchedNodes { name, vlan_config, annotation } => write!(
                f,
                "Invalid value: {}: VlanConfig {} can't be read: its annotation {MATCHED_NODES} is {}, \
                 not a JSON list of node names",
                name,
                Plain(vlan_config),
                annotation
            ),
            Self::VlanNotReady { name, nodes } => write!(
                f,
                "Invalid value: {}: the VLAN is not ready on {nodes}; \
                 see kubectl get vlanstatuses.network.harvesterhci.io -o yaml",
                name
            ),
            Self::WhereaboutsCrd { state } => {
                let seen = if *state == CrdState::Absent { "is missing" } else { "is not Established" };
                write!(
                    f,
                    "Forbidden: the CRD {WHEREABOUTS_CRD} {seen}: without Whereabouts no pod gets an address; \
                     see kubectl get crd {WHEREABOUTS_CRD}"
                )
            }
            Self::NetworkOverlap { range, sibling, sibling_range, first } => write!(
                f,
                "Invalid value: \"{range}\": {first} is usable in {sibling} ({sibling_range}) too; \
                 choose another range or exclude what both share"
            ),
            Self::UnreadableSibling { sibling, why } => write!(
                f,
                "Forbidden: the Setting {sibling} can't be read, so an overlap can't be ruled out: {why}; repair it first"
            ),
            Self::VlanExclusive { seen } => write!(
                f,
                "Forbidden: vlan {} is reserved by storage-network (exclusiveVlan: true), on whatever cluster network; \
                 choose another VLAN",
                seen.unquoted()
            ),
        }
    }
}

/// What a key takes.
const fn accepted(key: Key) -> &'static str {
    match key {
        Key::ClusterNetwork => "must be a string, the name of a ClusterNetwork",
        Key::Vlan => "must be an integer from 0 to 4094, without quotes, fraction or exponent",
        Key::Range => "must be a string, an IPv4 network such as \"192.168.1.0/24\"",
        Key::Exclude => "must be an array of strings such as [\"192.168.1.1/32\"]",
    }
}

fn unknown_key(key: &Excerpt, range_v6: bool, nearest: Option<Key>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "Forbidden: {} is not a key of this setting", key)?;
    if range_v6 {
        return f.write_str("; dual-stack ranges are not supported: Harvester would configure another network");
    }
    match nearest {
        Some(nearest) => write!(f, "; did you mean {nearest}?"),
        None => f.write_str("; the keys are clusterNetwork, vlan, range, exclude"),
    }
}

fn suggest(f: &mut fmt::Formatter<'_>, fix: Option<Ipv4Net>) -> fmt::Result {
    fix.map_or(Ok(()), |fix| write!(f, "; did you mean {fix}?"))
}

/// Ends with the commands that help, ready to paste: they are needed at the worst of times.
fn migration_in_progress(
    first: &ObjectName,
    running: &Shortened,
    stored_hash: Option<&str>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    write!(
        f,
        "Forbidden: live migration in progress: {running}; retry when it has ended. \
         One stuck for good: kubectl delete virtualmachineinstancemigrations.kubevirt.io -n {} {}",
        Plain(&first.namespace),
        Plain(&first.name)
    )?;
    stored_hash.map_or(Ok(()), |hash| {
        write!(
            f,
            ". To go ahead all the same, run this and retry: \
             kubectl annotate --overwrite settings.harvesterhci.io {SETTING} {ALLOW_DURING_MIGRATION}={hash}"
        )
    })
}

impl CidrError {
    /// The network that was probably meant.
    fn network_fix(&self) -> Option<Ipv4Net> {
        match self {
            Self::MappedIpv4(fix) | Self::LeadingZeroInOctet(fix) | Self::Netmask(fix) => fix.map(|fix| fix.trunc()),
            Self::LeadingZeroInPrefix(fix) | Self::Spaces(fix) => Some(fix.trunc()),
            Self::BareAddress(_) | Self::Ipv6 | Self::PrefixTooLong(_) | Self::NotCidr => None,
        }
    }

    /// The block that was probably meant; for a bare address that address alone.
    fn host_fix(&self) -> Option<Ipv4Net> {
        match self {
            Self::BareAddress(address) | Self::PrefixTooLong(address) => Some(Ipv4Net::from(*address)),
            _ => self.network_fix(),
        }
    }
}

impl fmt::Display for CidrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BareAddress(_) => "an address without a prefix length",
            Self::Ipv6 => "IPv6, not IPv4",
            Self::MappedIpv4(_) => "an IPv4-mapped IPv6 network, not an IPv4 one",
            Self::PrefixTooLong(_) => "an IPv4 prefix length is at most 32",
            Self::LeadingZeroInPrefix(_) => "the prefix length has a leading zero",
            Self::LeadingZeroInOctet(_) => "an octet has a leading zero, which some read as octal",
            Self::Netmask(_) => "a dotted netmask; write the prefix length",
            Self::Spaces(_) => "there are spaces around it",
            Self::NotCidr => "not in CIDR notation",
        })
    }
}
