//! Objects as the API writes them, with nothing but what the checks read: reading prunes, writing makes a capture.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::harvester::{HASH, NET_ATTACH_DEF};
use crate::pool::PoolSpec;

mod webhook;

pub use webhook::{EndpointSlice, SERVICE_NAME, WebhookConfiguration};

/// Where Multus writes what it attached.
pub const NETWORK_STATUS: &str = "k8s.v1.cni.cncf.io/network-status";
/// Where Multus reads what to attach.
pub const NETWORKS: &str = "k8s.v1.cni.cncf.io/networks";

/// `metadata`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ObservedMetadata {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "texts")]
    pub labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "texts")]
    pub annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
}

/// Absent and `null` are none.
fn texts<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

fn listed<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

fn section<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A kind of object that checks read.
pub trait Observable {
    /// Its `metadata`.
    fn metadata(&mut self) -> &mut ObservedMetadata;
    /// The labels and annotations that are kept.
    const KEPT: &'static [&'static str] = &[];

    /// Drops what no check reads.
    fn prune(&mut self) {
        let metadata = self.metadata();
        metadata.labels.retain(|key, _| Self::KEPT.contains(&key.as_str()));
        metadata.annotations.retain(|key, _| Self::KEPT.contains(&key.as_str()));
    }
}

macro_rules! observable {
    ($($type:ident keeps $kept:expr;)+) => {
        $(impl Observable for $type {
            const KEPT: &'static [&'static str] = $kept;
            fn metadata(&mut self) -> &mut ObservedMetadata {
                &mut self.metadata
            }
        })+
    };
}

observable! {
    Attachment keeps &[HASH];
    KubeVirt keeps &[];
    DaemonSet keeps &[];
    VirtHandlerPod keeps &["kubevirt.io", NETWORK_STATUS, NETWORKS];
    RunningMigration keeps &[];
    Holder keeps &[];
    PoolObject keeps &[];
    WebhookConfiguration keeps &[];
    EndpointSlice keeps &[SERVICE_NAME];
}

/// A condition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatusCondition {
    pub r#type: String,
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_update_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<String>,
}

/// `status` of an object that has conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConditionedStatus {
    /// The conditions.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "listed")]
    pub conditions: Vec<StatusCondition>,
}

impl ConditionedStatus {
    /// The condition of this type.
    #[must_use]
    pub fn condition(&self, r#type: &str) -> Option<&StatusCondition> {
        self.conditions.iter().find(|condition| condition.r#type == r#type)
    }
}

/// The Setting `vm-migration-network`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GuardedSettingObject {
    #[serde(deserialize_with = "section")]
    pub metadata: ObservedMetadata,
    #[serde(deserialize_with = "section")]
    pub value: String,
    #[serde(deserialize_with = "section")]
    pub status: ConditionedStatus,
}

impl Observable for GuardedSettingObject {
    fn metadata(&mut self) -> &mut ObservedMetadata {
        &mut self.metadata
    }

    /// Of other annotations it matters only that there are some.
    fn prune(&mut self) {
        self.metadata.labels.clear();
        for (key, text) in &mut self.metadata.annotations {
            if ![HASH, NET_ATTACH_DEF, crate::setting::ALLOW_DURING_MIGRATION].contains(&key.as_str()) {
                text.clear();
            }
        }
    }
}

/// A `NetworkAttachmentDefinition`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attachment {
    #[serde(deserialize_with = "section")]
    pub metadata: ObservedMetadata,
    #[serde(deserialize_with = "section")]
    pub spec: AttachmentSpec,
}

/// Its `spec`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AttachmentSpec {
    /// The configuration of the CNI plugins: JSON.
    #[serde(deserialize_with = "section")]
    pub config: String,
}

/// `KubeVirt`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KubeVirt {
    #[serde(deserialize_with = "section")]
    pub metadata: ObservedMetadata,
    #[serde(deserialize_with = "section")]
    pub spec: KubeVirtSpec,
    #[serde(deserialize_with = "section")]
    pub status: ConditionedStatus,
}

