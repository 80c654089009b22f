//! Observes a live cluster: each kind is listed once, in pages, and only what is needed.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join;
use futures_util::stream::{self, StreamExt as _};
use ipnet::Ipv4Net;
use jiff::Timestamp;
use kube::Client;
use serde::de::DeserializeOwned;

use super::Observation;
use super::kinds::{self, ObservedKind, VIRT_HANDLER};
use crate::cluster::live::{self, Error, ListQuery, Snapshot};
use crate::pool::pool_name;
use crate::setting::SETTING;
use crate::status::objects::{
    EndpointSlice, GuardedSettingObject, Holder, HolderStatus, Observable, ObservedMetadata, PoolObject, SERVICE_NAME,
    WebhookConfiguration,
};
use crate::status::{self, Holders, Observed, Sighting, Unseen};

/// A live cluster: what the rules read of it, to be captured, and what the checks do.
#[derive(Debug)]
pub struct LiveObservation {
    /// What the rules read.
    pub snapshot: Snapshot,
    /// What else was seen.
    pub observed: Observed,
}

impl LiveObservation {
    /// As the checks take it.
    #[must_use]
    pub fn observation(self) -> Observation {
        Observation { facts: self.snapshot.facts(), policy: None, observed: self.observed }
    }
}

impl LiveObservation {
    /// What could not be listed, and why.
    #[must_use]
    pub fn unseen(&self) -> Vec<String> {
        let facts = self.snapshot.lost().iter().map(ToString::to_string);
        facts.chain(self.observed.unseen().into_iter().map(ToString::to_string)).collect()
    }
}

/// In how many namespaces pods are listed at the same time.
const AT_ONCE: usize = 4;

/// Who asks the API server.
struct Lister<'a> {
    client: &'a Client,
    address: &'a str,
}

/// Observes the cluster of the API server at this address. What may not be listed, or can't be, is not seen.
pub async fn observe(client: &Client, address: &str, range: Option<Ipv4Net>) -> LiveObservation {
    let lister = Lister { client, address };
    let ((snapshot, _), observed) =
        join(live::partial_snapshot(client.clone(), address), Box::pin(lister.observed(range))).await;
    LiveObservation { snapshot, observed }
}

impl Lister<'_> {
    async fn observed(&self, range: Option<Ipv4Net>) -> Observed {
        let labels = format!("{}={}", VIRT_HANDLER.0, VIRT_HANDLER.1);
        let pods = ListQuery { labels: Some(&labels), ..kinds::PODS.query() };
        let (setting, attachments, kubevirt, daemon_set, pods, migrations, mutating, validating) = tokio::join!(
            self.one(kinds::SETTINGS, SETTING),
            self.all(kinds::ATTACHMENTS, kinds::ATTACHMENTS.query()),
            self.one(kinds::KUBEVIRTS, "kubevirt"),
            self.one(kinds::DAEMON_SETS, "virt-handler"),
            self.all(kinds::PODS, pods),
            self.all(kinds::MIGRATIONS, kinds::MIGRATIONS.query()),
            self.webhooks(kinds::MUTATING),
            self.webhooks(kinds::VALIDATING),
        );
        let webhooks = [mutating, validating];
        let (slices, (pool, holders)) = join(self.slices(&webhooks), self.addresses(&setting, range)).await;
        Observed {
            at: Timestamp::now(),
            is_live: true,
            setting,
            attachments,
            kubevirt,
            daemon_set,
            pods,
            migrations,
            pool,
            holders,
            webhooks,
            slices,
        }
    }

    async fn all<T: DeserializeOwned + Observable>(
        &self,
        kind: ObservedKind,
        query: ListQuery<'_>,
    ) -> Sighting<Vec<T>> {
        let listed = live::list(self.client, &query).await;
        kind.read_all(listed.map_err(|error| kind.unseen(self.why(&error)))?)
    }

    async fn one<T: DeserializeOwned + Observable>(&self, kind: ObservedKind, name: &str) -> Sighting<Option<T>> {
        self.all(kind, kind.named(name)).await.map(|objects| objects.into_iter().next())
    }

    async fn webhooks(&self, kind: ObservedKind) -> Sighting<Vec<WebhookConfiguration>> {
        let mut all: Vec<WebhookConfiguration> = self.all(kind, kind.query()).await?;
        all.retain(|it| kinds::is_ours(&it.webhooks));
        Ok(all)
    }

    /// The endpoints of the Service that the configurations call.
    async fn slices(&self, webhooks: &[Sighting<Vec<WebhookConfiguration>>; 2]) -> Sighting<Vec<EndpointSlice>> {
        let mut configurations = webhooks.iter().flatten().flatten();
        let Some(service) = configurations.find_map(|it| status::called_service(&it.webhooks)) else {
            return Ok(Vec::new());
        };
        let labels = format!("{SERVICE_NAME}={}", service.name);
        let query = ListQuery { namespace: Some(&service.namespace), labels: Some(&labels), ..kinds::SLICES.query() };
        self.all(kinds::SLICES, query).await
    }

    /// The pool of the range, by default the stored value's, and the pods that it names.
    async fn addresses(
        &self,
        setting: &Sighting<Option<GuardedSettingObject>>,
        range: Option<Ipv4Net>,
    ) -> (Sighting<Option<PoolObject>>, Holders) {
        let stored = match setting {
            Ok(setting) => setting.as_ref().and_then(|setting| status::range(&setting.value)),
            Err(unseen) => return (Err(unseen.clone()), BTreeMap::new()),
        };
        let Some(range) = range.or(stored.map(|range| range.net())) else { return (Ok(None), BTreeMap::new()) };
        let pool = self.one(kinds::POOLS, &pool_name(range)).await;
        let asked = stream::iter(kinds::holders(&pool)).map(|(namespace, names)| async move {
            let pods = self.holders(&namespace, &names).await;
            (namespace, pods)
        });
        let holders = asked.buffer_unordered(AT_ONCE).collect().await;
        (pool, holders)
    }

    /// Of the pods with these names those that are there, and whether they have ended.
    async fn holders(&self, namespace: &str, names: &BTreeSet<String>) -> Sighting<BTreeMap<String, Holder>> {
        let list = async |phase: Option<&str>| {
            let query = ListQuery {
                namespace: Some(namespace),
                fields: phase.map(|phase| format!("status.phase={phase}")),
                ..kinds::PODS.query()
            };
            let listed = live::list_names(self.client, &query).await;
            listed.map_err(|error| Unseen { what: format!("pods {namespace}"), why: self.why(&error) })
        };
        let mut holders = BTreeMap::new();
        for phase in [None, Some("Succeeded"), Some("Failed")] {
            for name in list(phase).await?.into_iter().filter(|name| names.contains(name)) {
                let status = phase.map(|phase| HolderStatus { phase: Some(phase.to_owned()) });
                let metadata = ObservedMetadata {
                    name: name.clone(),
                    namespace: namespace.to_owned(),
                    ..ObservedMetadata::default()
                };
                holders.insert(name, Holder { metadata, status });
            }
        }
        Ok(holders)
    }

    fn why(&self, error: &Error) -> String {
        error.at(self.address)
    }
}
