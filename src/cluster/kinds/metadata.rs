//! Metadata that several kinds share.

use serde::{Deserialize, Serialize};

use crate::setting::object::or_default as section;

/// `metadata`, with the labels and annotations that a rule reads.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, bound(deserialize = "L: Deserialize<'de> + Default, A: Deserialize<'de> + Default"))]
pub(super) struct Metadata<L = Nothing, A = Nothing> {
    pub(super) name: Option<String>,
    pub(super) namespace: Option<String>,
    #[serde(deserialize_with = "section")]
    pub(super) labels: L,
    #[serde(deserialize_with = "section")]
    pub(super) annotations: A,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Nothing {}

/// The labels that tie an object to a `ClusterNetwork` and to a node.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct VlanLabels {
    #[serde(rename = "network.harvesterhci.io/clusternetwork")]
    pub(super) cluster_network: Option<String>,
    #[serde(rename = "network.harvesterhci.io/node")]
    pub(super) node: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Condition {
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
}

impl Condition {
    pub(super) fn is_true(conditions: Option<&[Self]>, r#type: &str) -> bool {
        let mut conditions = conditions.unwrap_or_default().iter();
        conditions.any(|one| one.r#type == r#type && one.status.as_deref() == Some("True"))
    }
}
