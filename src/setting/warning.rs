//! What an admitted change deserves to be told.

use std::fmt;
use std::net::Ipv4Addr;

use super::ALLOW_DURING_MIGRATION;
use super::facts::Missing;
use super::field::{Field, FieldPath, Key, StringField};
use super::list::Truncated;
use super::rule::RuleId;
use super::violation::Violation;
use crate::escape::Plain;

/// An admission warning. It shows as one line, without control characters: the API server drops others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The stored bytes are not those submitted, but the canonical form.
    Rewritten {
        /// `value`, `default`, or `value and default`.
        fields: &'static str,
    },
    /// The stored bytes are those stored before: the submitted ones meant the same.
    Restored {
        /// `value`, `default`, or `value and default`.
        fields: &'static str,
    },
    /// Migration traffic shares the nodes' own network.
    Mgmt(StringField),
    /// The next nodes will find no address.
    FewSpareAddresses {
        /// Which string.
        root: StringField,
        /// Addresses that no node needs yet.
        spare: u64,
        /// Nodes that need one.
        nodes: usize,
    },
    /// A node's own address lies inside the range, though no pod will be given it.
    NodeAddressExcluded {
        /// Which string.
        root: StringField,
        /// The nodes and addresses.
        owners: Truncated,
    },
    /// Virtual machines are migrating, and the operator went ahead.
    MigrationInProgress {
        /// Which string.
        root: StringField,
        /// The migrations.
        running: Truncated,
    },
    /// The operator went ahead, and nobody could see whether virtual machines are migrating.
    MigrationsUnseen {
        /// Which string.
        root: StringField,
        /// Why.
        missing: Missing,
    },
    /// A rule would refuse, but only warns here.
    RuleOnlyWarns(Box<Violation>),
    /// A rule that only warns could not be judged.
    NotJudged {
        /// The rule.
        rule: RuleId,
        /// What it needed.
        missing: Missing,
    },
}

impl Warning {
    /// The kinds, beside the names of the rules: a rule that only warns is a kind of its own.
    pub const KINDS: [&str; 7] = [
        "rewritten",
        "restored",
        "mgmt",
        "few-spare-addresses",
        "node-address-excluded",
        "migration-in-progress",
        "not-judged",
    ];

    /// The rule that would refuse, where it only warns.
    #[must_use]
    pub const fn rule(&self) -> Option<RuleId> {
        match self {
            Self::RuleOnlyWarns(violation) => Some(violation.rule()),
            _ => None,
        }
    }

    /// What it is about.
    #[must_use]
    pub fn at(&self) -> Field {
        let (string, path) = match self {
            Self::Rewritten { fields } | Self::Restored { fields } => {
                (if *fields == "default" { StringField::Default } else { StringField::Value }, FieldPath::Whole)
            }
            Self::Mgmt(string) => (*string, FieldPath::Key(Key::ClusterNetwork)),
            Self::FewSpareAddresses { root, .. } | Self::NodeAddressExcluded { root, .. } => {
                (*root, FieldPath::Key(Key::Range))
            }
            Self::MigrationInProgress { root, .. } | Self::MigrationsUnseen { root, .. } => (*root, FieldPath::Whole),
            Self::RuleOnlyWarns(violation) => return violation.field.clone(),
            Self::NotJudged { .. } => (StringField::Value, FieldPath::Whole),
        };
        Field { string, path }
    }

    /// A stable name for the kind of warning.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Rewritten { .. } => "rewritten",
            Self::Restored { .. } => "restored",
            Self::Mgmt(_) => "mgmt",
            Self::FewSpareAddresses { .. } => "few-spare-addresses",
            Self::NodeAddressExcluded { .. } => "node-address-excluded",
            Self::MigrationInProgress { .. } => "migration-in-progress",
            Self::RuleOnlyWarns(violation) => violation.rule().as_str(),
            Self::MigrationsUnseen { .. } | Self::NotJudged { .. } => "not-judged",
        }
    }
}

/// The node and its address, as lists of them are shown.
pub(super) fn owner(node: &str, address: Ipv4Addr) -> impl fmt::Display + '_ {
    fmt::from_fn(move |f| write!(f, "{address} of node {}", Plain(node)))
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rewritten { fields } => {
                write!(f, "{fields} rewritten in canonical form; for Git: migration-network-webhook canonicalize FILE")
            }
            Self::Restored { fields } => write!(
                f,
                "{fields} restored: same meaning as stored; canonical form for Git: migration-network-webhook canonicalize FILE"
            ),
            Self::Mgmt(root) => {
                write!(f, "{root}.clusterNetwork: migration traffic on mgmt shares the control plane's network")
            }
            Self::FewSpareAddresses { root, spare, nodes } => write!(
                f,
                "{root}.range: addresses to spare: {spare} ({nodes} nodes); virt-handler won't start on nodes added beyond that"
            ),
            Self::NodeAddressExcluded { root, owners } => {
                write!(f, "{root}.range holds {owners}: not usable, but replies there leave by the migration network")
            }
            Self::MigrationInProgress { root, running } => write!(
                f,
                "{root}: changed while virtual machines are being migrated ({running}); \
                 now remove the annotation {ALLOW_DURING_MIGRATION}, it arms again with the same value"
            ),
            Self::MigrationsUnseen { root, missing } => write!(
                f,
                "{root}: changed without a look at whether virtual machines are being migrated, {missing}; \
                 now remove the annotation {ALLOW_DURING_MIGRATION}, it arms again with the same value"
            ),
            Self::RuleOnlyWarns(violation) => {
                write!(f, "{} (only warns here): {}: {violation}", violation.rule(), violation.field)
            }
            Self::NotJudged { rule, missing } => write!(f, "{rule} (only warns here) could not be judged: {missing}"),
        }
    }
}
