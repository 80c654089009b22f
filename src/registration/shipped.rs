//! The shipped configurations.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use kube::api::ApiResource;
use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigurationKind {
    Mutating,
    Validating,
}

/// The Service by which the API server calls the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub name: String,
    pub namespace: String,
}

/// A manifest inside this program that can't be read: the build is broken.
#[derive(Debug, thiserror::Error)]
#[error("the manifest inside this program can't be read: {0}")]
pub struct UnreadableManifest(#[from] serde_saphyr::Error);

impl ConfigurationKind {
    pub fn resource(self) -> ApiResource {
        match self {
            Self::Mutating => ApiResource::erase::<MutatingWebhookConfiguration>(&()),
            Self::Validating => ApiResource::erase::<ValidatingWebhookConfiguration>(&()),
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Mutating => "mutating",
            Self::Validating => "validating",
        }
    }

    /// The `webhooks` of the manifest, calling this service.
    pub fn webhooks(self, service: &Service) -> Result<Value, UnreadableManifest> {
        let manifest = match self {
            Self::Mutating => include_str!("../../manifests/chart/files/mutating.yaml"),
            Self::Validating => include_str!("../../manifests/chart/files/validating.yaml"),
        };
        let mut manifest: Value = serde_saphyr::from_str(manifest)?;
        let mut webhooks = manifest.get_mut("webhooks").map(Value::take).unwrap_or_default();
        for webhook in webhooks.as_array_mut().into_iter().flatten() {
            if let Some(called) = webhook.pointer_mut("/clientConfig/service") {
                called["name"] = service.name.clone().into();
                called["namespace"] = service.namespace.clone().into();
            }
        }
        Ok(webhooks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_manifests_are_inside() {
        let service = Service { name: "a".to_owned(), namespace: "b".to_owned() };
        let mut seen = Vec::new();
        for kind in [ConfigurationKind::Mutating, ConfigurationKind::Validating] {
            for webhook in kind.webhooks(&service).unwrap().as_array().unwrap() {
                let called = &webhook["clientConfig"]["service"];
                assert_eq!((&called["name"], &called["namespace"]), (&"a".into(), &"b".into()));
                assert_eq!(webhook["timeoutSeconds"], 5);
                seen.push((kind.label(), webhook["name"].as_str().unwrap().to_owned()));
            }
        }
        let named = |kind, name: &str| (kind, format!("{name}.vm-migration-network.setting"));
        assert_eq!(seen, [named("mutating", "check"), named("validating", "recheck"), named("validating", "disable")]);
    }
}
