//! Resources into [`Facts`]: the one place for it, the same for files and for watches.
//!
//! Objects come and go one at a time. Of each only what a rule needs is kept, so that memory follows
//! the facts and not the cluster: a migration that has ended costs nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ipnet::Ipv4Net;
use serde_json::Value;

use self::shrink::{Matched, Ready, Shrunk};
use super::resources::{Metadata, is_asked_for, section};
use crate::network::facts::{
    Coverage, CrdState, Fact, FactKind, Facts, HostNetwork, Missing, Node, NodeNames, Nodes, ObjectName, ServiceCidr,
    Sibling, Siblings, UnreadableAnnotation,
};
use crate::network::quote::Quoted;
use crate::network::{RWX_NETWORK, STORAGE_NETWORK};

mod shrink;
mod sibling;

/// What is known of each kind.
///
/// A watch that lists again fills a fresh fold and puts it in the place of the old one. A clone shares each
/// kind with its original until one of the two changes it.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    nodes: Arc<Store<Node>>,
    cluster_networks: Arc<Store<()>>,
    vlan_configs: Arc<Store<Matched>>,
    vlan_statuses: Arc<Store<Ready>>,
    host_networks: Arc<Store<HostNetwork>>,
    migrations: Arc<Store<()>>,
    crd: Arc<Store<CrdState>>,
    service_cidrs: Arc<Store<Box<[Ipv4Net]>>>,
    settings: Arc<Store<Sibling>>,
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
            FactKind::Nodes => own(&mut self.nodes).insert(kind, object, origin, shrink::node),
            FactKind::ClusterNetworks => {
                own(&mut self.cluster_networks).insert(kind, object, origin, shrink::cluster_network)
            }
            FactKind::VlanConfigs => own(&mut self.vlan_configs).insert(kind, object, origin, shrink::vlan_config),
            FactKind::VlanStatuses => own(&mut self.vlan_statuses).insert(kind, object, origin, shrink::vlan_status),
            FactKind::HostNetworkConfigs => {
                own(&mut self.host_networks).insert(kind, object, origin, shrink::host_network)
            }
            FactKind::Migrations => own(&mut self.migrations).insert(kind, object, origin, shrink::migration),
            FactKind::WhereaboutsCrd => own(&mut self.crd).insert(kind, object, origin, shrink::crd),
            FactKind::ServiceCidrs => own(&mut self.service_cidrs).insert(kind, object, origin, shrink::service_cidr),
            FactKind::Settings => own(&mut self.settings).insert(kind, object, origin, sibling::shrink),
        };
        result.map_err(|why| Undecodable { kind, why })
    }

    /// Lets an object go.
    pub fn remove(&mut self, kind: FactKind, name: &ObjectName) {
        match kind {
            FactKind::Nodes => own(&mut self.nodes).remove(name),
            FactKind::ClusterNetworks => own(&mut self.cluster_networks).remove(name),
            FactKind::VlanConfigs => own(&mut self.vlan_configs).remove(name),
            FactKind::VlanStatuses => own(&mut self.vlan_statuses).remove(name),
            FactKind::HostNetworkConfigs => own(&mut self.host_networks).remove(name),
            FactKind::Migrations => own(&mut self.migrations).remove(name),
            FactKind::WhereaboutsCrd => own(&mut self.crd).remove(name),
            FactKind::ServiceCidrs => own(&mut self.service_cidrs).remove(name),
            FactKind::Settings => own(&mut self.settings).remove(name),
        }
    }

    /// Puts what is known of one kind into `facts`.
    pub fn refresh(&self, kind: FactKind, facts: &mut Facts) {
        match kind {
            FactKind::Nodes => facts.nodes = self.nodes(),
            FactKind::ClusterNetworks => {
                facts.cluster_networks = self.cluster_networks.fact(kind, |kept| kept.keys().map(name).collect());
            }
            FactKind::VlanConfigs => facts.vlan_configs = self.vlan_configs.fact(kind, coverage),
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
            FactKind::Settings => facts.siblings = self.settings.fact(kind, siblings),
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

    fn nodes(&self) -> Fact<Nodes> {
        let nodes = self.nodes.fact(FactKind::Nodes, |kept| Nodes::new(kept.values().cloned()))?;
        if nodes.is_empty() {
            return Err(Missing { kind: FactKind::Nodes, why: "no Node in the view".into() });
        }
        Ok(nodes)
    }
}

/// The store to write to: its own, where a clone shared it.
fn own<T: Clone>(store: &mut Arc<Store<T>>) -> &mut Store<T> {
    Arc::make_mut(store)
}

type Kept<T> = BTreeMap<ObjectName, T>;

/// The objects of one kind: what is kept of each, and those that can't be read.
#[derive(Clone, Debug)]
struct Store<T> {
    kept: Kept<T>,
    undecodable: BTreeMap<ObjectName, Arc<str>>,
}

impl<T> Default for Store<T> {
    fn default() -> Self {
        Self { kept: BTreeMap::new(), undecodable: BTreeMap::new() }
    }
}

impl<T> Store<T> {
    fn insert(
        &mut self,
        kind: FactKind,
        object: &Value,
        origin: Option<&dyn fmt::Display>,
        shrink: impl FnOnce(&Metadata<'_>, &Value) -> Shrunk<T>,
    ) -> Result<(), Arc<str>> {
        let name = object_name(kind, object);
        if !is_asked_for(kind, &name.name) {
            return Ok(());
        }
        self.remove(&name);
        let rest = match section::<Metadata<'_>>(object, "metadata") {
            Ok(metadata) if metadata.name.is_some_and(|name| !name.is_empty()) => shrink(&metadata, object),
            Ok(_) => Err("metadata.name is missing".to_owned()),
            Err(why) => Err(why),
        };
        match rest {
            Ok(Some(kept)) => {
                self.kept.insert(name, kept);
            }
            Ok(None) => {}
            Err(why) => {
                let quoted = Quoted(&name.name);
                let why: Arc<str> = match origin {
                    Some(origin) => format!("{quoted} can't be read: {why}, in {origin}"),
                    None => format!("{quoted} can't be read: {why}"),
                }
                .into();
                self.undecodable.insert(name, Arc::clone(&why));
                return Err(why);
            }
        }
        Ok(())
    }

    fn remove(&mut self, name: &ObjectName) {
        self.kept.remove(name);
        self.undecodable.remove(name);
    }

    fn fact<F>(&self, kind: FactKind, fold: impl FnOnce(&Kept<T>) -> F) -> Fact<F> {
        let Some(why) = self.undecodable.values().next() else {
            return Ok(Arc::new(fold(&self.kept)));
        };
        let why = match self.undecodable.len() - 1 {
            0 => Arc::clone(why),
            more => format!("{why}; and {more} more").into(),
        };
        Err(Missing { kind, why })
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

fn coverage(kept: &Kept<Matched>) -> BTreeMap<String, Coverage> {
    let mut networks: BTreeMap<&str, (Vec<&str>, Vec<UnreadableAnnotation>)> = BTreeMap::new();
    for (vlan_config, matched) in kept {
        let (nodes, unreadable) = networks.entry(&matched.cluster_network).or_default();
        match &matched.nodes {
            Ok(matched) => nodes.extend(matched.iter().map(AsRef::<str>::as_ref)),
            Err(annotation) => {
                let (vlan_config, annotation) = (name(vlan_config), annotation.clone());
                unreadable.push(UnreadableAnnotation { vlan_config, annotation });
            }
        }
    }
    networks
        .into_iter()
        .map(|(network, (nodes, unreadable))| {
            (network.to_owned(), Coverage { nodes: NodeNames::from_iter(nodes), unreadable })
        })
        .collect()
}

fn ready_nodes(kept: &Kept<Ready>) -> BTreeMap<String, NodeNames> {
    let mut networks: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for ready in kept.values() {
        networks.entry(&ready.cluster_network).or_default().push(&ready.node);
    }
    networks.into_iter().map(|(network, nodes)| (network.to_owned(), NodeNames::from_iter(nodes))).collect()
}

fn service_cidrs(kept: &Kept<Box<[Ipv4Net]>>) -> Vec<ServiceCidr> {
    let mut all = Vec::new();
    for (object, cidrs) in kept {
        all.extend(cidrs.iter().map(|cidr| ServiceCidr { name: name(object), cidr: *cidr }));
    }
    all
}

fn siblings(kept: &Kept<Sibling>) -> Siblings {
    let of = |wanted: &str| {
        let found = kept.iter().find(|(name, _)| &*name.name == wanted);
        found.map(|(_, sibling)| sibling.clone()).unwrap_or_default()
    };
    Siblings { storage: of(STORAGE_NETWORK), rwx: of(RWX_NETWORK) }
}

#[cfg(test)]
mod tests;
