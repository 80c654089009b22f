//! A cluster that is guarded: the usual start of a test.

use std::ops::{Deref, DerefMut};

use serde_json::Value;

use super::api::Patch;
use super::cluster::{Cluster, SETTING};
use super::wait::{PATIENCE, eventually};
use super::webhook::{Replica, Webhook};

/// A cluster with one replica of ours, installed from the file whose certificate is mounted, and in effect.
#[derive(Debug)]
pub struct Guarded {
    webhook: Option<Webhook>,
    replica: Replica,
    // Last, so that it outlives the server.
    cluster: Cluster,
}

impl Guarded {
    /// A cluster that holds these objects, and this Setting.
    pub fn new(world: &[Value], stored: Option<&Value>) -> Self {
        let cluster = Cluster::lease();
        cluster.apply_all(world);
        if let Some(setting) = stored {
            cluster.store(setting);
        }
        Self::of(cluster)
    }

    /// Guards a cluster as it is.
    pub fn of(cluster: Cluster) -> Self {
        Self::with(cluster, &[])
    }

    /// Guards a cluster as it is, with more arguments for our server.
    pub fn with(cluster: Cluster, args: &[&str]) -> Self {
        let installed = cluster.install("cert-manager");
        let replica = Replica::of(&cluster, &installed).args(args.iter().copied());
        let webhook = replica.ready();
        cluster.register(&installed, webhook.port);
        Self { webhook: Some(webhook), replica, cluster }
    }

    /// The replica.
    pub fn webhook(&self) -> &Webhook {
        self.webhook.as_ref().expect("it is not stopped")
    }

    /// How many reviews were answered.
    pub fn reviews(&self) -> u64 {
        self.webhook().count("migration_network_webhook_decisions_total", &[])
    }

    /// Starts the replica again, so that it has seen the cluster as it is now.
    pub fn relist(&mut self) {
        self.webhook = None;
        self.webhook = Some(self.replica.ready());
    }

    /// No replica is left.
    pub fn stop_webhook(&mut self) {
        self.webhook = None;
    }

    /// Waits until a change of the guarded Setting would be admitted: what was changed in the cluster has been seen.
    pub fn eventually_admitted(&self, patch: &Value) {
        eventually("it is admitted", PATIENCE, || {
            self.cluster.api.patch(&format!("{SETTING}?dryRun=All"), Patch::Merge, patch)
        });
    }
}

impl Deref for Guarded {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}

impl DerefMut for Guarded {
    fn deref_mut(&mut self) -> &mut Cluster {
        &mut self.cluster
    }
}
