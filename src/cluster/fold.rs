//! Resources into [`Facts`]: the one place for it, the same for files and for watches.
//!
//! Objects come and go one at a time. Of each only what a rule needs is kept, so that memory follows
//! the facts and not the cluster: a migration that has ended costs nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use ipnet::Ipv4Net;
use serde_json::Value;

use self::shrink::Ready;
use self::store::{Kept, Objects, Store, unreadable};
use crate::setting::facts::{
    CrdState, Fact, FactKind, Facts, HostNetwork, Missing, Node, Nodes, ObjectName, ServiceCidr, SettingNetwork,
    VlanConfigFact,
};

mod shrink;
mod sibling;
mod store;

/// What is known of each kind.
///
/// A watch that lists again fills a fresh fold and puts it in the place of the old one. A clone shares each
/// kind with its original until one of the two changes it.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    nodes: Store<Node>,
    cluster_networks: Store<()>,
    vlan_configs: Store<VlanConfigFact>,
    vlan_statuses: Store<Ready>,
    host_networks: Store<HostNetwork>,
    migrations: Store<()>,
    crd: Store<CrdState>,
    service_cidrs: Store<Box<[Ipv4Net]>>,
    settings: Store<SettingNetwork>,
}

/// An object that can't be read, and why. Its kind of fact is missing until it changes or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecodable {
    /// Its kind.
    pub kind: FactKind,
    /// Its name and what is wrong, safe to print: `"node-0" can't be read: spec: …`.
    pub why: Arc<str>,
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.why)
    }
}

impl Fold {
    /// Takes an object in, in the place of any of its name.
    ///
    /// `origin` is where it was read, for the reason if it can't be.
    ///
    /// # Errors
    ///
    /// If it can't be read; the fold keeps that too, so the error is for the log.
    pub fn insert(
        &mut self,
        kind: FactKind,
        object: &Value,
        origin: Option<&dyn fmt::Display>,
    ) -> Result<(), Undecodable> {
        let result = match kind {
            FactKind::Nodes => self.nodes.insert(kind, object, origin, shrink::node),
            FactKind::ClusterNetworks => self.cluster_networks.insert(kind, object, origin, shrink::cluster_network),
            FactKind::VlanConfigs => self.vlan_configs.insert(kind, object, origin, shrink::vlan_config),
            FactKind::VlanStatuses => self.vlan_statuses.insert(kind, object, origin, shrink::vlan_status),
            FactKind::HostNetworkConfigs => {
                let inserted = self
                    .host_networks
                    .insert(kind, object, origin, |metadata, object| shrink::host_network(metadata, object, origin));
                // It is missing for its own VLAN alone, so that it is kept all the same.
                inserted.and_then(|()| match self.host_networks.get(&object_name(kind, object)) {
                    Some(HostNetwork { addresses: Err(why), .. }) => Err(Arc::clone(why)),
                    _ => Ok(()),
                })
            }
            FactKind::Migrations => self.migrations.insert(kind, object, origin, shrink::migration),
            FactKind::WhereaboutsCrd => self.crd.insert(kind, object, origin, shrink::crd),
            FactKind::ServiceCidrs => self.service_cidrs.insert(kind, object, origin, shrink::service_cidr),
            FactKind::Settings => self.settings.insert(kind, object, origin, sibling::shrink),
        };
        result.map_err(|why| Undecodable { kind, why })
    }

    /// Keeps an object as one that can't be read, for the given reason, in the place of any of its name.
    ///
    /// This is for what does not even become a JSON value.
    pub fn refuse(&mut self, kind: FactKind, name: ObjectName, why: &str) -> Undecodable {
        let why = unreadable(&name, why, None);
        self.store_mut(kind).refuse(name, Arc::clone(&why));
        Undecodable { kind, why }
    }

    /// Lets an object go.
    pub fn remove(&mut self, kind: FactKind, name: &ObjectName) {
        self.store_mut(kind).remove(name);
    }

    /// Takes the objects of one kind that a new list holds in the place of those that were known; of only one name
    /// where the list was for that name.
    pub fn adopt(&mut self, kind: FactKind, listed: Self, only: Option<&ObjectName>) {
        match kind {
            FactKind::Nodes => self.nodes.adopt(listed.nodes, only),
            FactKind::ClusterNetworks => self.cluster_networks.adopt(listed.cluster_networks, only),
            FactKind::VlanConfigs => self.vlan_configs.adopt(listed.vlan_configs, only),
            FactKind::VlanStatuses => self.vlan_statuses.adopt(listed.vlan_statuses, only),
            FactKind::HostNetworkConfigs => self.host_networks.adopt(listed.host_networks, only),
            FactKind::Migrations => self.migrations.adopt(listed.migrations, only),
            FactKind::WhereaboutsCrd => self.crd.adopt(listed.crd, only),
            FactKind::ServiceCidrs => self.service_cidrs.adopt(listed.service_cidrs, only),
            FactKind::Settings => self.settings.adopt(listed.settings, only),
        }
    }

    /// Whether a rule needs anything of this object, if only that it can't be read.
    #[must_use]
    pub fn holds(&self, kind: FactKind, name: &ObjectName) -> bool {
        self.store(kind).holds(name)
    }

