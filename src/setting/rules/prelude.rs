//! What rules are written with.

pub(super) use crate::escape::{Excerpt, Plain};
pub(super) use crate::setting::evaluation::Evaluation;
pub(super) use crate::setting::facts::{
    CrdState, FactKind, HostNetwork, MatchedNodes, Missing, ObjectName, SettingNetwork, VlanConfigFact,
};
pub(super) use crate::setting::field::FieldPath;
pub(super) use crate::setting::hash;
pub(super) use crate::setting::list::Truncated;
pub(super) use crate::setting::problem::{Problem, Reason};
pub(super) use crate::setting::range::AddressRange;
pub(super) use crate::setting::rule::{Example, Instead, Rule, SOUND};
pub(super) use crate::setting::validated_value::ValidatedValue;
pub(super) use crate::setting::vlan::VlanId;
pub(super) use crate::setting::{
    GuardedSetting, MATCHED_NODES, MGMT, RWX_NETWORK, RuleId, SETTING, STORAGE_NETWORK, WHEREABOUTS_CRD, key, suggest,
};
