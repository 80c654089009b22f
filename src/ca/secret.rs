//! The Secret that the replicas share, by the three verbs that they have on it: get, watch, update.

use std::time::Duration;

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, PostParams, WatchEvent, WatchParams};
use tokio::time::{Instant, timeout_at};

use super::failure::{Failure, call};
use super::stored;
use super::succession::Succession;

/// The one Secret.
#[derive(Clone, Debug)]
pub struct CaSecret {
    api: Api<Secret>,
    namespace: String,
    name: String,
    shown: String,
}

/// What stands in it, as it was read.
#[derive(Clone, Debug)]
pub struct Held {
    /// The CAs.
    pub succession: Succession,
    object: Secret,
}

impl CaSecret {
    /// The Secret of this name. Nothing is read yet.
    #[must_use]
    pub fn new(client: kube::Client, namespace: &str, name: &str) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            shown: format!("Secret {namespace}/{name}"),
        }
    }

    /// How messages name it.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Reads it from the API server itself: no cache can hide what another replica has written.
    ///
    /// # Errors
    ///
    /// If it can't be read, or holds what is not ours.
    pub async fn read(&self) -> Result<Held, Failure> {
        let object = call("get", &self.shown, self.api.get(&self.name)).await?;
        self.held(object)
    }

    /// Writes another succession in the place of the one that was read; `None` when someone else was faster.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub async fn write(&self, held: &Held, succession: &Succession) -> Result<Option<Held>, Failure> {
        let mut object = held.object.clone();
        stored::write(succession, object.data.get_or_insert_default()).map_err(|error| Failure {
            verb: "update",
            why: format!("can't update {}: {error}", self.shown),
            code: None,
        })?;
        // The resourceVersion that was read comes along: only one of several writers can win.
        let params = PostParams { field_manager: Some(super::FIELD_MANAGER.to_owned()), ..PostParams::default() };
        match call("update", &self.shown, self.api.replace(&self.name, &params, &object)).await {
            Ok(object) => self.held(object).map(Some),
            Err(failure) if failure.code == Some(409) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Watches it: what is returned ends when it may have changed since it was read, or when the time is over.
    ///
    /// # Errors
    ///
    /// If it can't be watched.
    pub async fn watch(
        &self,
        held: &Held,
        within: Duration,
    ) -> Result<impl Future<Output = Result<(), Failure>> + use<>, Failure> {
        let deadline = Instant::now() + within;
        // A list would be another verb. By name, which is what RBAC grants; it ends by itself a little after us.
        let seconds = u32::try_from(within.as_secs()).unwrap_or(u32::MAX).saturating_add(1).min(290);
        let params = WatchParams::default().fields(&format!("metadata.name={}", self.name)).timeout(seconds);
        let version = held.object.metadata.resource_version.as_deref().unwrap_or("0");
        let mut events = call("watch", &self.shown, self.api.watch(&params, version)).await?.boxed();
        let shown = self.shown.clone();
        Ok(async move {
            loop {
                match timeout_at(deadline, events.next()).await {
                    Ok(Some(Ok(WatchEvent::Bookmark(_)))) => {}
                    Ok(Some(Ok(WatchEvent::Error(status)))) if status.code != 410 => {
                        return Err(Failure::of_call("watch", &shown, &kube::Error::Api(status)));
                    }
                    Ok(Some(Err(error))) => return Err(Failure::of_call("watch", &shown, &error)),
                    // A change; or the watch has ended, of which a fresh look makes the best.
                    Ok(_) | Err(_) => return Ok(()),
                }
            }
        })
    }

    fn held(&self, object: Secret) -> Result<Held, Failure> {
        let read = match &object.data {
            Some(data) => stored::read(data),
            None => Ok(Succession::Vacant),
        };
        match read {
            Ok(succession) => Ok(Held { succession, object }),
            Err(why) => Err(Failure {
                verb: "read",
                why: format!(
                    "can't use {}: {why}; nothing is overwritten. To start afresh with a new CA, delete its data: \
                     kubectl patch secret {} -n {} --type=merge -p '{{\"data\":null}}'",
                    self.shown, self.name, self.namespace
                ),
                code: None,
            }),
        }
    }
}
