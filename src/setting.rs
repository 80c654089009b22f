//! The setting's value: its grammar, its meaning, its canonical form, and the rules.
//!
//! # Grammar
//!
//! A value that is absent, `null`, `""` or only JSON white space disables the network. Any other is one
//! JSON object ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)) with these keys and no others:
//!
//! | key | type | |
//! | --- | --- | --- |
//! | `clusterNetwork` | string, not empty | the name of a `ClusterNetwork` |
//! | `vlan` | integer, 0 to 4094 | no fraction, exponent or minus zero |
//! | `range` | string | an IPv4 network, `a.b.c.d/p` with 16 ≤ p ≤ 32, no host bits, no leading zeros |
//! | `exclude` | array of strings, or `null` | optional; IPv4 CIDRs inside the range, at most 10,000 |
//!
//! What a user submits is read by [`parsed_value`], strictly, with every problem at once. What is already stored
//! is read by [`go_json`], as Harvester reads it. Two values that [`equivalence`] calls equal configure the same
//! network; [`ValidatedValue::canonical`] is the canonical form; [`rules`] evaluate a value against the cluster's
//! [`facts`]. What differs from one guarded Setting to the next stands in [`guarded`].
//!
//! Nothing here does I/O.

pub(crate) mod cidr;
pub(crate) mod equivalence;
pub(crate) mod evaluation;
mod excludes;
pub mod facts;
pub(crate) mod field;
pub mod go_json;
pub(crate) mod guarded;
mod hash;
pub(crate) mod json;
pub(crate) mod key;
pub(crate) mod list;
pub(crate) mod object;
pub(crate) mod parsed_value;
pub(crate) mod policy;
pub(crate) mod problem;
pub mod range;
pub mod rule;
pub(crate) mod rule_id;
pub mod rules;
pub(crate) mod span;
pub(crate) mod suggest;
pub(crate) mod validated_value;
pub(crate) mod violation;
pub mod vlan;
pub(crate) mod warning;

pub use facts::Facts;
pub(crate) use field::StringField;
pub(crate) use guarded::GuardedSetting;
pub use hash::hash;
pub use parsed_value::ParsedValue;
pub use policy::Policy;
pub use rule_id::{RuleId, RuleSet};
pub use validated_value::ValidatedValue;
pub(crate) use violation::Violation;
pub use warning::Warning;

/// The name of the Setting that is guarded.
pub const SETTING: &str = "vm-migration-network";
/// The name of the Setting of Harvester's storage network.
pub const STORAGE_NETWORK: &str = "storage-network";
/// The name of the Setting of Harvester's RWX network.
pub const RWX_NETWORK: &str = "rwx-network";
/// The cluster network that every Harvester cluster has: the nodes' own.
pub const MGMT: &str = "mgmt";
/// The CRD in which Whereabouts keeps the addresses that it handed out.
pub const WHEREABOUTS_CRD: &str = "ippools.whereabouts.cni.cncf.io";
/// The annotation of a `VlanConfig` that lists the nodes it applies to.
pub const MATCHED_NODES: &str = "network.harvesterhci.io/matched-nodes";
/// The annotation of the Setting by which an operator goes ahead while virtual machines migrate.
pub const ALLOW_DURING_MIGRATION: &str = "migration-network-webhook/allow-during-migration";
/// The shortest prefix of a range that Harvester takes.
pub const SHORTEST_PREFIX: u8 = 16;
/// The most entries that `exclude` may have, as written.
pub const MAX_EXCLUDES: usize = 10_000;
