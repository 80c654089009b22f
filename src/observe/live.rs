//! Observes a live cluster: each kind is listed once, in pages, and kept only as far as it is needed.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use kube::Client;
use serde::de::DeserializeOwned;

use super::Observation;
use super::kinds::{self, ObservedKind, VIRT_HANDLER};
use crate::cluster::kinds::WatchedResource;
use crate::cluster::live::{self, ListQuery, Snapshot};
use crate::setting::SETTING;
use crate::setting::facts::FactKind;
use crate::status::objects::{
    EndpointSlice, Holder, Observable, ObservedMetadata, PodStatus, SERVICE_NAME, WebhookConfiguration,
};
use crate::status::{self, Holders, Observed, Sighting, Unseen};

/// A live cluster: what the rules read of it, to be captured, and what the checks do.
#[derive(Debug)]
pub struct LiveObservation {
    pub snapshot: Snapshot,
    pub observed: Observed,
}

impl LiveObservation {
    pub fn observation(self) -> Observation {
        Observation { facts: self.snapshot.facts(), policy: None, observed: self.observed }
    }

    /// What could not be listed, and why.
    pub fn unseen(&self) -> Vec<String> {
        let facts = self.snapshot.lost().iter().map(ToString::to_string);
        let mut unseen = Vec::new();
        for it in facts.chain(self.observed.unseen().into_iter().map(ToString::to_string)) {
            // Some is for the rules and for the checks.
            if !unseen.contains(&it) {
                unseen.push(it);
            }
        }
        unseen
    }
}

/// In how many namespaces pods are listed at the same time.
const AT_ONCE: usize = 4;

struct Lister<'a> {
    client: &'a Client,
    address: &'a str,
}

/// Observes the cluster of the API server at this address. What may not be listed, or can't be, is not seen.
pub async fn observe(client: &Client, address: &str) -> LiveObservation {
    Box::pin(Lister { client, address }.observe()).await
}

/// Of these the checks read more than the rules.
fn is_kept_whole(resource: &WatchedResource) -> bool {
    resource.name == Some(SETTING) || resource.kind == FactKind::Migrations
}

/// Reads what was listed for the rules.
fn listed<T: DeserializeOwned + Observable>(
    snapshot: &Snapshot,
    kind: ObservedKind,
    fact: FactKind,
) -> Sighting<Vec<T>> {
    kind.read_all(snapshot.whole(fact).map_err(|why| kind.unseen(why))?)
}

impl Lister<'_> {
    async fn observe(&self) -> LiveObservation {
        let labels = format!("{}={}", VIRT_HANDLER.0, VIRT_HANDLER.1);
        let pods = ListQuery { labels: Some(&labels), ..kinds::PODS.query() };
        let ((snapshot, _), attachments, kubevirt, daemon_set, pods, pools, mutating, validating) = tokio::join!(
            live::partial_snapshot(self.client.clone(), self.address, is_kept_whole),
            self.all(kinds::ATTACHMENTS, kinds::ATTACHMENTS.query()),
            self.one(kinds::KUBEVIRTS, "kubevirt"),
            self.one(kinds::DAEMON_SETS, "virt-handler"),
            self.all(kinds::PODS, pods),
            self.all(kinds::POOLS, kinds::POOLS.query()),
            self.all(kinds::MUTATING, kinds::MUTATING.query()),
            self.all(kinds::VALIDATING, kinds::VALIDATING.query()),
        );
        let setting = listed(&snapshot, kinds::SETTINGS, FactKind::Settings);
        let webhooks = [mutating, validating].map(kinds::ours);
        let mut observed = Observed {
            at: Timestamp::now(),
            is_live: true,
            setting: setting.map(|settings| settings.into_iter().next()),
            attachments,
            kubevirt,
            daemon_set,
            pods,
            migrations: listed(&snapshot, kinds::MIGRATIONS, FactKind::Migrations),
            pools,
            holders: Holders::new(),
            slices: self.slices(&webhooks).await,
            webhooks,
        };
        observed.holders = self.holders(&observed).await;
        LiveObservation { snapshot, observed }
    }

    async fn all<T: DeserializeOwned + Observable>(
        &self,
        kind: ObservedKind,
        query: ListQuery<'_>,
    ) -> Sighting<Vec<T>> {
        let listed = live::list(self.client, &query).await;
        kind.read_all(&listed.map_err(|error| kind.unseen(error.at(self.address)))?)
    }

    async fn one<T: DeserializeOwned + Observable>(&self, kind: ObservedKind, name: &str) -> Sighting<Option<T>> {
        let query = ListQuery { fields: Some(format!("metadata.name={name}")), ..kind.query() };
        self.all(kind, query).await.map(|objects| objects.into_iter().next())
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

    /// The pods that the pool names, where they are there.
    async fn holders(&self, observed: &Observed) -> Holders {
        let asked = stream::iter(kinds::holders(observed)).map(|(namespace, names)| async move {
            let pods = self.named_pods(&namespace, &names).await;
            (namespace, pods)
        });
        asked.buffer_unordered(AT_ONCE).collect().await
    }

    /// Of the pods with these names those that are there, and whether they have ended.
    async fn named_pods(&self, namespace: &str, names: &BTreeSet<String>) -> Sighting<BTreeMap<String, Holder>> {
        let list = async |phase: Option<&str>| {
            let query = ListQuery {
                namespace: Some(namespace),
                fields: phase.map(|phase| format!("status.phase={phase}")),
                ..kinds::PODS.query()
            };
            let listed = live::list_names(self.client, &query).await;
            listed.map_err(|error| Unseen { what: format!("pods {namespace}"), why: error.at(self.address) })
        };
        let mut holders = BTreeMap::new();
        for phase in [None, Some("Succeeded"), Some("Failed")] {
            for name in list(phase).await?.into_iter().filter(|name| names.contains(name)) {
                let status = phase.map(|phase| PodStatus { phase: Some(phase.to_owned()), ..PodStatus::default() });
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
}
