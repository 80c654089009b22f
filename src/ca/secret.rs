//! The Secret that the replicas share, with the verbs they have on it: get, watch, update.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, PostParams, WatchEvent, WatchParams};
use tokio::time::{Instant, timeout_at};

use super::rotation::{Rotation, SecretContents};
use super::stored;
use crate::api_call::{FIELD_MANAGER, Failure, call};

/// A watch of the Secret ends after this long, and another one begins.
const WATCHED_FOR: Duration = Duration::from_mins(4);

#[derive(Clone, Debug)]
pub struct CaSecret {
    api: Api<Secret>,
    namespace: String,
    name: String,
    /// How messages name it.
    pub(super) shown: String,
}

#[derive(Clone, Debug)]
pub struct StoredSecret {
    pub contents: SecretContents,
    /// Just before it was read: what others have written by then is in it.
    pub read_at: Timestamp,
    object: Secret,
}

impl CaSecret {
    pub fn new(client: kube::Client, namespace: &str, name: &str) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            shown: format!("Secret {namespace}/{name}"),
        }
    }

    /// Reads it from the API server itself: no cache hides what another replica has written.
    pub async fn read(&self) -> Result<StoredSecret, Failure> {
        let read_at = Timestamp::now();
        let object = call("get", &self.shown, self.api.get(&self.name)).await?;
        self.stored(object, read_at)
    }

    /// Writes the CAs in the place of those that were read; `None` when someone else was faster.
    pub async fn write(&self, stored: &StoredSecret, rotation: &Rotation) -> Result<Option<StoredSecret>, Failure> {
        let mut object = stored.object.clone();
        stored::write(rotation, object.data.get_or_insert_default())
            .map_err(|error| failed("update", format!("can't update {}: {error}", self.shown)))?;
        // With the resourceVersion that was read only one of several writers succeeds.
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        let read_at = Timestamp::now();
        match call("update", &self.shown, self.api.replace(&self.name, &params, &object)).await {
            Ok(object) => self.stored(object, read_at).map(Some),
            Err(failure) if failure.code == Some(409) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Watches it: the result ends when the Secret may have changed since it was read.
    pub async fn watch(
        &self,
        stored: &StoredSecret,
    ) -> Result<impl Future<Output = Result<(), Failure>> + use<>, Failure> {
        let deadline = Instant::now() + WATCHED_FOR;
        // By name, which is all that RBAC grants; to list would be another verb. It ends by itself a little later.
        let seconds = u32::try_from(WATCHED_FOR.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
        let params = WatchParams::default().fields(&format!("metadata.name={}", self.name)).timeout(seconds);
        let version = stored.object.metadata.resource_version.as_deref().unwrap_or("0");
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
                    // A change; or the watch has ended, and the Secret is read again.
                    Ok(_) | Err(_) => return Ok(()),
                }
            }
        })
    }

    fn stored(&self, object: Secret, read_at: Timestamp) -> Result<StoredSecret, Failure> {
        let empty = BTreeMap::new();
        match stored::read(object.data.as_ref().unwrap_or(&empty), read_at) {
            Ok(contents) => Ok(StoredSecret { contents, read_at, object }),
            Err(why) => Err(failed(
                "read",
                format!(
                    "can't use {}: {why}; nothing is overwritten. To start afresh with a new CA, delete its data: \
                     kubectl patch secret {} -n {} --type=merge -p '{{\"data\":null}}'",
                    self.shown, self.name, self.namespace
                ),
            )),
        }
    }
}

/// A step that failed without a call.
pub(super) fn failed(verb: &'static str, why: String) -> Failure {
    Failure { verb, why, code: None }
}