    /// How many objects of a kind are kept, and how many can't be read.
    #[must_use]
    pub fn counts(&self, kind: FactKind) -> (usize, usize) {
        self.store(kind).counts()
    }

    /// Whether what [`Self::refresh`] would put differs from when this was last asked: most events of a busy cluster
    /// change nothing that a rule needs.
    pub fn take_changed(&mut self, kind: FactKind) -> bool {
        self.store_mut(kind).take_changed()
    }

    /// Puts what is known of one kind into `facts`.
    pub fn refresh(&self, kind: FactKind, facts: &mut Facts) {
        match kind {
            FactKind::Nodes => facts.nodes = self.nodes(),
            FactKind::ClusterNetworks => {
                facts.cluster_networks = self.cluster_networks.fact(kind, |kept| kept.keys().map(name).collect());
            }
            FactKind::VlanConfigs => {
                facts.vlan_configs = self.vlan_configs.fact(kind, |kept| kept.values().cloned().collect());
            }
            FactKind::VlanStatuses => facts.vlan_statuses = self.vlan_statuses.fact(kind, ready_nodes),
            FactKind::HostNetworkConfigs => {
                facts.host_networks = self.host_networks.fact(kind, |kept| kept.values().cloned().collect());
            }
            FactKind::Migrations => {
                facts.migrations = self.migrations.fact(kind, |kept| kept.keys().cloned().collect());
            }
            FactKind::WhereaboutsCrd => {
                let state = |kept: &Kept<_>| kept.values().next().copied().unwrap_or(CrdState::Absent);
                facts.whereabouts_crd = self.crd.fact(kind, state);
            }
            FactKind::ServiceCidrs => facts.service_cidrs = self.service_cidrs.fact(kind, service_cidrs),
            FactKind::Settings => {
                facts.networks = self
                    .settings
                    .fact(kind, |kept| kept.iter().map(|(key, network)| (name(key), network.clone())).collect());
            }
        }
    }

    /// Everything that is known.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let mut facts = Facts::unknown("not listed yet");
        for kind in FactKind::ALL {
            self.refresh(kind, &mut facts);
        }
        facts
    }

    fn store(&self, kind: FactKind) -> &dyn Objects {
        match kind {
            FactKind::Nodes => &self.nodes,
            FactKind::ClusterNetworks => &self.cluster_networks,
            FactKind::VlanConfigs => &self.vlan_configs,
            FactKind::VlanStatuses => &self.vlan_statuses,
            FactKind::HostNetworkConfigs => &self.host_networks,
            FactKind::Migrations => &self.migrations,
            FactKind::WhereaboutsCrd => &self.crd,
            FactKind::ServiceCidrs => &self.service_cidrs,
            FactKind::Settings => &self.settings,
        }
    }

    fn store_mut(&mut self, kind: FactKind) -> &mut dyn Objects {
        match kind {
            FactKind::Nodes => &mut self.nodes,
            FactKind::ClusterNetworks => &mut self.cluster_networks,
            FactKind::VlanConfigs => &mut self.vlan_configs,
            FactKind::VlanStatuses => &mut self.vlan_statuses,
            FactKind::HostNetworkConfigs => &mut self.host_networks,
            FactKind::Migrations => &mut self.migrations,
            FactKind::WhereaboutsCrd => &mut self.crd,
            FactKind::ServiceCidrs => &mut self.service_cidrs,
            FactKind::Settings => &mut self.settings,
        }
    }

    fn nodes(&self) -> Fact<Nodes> {
        let nodes = self.nodes.fact(FactKind::Nodes, |kept| Nodes::new(kept.values().cloned()))?;
        if nodes.is_empty() {
            return Err(Missing { kind: FactKind::Nodes, why: "no Node in the view".into() });
        }
        Ok(nodes)
    }
}

/// The name under which a fold keeps an object.
///
/// It is empty for an object without a readable one.
#[must_use]
pub fn object_name(kind: FactKind, object: &Value) -> ObjectName {
    let field = |name: &str| object.get("metadata")?.get(name)?.as_str().filter(|text| !text.is_empty());
    let namespace = match kind {
        // As kubectl puts it where the manifest does not say.
        FactKind::Migrations => field("namespace").unwrap_or("default"),
        _ => "",
    };
    ObjectName { namespace: namespace.into(), name: field("name").unwrap_or_default().into() }
}

fn name(name: &ObjectName) -> String {
    name.name.to_string()
}

fn ready_nodes(kept: &Kept<Ready>) -> BTreeMap<String, BTreeSet<String>> {
    let mut networks: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for ready in kept.values() {
        networks.entry(ready.cluster_network.to_string()).or_default().insert(ready.node.to_string());
    }
    networks
}

fn service_cidrs(kept: &Kept<Box<[Ipv4Net]>>) -> Vec<ServiceCidr> {
    let mut all = Vec::new();
    for (object, cidrs) in kept {
        all.extend(cidrs.iter().map(|cidr| ServiceCidr { name: name(object), cidr: *cidr }));
    }
    all
}

#[cfg(test)]
mod tests;
