//! What kinds are written with.

pub(super) use std::sync::Arc;

pub(super) use serde::{Deserialize, Serialize};

pub(super) use super::metadata::{Condition, Metadata, VlanLabels};
pub(super) use super::read::wrong;
pub(super) use super::resource::WatchedResource;
pub(super) use super::watched::{Extracts, Watched};
pub(super) use crate::setting::facts::{
    CrdState, FactKind, Facts, HostNetwork, MatchedNodes, Node, Nodes, ServiceCidr, SettingNetwork, VlanConfigFact,
};
pub(super) use crate::setting::object::or_default as section;