impl KubeVirt {
    /// The network of migrations.
    pub fn network(&self) -> Option<&str> {
        self.spec.configuration.migrations.network.as_deref().filter(|network| !network.is_empty())
    }
}

/// Its `spec`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KubeVirtSpec {
    #[serde(deserialize_with = "section")]
    pub configuration: KubeVirtConfiguration,
}

/// Its `spec.configuration`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KubeVirtConfiguration {
    #[serde(deserialize_with = "section")]
    pub migrations: KubeVirtMigrations,
}

/// Its `spec.configuration.migrations`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KubeVirtMigrations {
    /// The `NetworkAttachmentDefinition`, in `KubeVirt`'s own namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
}

/// The `DaemonSet` `virt-handler`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DaemonSet {
    #[serde(deserialize_with = "section")]
    pub metadata: ObservedMetadata,
    #[serde(deserialize_with = "section")]
    pub spec: DaemonSetSpec,
    #[serde(deserialize_with = "section")]
    pub status: DaemonSetStatus,
}

/// Its `spec`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DaemonSetSpec {
    #[serde(deserialize_with = "section")]
    pub update_strategy: UpdateStrategy,
}

/// Its `spec.updateStrategy`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UpdateStrategy {
    #[serde(deserialize_with = "section")]
    pub rolling_update: RollingUpdate,
}

/// Its `spec.updateStrategy.rollingUpdate`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RollingUpdate {
    /// How many pods there may be beyond those that are wanted: a number or a percentage of the nodes.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub max_surge: Value,
}

/// Its `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DaemonSetStatus {
    pub observed_generation: Option<i64>,
    pub desired_number_scheduled: u64,
    pub updated_number_scheduled: u64,
    pub number_ready: u64,
}

/// A pod of virt-handler.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VirtHandlerPod {
    #[serde(deserialize_with = "section")]
    pub metadata: ObservedMetadata,
    #[serde(deserialize_with = "section")]
    pub spec: PodSpec,
    #[serde(deserialize_with = "section")]
    pub status: PodStatus,
}

/// Its `spec`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpec {
    /// The node it runs on; empty while it has none.
    #[serde(deserialize_with = "section")]
    pub node_name: String,
}

/// Its `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PodStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "listed")]
    pub conditions: Vec<StatusCondition>,
}

impl VirtHandlerPod {
    /// Whether it has not been ended by its node.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !is_over(self.status.phase.as_deref())
    }

    /// Whether it is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status.conditions.iter().any(|condition| condition.r#type == "Ready" && condition.status == "True")
    }
}

fn is_over(phase: Option<&str>) -> bool {
    matches!(phase, Some("Succeeded" | "Failed"))
}

/// A migration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunningMigration {
    #[serde(deserialize_with = "section")]
    pub metadata: ObservedMetadata,
    #[serde(deserialize_with = "section")]
    pub spec: MigrationSpec,
    #[serde(deserialize_with = "section")]
    pub status: MigrationPhases,
}

/// Its `spec`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MigrationSpec {
    /// The virtual machine.
    #[serde(deserialize_with = "section")]
    pub vmi_name: String,
}

/// Its `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MigrationPhases {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "listed")]
    pub phase_transition_timestamps: Vec<PhaseTransition>,
}

/// When a phase began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PhaseTransition {
    pub phase: String,
    pub phase_transition_timestamp: Option<String>,
}

impl RunningMigration {
    /// Whether it has not ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !is_over(self.status.phase.as_deref())
    }
}

/// A pod of which only the name matters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Holder {
    #[serde(deserialize_with = "section")]
    pub metadata: ObservedMetadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<HolderStatus>,
}

/// Its `status`, where it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HolderStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
}

impl Holder {
    /// Whether it has ended, so that its address should be free.
    #[must_use]
    pub fn is_over(&self) -> bool {
        is_over(self.status.as_ref().and_then(|status| status.phase.as_deref()))
    }
}

/// Whereabouts' `IPPool`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PoolObject {
    #[serde(deserialize_with = "section")]
    pub metadata: ObservedMetadata,
    #[serde(deserialize_with = "section")]
    pub spec: PoolSpec,
}
