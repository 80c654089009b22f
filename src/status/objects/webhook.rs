//! The webhook's own objects.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ObservedMetadata, or_default};

/// A mutating or validating webhook configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebhookConfiguration {
    #[serde(deserialize_with = "or_default")]
    pub metadata: ObservedMetadata,
    #[serde(deserialize_with = "or_default")]
    pub webhooks: Value,
}

/// The label that ties an `EndpointSlice` to its Service.
pub const SERVICE_NAME: &str = "kubernetes.io/service-name";

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointSlice {
    #[serde(deserialize_with = "or_default")]
    pub metadata: ObservedMetadata,
    #[serde(deserialize_with = "or_default")]
    pub endpoints: Vec<Endpoint>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Endpoint {
    #[serde(deserialize_with = "or_default")]
    pub conditions: EndpointConditions,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointConditions {
    /// Absent counts as ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<bool>,
    /// Its pod is being deleted. Absent counts as not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminating: Option<bool>,
}
