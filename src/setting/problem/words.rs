//! The words for the user: what was seen, what is accepted, and the fix where one is obvious.

use std::fmt;

use ipnet::Ipv4Net;

use super::Problem;
use crate::escape::{Excerpt, Plain};
use crate::setting::facts::{CrdState, ObjectName};
use crate::setting::field::Key;
use crate::setting::json::NotAnObject;
use crate::setting::list::Truncated;
use crate::setting::{ALLOW_DURING_MIGRATION, MATCHED_NODES, MAX_EXCLUDES, SETTING, WHEREABOUTS_CRD};

/// What a value looks like, for those who sent something else altogether.
const EXAMPLE: &str = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24"}"#;

impl fmt::Display for Problem {
    #[expect(clippy::too_many_lines, reason = "a table: one arm for each problem")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAString { seen } => {
                write!(f, "Invalid value: {seen}: must be a string that holds JSON; in YAML, put it in single quotes")
            }
            Self::NotJson { text, why: NotAnObject::NotJson(why) } => {
                write!(f, "Invalid value: {text}: not JSON: {why}; accepted is one object such as {EXAMPLE}")
            }
            Self::NotJson { text, why: NotAnObject::Other(kind) } => {
                write!(f, "Invalid value: {text}: {kind}, not a JSON object such as {EXAMPLE}")
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
                write!(f, "Invalid value: {seen}: half a surrogate pair is no text")
            }
            Self::ItemNotAString { seen, kind } => {
                write!(f, "Invalid value: {seen} is {kind}; each entry is a string such as \"192.168.1.1/32\"")
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
                write!(f, "Invalid value: {seen}: {why}; must be an IPv4 network such as 192.168.1.0/24")?;
                suggest(f, why.range_fix())
            }
            Self::RangeHasHostBits { range } => {
                let (range, network) = (*range, range.trunc());
                write!(f, "Invalid value: \"{range}\": has host bits set; did you mean {network}?")
            }
            Self::RangeTooLarge { range } => write!(
                f,
                "Invalid value: \"{range}\": prefix /{} is shorter than /16; Harvester accepts /16 and longer",
                range.prefix_len(),
                range = *range
            ),
            Self::RangeReserved { range, others } => write!(
                f,
                "Invalid value: \"{range}\": overlaps {others}; excludes don't help, choose a range that nothing else uses",
                range = *range
            ),
            Self::NodeAddress { range, owners, excludes } => {
                let them = if excludes.len() == 1 { "it" } else { "them" };
                write!(
                    f,
                    "Invalid value: \"{range}\": a pod could be given an address that is in use: {owners}; \
                     exclude {them} ({excludes}) or choose another range",
                    range = *range
                )
            }
            Self::TooManyExcludes { count } => {
                write!(f, "Too many: {count}: must have at most {MAX_EXCLUDES} entries; use larger blocks")
            }
            Self::ExcludeNotCidr { seen, why, range } => {
                write!(f, "Invalid value: {seen}: {why}; must be an IPv4 CIDR inside the range")?;
                suggest(f, why.exclude_fix(*range))
            }
            Self::ExcludeOutside { seen, range } => {
                write!(f, "Invalid value: {seen}: not inside the range {}", *range)
            }
            Self::ExcludeCoversRange { seen, range, host } => {
                write!(f, "Invalid value: {seen}: covers the whole range {} and leaves no address", *range)?;
                match host {
                    Some(host) => write!(f, "; did you mean {host}/32?"),
                    None => f.write_str("; to disable the network set value to \"\""),
                }
            }
            Self::ExcludeOverlap { seen, other, other_seen } => {
                write!(f, "Invalid value: {seen}: overlaps exclude[{other}], {other_seen}; keep the larger of the two")
            }
            Self::RangeTooSmall { range, usable, nodes } => write!(
                f,
                "Invalid value: \"{range}\": too small: {nodes} nodes need an address each and {usable} are usable \
                 (network address, broadcast address and excludes are not); use a larger range",
                range = *range
            ),
            Self::MigrationInProgress { first, running, stored_hash } => {
                migration_in_progress(first, running, stored_hash.as_deref(), f)
            }
            Self::ClusterNetworkMissing { name, nearest } => {
                write!(f, "Not found: {name}: there is no ClusterNetwork of this name")?;
                match nearest {
                    Some(nearest) => write!(f, "; did you mean {}?", Plain(nearest)),
                    None => f.write_str("; kubectl get clusternetworks.network.harvesterhci.io lists them"),
                }
            }
            Self::NoVlanConfig { name } => write!(
                f,
                "Invalid value: {name}: no VlanConfig belongs to this cluster network; create one that covers all nodes"
            ),
            Self::NodesNotCovered { name, nodes } => write!(
                f,
                "Invalid value: {name}: no VlanConfig of this cluster network covers {nodes}; \
                 virt-handler would not start there"
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
                "Invalid value: {name}: the VLAN is not ready on {nodes}; \
                 see kubectl get vlanstatuses.network.harvesterhci.io -o yaml"
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
                 choose another range or exclude what both share",
                range = *range,
                sibling_range = *sibling_range
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
    write!(f, "Forbidden: {key} is not a key of this setting")?;
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
    running: &Truncated,
    stored_hash: Option<&str>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    // What is pasted into a shell is a name that Kubernetes would take, or none.
    let (namespace, name) = match (&*first.namespace, &*first.name) {
        (namespace, name) if is_dns_name(namespace) && is_dns_name(name) => (namespace, name),
        _ => ("NAMESPACE", "NAME"),
    };
    write!(
        f,
        "Forbidden: live migration in progress: {running}; retry when it has ended. \
         One stuck for good: kubectl delete virtualmachineinstancemigrations.kubevirt.io -n {namespace} {name}"
    )?;
    stored_hash.map_or(Ok(()), |hash| {
        write!(
            f,
            ". To go ahead all the same, run this and retry: \
             kubectl annotate --overwrite settings.harvesterhci.io {SETTING} {ALLOW_DURING_MIGRATION}={hash}"
        )
    })
}

fn is_dns_name(name: &str) -> bool {
    (1..=253).contains(&name.len())
        && !name.starts_with('-')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte))
}
