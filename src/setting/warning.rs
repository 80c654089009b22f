//! Warnings on allowed changes.

use std::fmt;

use super::facts::Missing;
use super::field::{Field, FieldPath, StringField};
use super::list::Truncated;
use super::rule_id::RuleId;
use super::violation::Violation;
use super::{ALLOW_DURING_MIGRATION, key};

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
        string: StringField,
        /// Addresses that no node needs yet.
        spare: u64,
        /// Nodes that need one.
        nodes: usize,
    },
    /// A node's own address lies inside the range, though no pod will be given it.
    NodeAddressExcluded {
        /// Which string.
        string: StringField,
        /// The nodes and addresses.
        owners: Truncated,
    },
    /// Nodes get addresses by DHCP on the same VLAN.
    HostNetworkDhcp {
        /// Which string.
        string: StringField,
        /// The `HostNetworkConfig`s.
        names: Truncated,
    },
    /// Virtual machines are migrating, and the operator went ahead.
    MigrationInProgress {
        /// Which string.
        string: StringField,
        /// The migrations.
        running: Truncated,
    },
    /// The operator went ahead, and nobody could see whether virtual machines are migrating.
    MigrationsUnseen {
        /// Which string.
        string: StringField,
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
    pub const KINDS: [&str; 8] = [
        "rewritten",
        "restored",
        "mgmt",
        "few-spare-addresses",
        "node-address-excluded",
        "host-network-dhcp",
        "migration-in-progress",
        "not-judged",
    ];

    /// The rule that would refuse, where it only warns.
    pub const fn rule(&self) -> Option<RuleId> {
        match self {
            Self::RuleOnlyWarns(violation) => Some(violation.rule()),
            _ => None,
        }
    }

    /// What it is about.
    pub fn at(&self) -> Field {
        let (string, path) = match self {
            Self::Rewritten { fields } | Self::Restored { fields } => {
                (if *fields == "default" { StringField::Default } else { StringField::Value }, FieldPath::Whole)
            }
            Self::Mgmt(string) => (*string, FieldPath::Key(&key::CLUSTER_NETWORK)),
            Self::FewSpareAddresses { string, .. }
            | Self::NodeAddressExcluded { string, .. }
            | Self::HostNetworkDhcp { string, .. } => (*string, FieldPath::Key(&key::RANGE)),
            Self::MigrationInProgress { string, .. } | Self::MigrationsUnseen { string, .. } => {
                (*string, FieldPath::Whole)
            }
            Self::RuleOnlyWarns(violation) => return violation.field.clone(),
            Self::NotJudged { .. } => (StringField::Value, FieldPath::Whole),
        };
        Field { string, path }
    }

    /// A stable name for the kind of warning.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Rewritten { .. } => "rewritten",
            Self::Restored { .. } => "restored",
            Self::Mgmt(_) => "mgmt",
            Self::FewSpareAddresses { .. } => "few-spare-addresses",
            Self::NodeAddressExcluded { .. } => "node-address-excluded",
            Self::HostNetworkDhcp { .. } => "host-network-dhcp",
            Self::MigrationInProgress { .. } => "migration-in-progress",
            Self::RuleOnlyWarns(violation) => violation.rule().as_str(),
            Self::MigrationsUnseen { .. } | Self::NotJudged { .. } => "not-judged",
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rewritten { fields } => {
                write!(f, "{fields} rewritten in canonical form; for Git: migration-network-webhook canonicalize FILE")
            }
            Self::Restored { fields } => write!(
                f,
                "{fields} restored: same meaning, other bytes; for Git: migration-network-webhook canonicalize --kube FILE"
            ),
            Self::Mgmt(string) => {
                write!(f, "{string}.clusterNetwork: migration traffic on mgmt shares the control plane's network")
            }
            Self::FewSpareAddresses { string, spare, nodes } => write!(
                f,
                "{string}.range: addresses to spare: {spare} ({nodes} nodes); virt-handler won't start on nodes added beyond that"
            ),
            Self::NodeAddressExcluded { string, owners } => {
                write!(f, "{string}.range holds {owners}: not usable, but replies there leave by the migration network")
            }
            Self::HostNetworkDhcp { string, names } => write!(
                f,
                "{string}.range: HostNetworkConfig {names} takes addresses by DHCP on this VLAN: keep its leases out of the range"
            ),
            Self::MigrationInProgress { string, running } => write!(
                f,
                "{string}: changed while virtual machines are being migrated ({running}); \
                 now remove the annotation {ALLOW_DURING_MIGRATION}, it arms again with the same value"
            ),
            Self::MigrationsUnseen { string, missing } => write!(
                f,
                "{string}: changed without a look at whether virtual machines are being migrated, {missing}; \
                 now remove the annotation {ALLOW_DURING_MIGRATION}, it arms again with the same value"
            ),
            Self::RuleOnlyWarns(violation) => {
                write!(f, "{} (only warns here): {}: {violation}", violation.rule(), violation.field)
            }
            Self::NotJudged { rule, missing } => write!(f, "{rule} (only warns here) could not be judged: {missing}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::Facts;
    use crate::setting::problem::{Problem, Reason};

    #[test]
    fn a_warning_tells_its_rule_and_its_field() {
        let problem = Problem::new(FieldPath::Key(&key::VLAN), Reason::Invalid, "5000");
        let warns = Warning::RuleOnlyWarns(Box::new(Violation::new(RuleId::VlanRange, StringField::Default, problem)));
        let missing = Facts::unknown("not listed yet").missing().next().unwrap().clone();
        let not_judged = Warning::NotJudged { rule: RuleId::VlanRange, missing: missing.clone() };
        let few = Warning::FewSpareAddresses { string: StringField::Default, spare: 1, nodes: 3 };
        let unseen = Warning::MigrationsUnseen { string: StringField::Default, missing };
        for (warning, rule, field, kind) in [
            (warns, Some(RuleId::VlanRange), "default.vlan", "vlan-range"),
            (not_judged, None, "value", "not-judged"),
            (few, None, "default.range", "few-spare-addresses"),
            (unseen, None, "default", "not-judged"),
            (Warning::Mgmt(StringField::Default), None, "default.clusterNetwork", "mgmt"),
            (Warning::Rewritten { fields: "default" }, None, "default", "rewritten"),
            (Warning::Rewritten { fields: "value and default" }, None, "value", "rewritten"),
            (Warning::Restored { fields: "value" }, None, "value", "restored"),
        ] {
            assert_eq!((warning.rule(), &*warning.at().to_string(), warning.kind()), (rule, field, kind));
        }
    }
}
