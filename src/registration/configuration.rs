//! One of the two webhook configurations, with the verbs the server has on it: get and patch.

use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use super::bundle::Bundle;
use super::drift::Drift;
use super::owned_webhooks::OwnedWebhook;
use super::shipped::{ConfigurationKind, Service, UnreadableManifest};
use crate::api_call::{FIELD_MANAGER, Failure, call};

pub(super) struct Configuration {
    api: Api<DynamicObject>,
    pub(super) kind: ConfigurationKind,
    name: String,
    pub(super) shown: String,
    service: Service,
    shipped: Value,
    pub(super) live: Live,
}

pub(super) enum Live {
    /// Nothing yet, or the last call failed.
    Unknown,
    Absent,
    Present {
        uid: Option<String>,
        resource_version: Option<String>,
        owned: Vec<OwnedWebhook>,
        /// Where the rest is not as shipped.
        drift: Drift,
    },
}

impl Configuration {
    pub(super) fn new(
        client: kube::Client,
        kind: ConfigurationKind,
        name: &str,
        service: &Service,
    ) -> Result<Self, UnreadableManifest> {
        let resource = kind.resource();
        Ok(Self {
            api: Api::all_with(client, &resource),
            kind,
            name: name.to_owned(),
            shown: format!("{} {name}", resource.kind),
            service: service.clone(),
            shipped: kind.webhooks(service)?,
            live: Live::Unknown,
        })
    }

    pub(super) async fn read(&mut self) -> Result<(), Failure> {
        self.live = Live::Unknown;
        let object = call("get", &self.shown, self.api.get_opt(&self.name)).await?;
        self.live = object.map_or(Live::Absent, |object| self.present(object));
        Ok(())
    }

    pub(super) fn is_unknown(&self) -> bool {
        matches!(self.live, Live::Unknown)
    }

    /// The `caBundle` of each owned entry; empty when there is none that calls the server.
    pub(super) fn bundles(&self) -> impl Iterator<Item = &Bundle> {
        let owned = match &self.live {
            Live::Present { owned, .. } => owned.as_slice(),
            Live::Unknown | Live::Absent => &[],
        };
        owned.iter().map(|webhook| &webhook.held)
    }

    /// Whether every owned entry holds exactly this.
    pub(super) fn is_current(&self, bundle: &Bundle) -> bool {
        let mut bundles = self.bundles().peekable();
        bundles.peek().is_some() && bundles.all(|held| held.is_same(bundle))
    }

    /// Applies `caBundle` to the very version that was read; whether it was still there.
    ///
    /// Then no write takes back what another replica has written since, and a configuration that is gone stays gone.
    pub(super) async fn apply(&mut self, bundle: &Bundle) -> Result<bool, Failure> {
        let Live::Present { uid, resource_version, owned, .. } = &self.live else { return Ok(true) };
        let resource = self.kind.resource();
        let fields = json!({
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            // With a uid nothing is created, and no other object of that name is touched.
            "metadata": {"name": self.name, "uid": uid, "resourceVersion": resource_version},
            "webhooks": OwnedWebhook::applied(owned, bundle),
        });
        let params = PatchParams::apply(FIELD_MANAGER).force();
        match call("patch", &self.shown, self.api.patch(&self.name, &params, &Patch::Apply(&fields))).await {
            Ok(object) => self.live = self.present(object),
            Err(failure) if failure.code == Some(409) => return Ok(false),
            Err(failure) => return Err(failure),
        }
        tracing::info!(configuration = self.shown, certificates = bundle.iter().count(), "updated caBundle");
        Ok(true)
    }

    fn present(&self, object: DynamicObject) -> Live {
        let webhooks = object.data.get("webhooks").unwrap_or(&Value::Null);
        Live::Present {
            owned: OwnedWebhook::find_all(webhooks, &self.shipped, &self.service),
            drift: Drift::between(&self.shipped, webhooks),
            uid: object.metadata.uid,
            resource_version: object.metadata.resource_version,
        }
    }
}
