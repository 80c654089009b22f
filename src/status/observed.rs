//! What was seen of a cluster beside the facts of the rules.

use std::collections::BTreeMap;
use std::fmt;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use super::objects::{
    Attachment, DaemonSet, EndpointSlice, GuardedSettingObject, Holder, KubeVirt, PoolObject, RunningMigration,
    VirtHandlerPod, WebhookConfiguration,
};
use crate::pool::pool_name;

/// What was seen, or why it was not.
pub type Sighting<T> = Result<T, Unseen>;

/// Pods by namespace and name.
pub type Holders = BTreeMap<String, Sighting<BTreeMap<String, Holder>>>;

/// Why something was not seen. Safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// What, as `kubectl get` takes it.
    pub what: String,
    pub why: String,
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.what, self.why)
    }
}

impl From<&Unseen> for String {
    fn from(unseen: &Unseen) -> Self {
        unseen.to_string()
    }
}

/// Objects of a cluster at one time, each with nothing but what a check reads.
#[derive(Clone, Debug)]
pub struct Observed {
    pub at: Timestamp,
    /// Whether it is a whole cluster: what is not there does not exist. Files may have left out the webhook.
    pub is_live: bool,
    pub setting: Sighting<Option<GuardedSettingObject>>,
    /// The `NetworkAttachmentDefinition`s of `harvester-system`.
    pub attachments: Sighting<Vec<Attachment>>,
    pub kubevirt: Sighting<Option<KubeVirt>>,
    pub daemon_set: Sighting<Option<DaemonSet>>,
    /// The pods of virt-handler, sorted by name.
    pub pods: Sighting<Vec<VirtHandlerPod>>,
    /// The migrations that have not ended.
    pub migrations: Sighting<Vec<RunningMigration>>,
    pub pools: Sighting<Vec<PoolObject>>,
    /// The pods that the pool of the stored range names, by namespace and name.
    pub holders: Holders,
    /// The mutating and the validating configurations that have an entry of this webhook.
    pub webhooks: [Sighting<Vec<WebhookConfiguration>>; 2],
    /// The `EndpointSlice`s of the webhook's Service.
    pub slices: Sighting<Vec<EndpointSlice>>,
}

impl Observed {
    /// The pods of virt-handler that their nodes have not ended, as far as they were seen.
    pub fn active_pods(&self) -> impl Iterator<Item = &VirtHandlerPod> {
        self.pods.iter().flatten().filter(|pod| pod.is_active())
    }

    /// Whereabouts' `IPPool` of a range, which is made with the first address; or why the pools were not seen.
    pub fn pool(&self, range: Ipv4Net) -> Result<Option<&PoolObject>, &Unseen> {
        let name = pool_name(range);
        Ok(self.pools.as_ref()?.iter().find(|pool| pool.metadata.name == name))
    }

    pub fn unseen(&self) -> Vec<&Unseen> {
        let [mutating, validating] = &self.webhooks;
        [
            self.setting.as_ref().err(),
            self.attachments.as_ref().err(),
            self.kubevirt.as_ref().err(),
            self.daemon_set.as_ref().err(),
            self.pods.as_ref().err(),
            self.migrations.as_ref().err(),
            mutating.as_ref().err(),
            validating.as_ref().err(),
            self.pools.as_ref().err(),
            self.slices.as_ref().err(),
        ]
        .into_iter()
        .flatten()
        .chain(self.holders.values().filter_map(|pods| pods.as_ref().err()))
        .collect()
    }
}
