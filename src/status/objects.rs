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

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ObservedMetadata {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "or_default")]
    pub labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "or_default")]
    pub annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
}

/// `null` is as good as absent.
fn or_default<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A kind of object that checks read.
pub trait Observable {
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

/// An object of a kind that has a `spec` and a `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, bound(deserialize = "Spec: Deserialize<'de> + Default, Status: Deserialize<'de> + Default"))]
pub struct ObservedObject<Spec, Status> {
    #[serde(deserialize_with = "or_default")]
    pub metadata: ObservedMetadata,
    #[serde(deserialize_with = "or_default")]
    pub spec: Spec,
    #[serde(deserialize_with = "or_default")]
    pub status: Status,
}

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

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConditionedStatus {
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub conditions: Vec<StatusCondition>,
}

impl ConditionedStatus {
    pub fn condition(&self, r#type: &str) -> Option<&StatusCondition> {
        self.conditions.iter().find(|condition| condition.r#type == r#type)
    }
}

/// The Setting `vm-migration-network`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GuardedSettingObject {
    #[serde(deserialize_with = "or_default")]
    pub metadata: ObservedMetadata,
    #[serde(deserialize_with = "or_default")]
    pub value: String,
    #[serde(deserialize_with = "or_default")]
    pub status: ConditionedStatus,
}

impl GuardedSettingObject {
    /// One of its annotations; empty is absent, as Harvester writes it.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.metadata.annotations.get(key).map(String::as_str).filter(|text| !text.is_empty())
    }
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

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attachment {
    #[serde(deserialize_with = "or_default")]
    pub metadata: ObservedMetadata,
    #[serde(deserialize_with = "or_default")]
    pub spec: AttachmentSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AttachmentSpec {
    /// The configuration of the CNI plugins: JSON.
    #[serde(deserialize_with = "or_default")]
    pub config: String,
}

pub type KubeVirt = ObservedObject<KubeVirtSpec, ConditionedStatus>;

impl KubeVirt {
    /// The network of migrations.
    pub fn network(&self) -> Option<&str> {
        self.spec.configuration.migrations.network.as_deref().filter(|network| !network.is_empty())
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KubeVirtSpec {
    #[serde(deserialize_with = "or_default")]
    pub configuration: KubeVirtConfiguration,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KubeVirtConfiguration {
    #[serde(deserialize_with = "or_default")]
    pub migrations: KubeVirtMigrations,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KubeVirtMigrations {
    /// The `NetworkAttachmentDefinition`, in `KubeVirt`'s own namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
}

pub type DaemonSet = ObservedObject<DaemonSetSpec, DaemonSetStatus>;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DaemonSetSpec {
    #[serde(deserialize_with = "or_default")]
    pub update_strategy: UpdateStrategy,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UpdateStrategy {
    #[serde(deserialize_with = "or_default")]
    pub rolling_update: RollingUpdate,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RollingUpdate {
    /// How many pods there may be beyond those that are wanted: a number or a percentage of the nodes.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub max_surge: Value,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DaemonSetStatus {
    pub observed_generation: Option<i64>,
    pub desired_number_scheduled: u64,
    pub updated_number_scheduled: u64,
    pub number_ready: u64,
}

pub type VirtHandlerPod = ObservedObject<PodSpec, PodStatus>;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpec {
    /// The node it runs on; empty while it has none.
    #[serde(deserialize_with = "or_default")]
    pub node_name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PodStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub conditions: Vec<StatusCondition>,
}

impl VirtHandlerPod {
    /// Whether it has not been ended by its node.
    pub fn is_active(&self) -> bool {
        !self.status.is_over()
    }

    pub fn is_ready(&self) -> bool {
        self.status.conditions.iter().any(|condition| condition.r#type == "Ready" && condition.status == "True")
    }
}

impl PodStatus {
    fn is_over(&self) -> bool {
        matches!(self.phase.as_deref(), Some("Succeeded" | "Failed"))
    }
}

pub type RunningMigration = ObservedObject<MigrationSpec, MigrationPhases>;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MigrationSpec {
    #[serde(deserialize_with = "or_default")]
    pub vmi_name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MigrationPhases {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub phase_transition_timestamps: Vec<PhaseTransition>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PhaseTransition {
    pub phase: String,
    pub phase_transition_timestamp: Option<String>,
}

impl RunningMigration {
    pub fn is_running(&self) -> bool {
        !matches!(self.status.phase.as_deref(), Some("Succeeded" | "Failed"))
    }
}

/// A pod of which only the name matters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Holder {
    #[serde(deserialize_with = "or_default")]
    pub metadata: ObservedMetadata,
    /// Where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<PodStatus>,
}

impl Holder {
    /// Whether it has ended, so that its address should be free.
    pub fn is_over(&self) -> bool {
        self.status.as_ref().is_some_and(PodStatus::is_over)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PoolObject {
    #[serde(deserialize_with = "or_default")]
    pub metadata: ObservedMetadata,
    #[serde(deserialize_with = "or_default")]
    pub spec: PoolSpec,
}
