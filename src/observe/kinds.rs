//! The kinds that are read beside those of the rules.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cluster::live::ListQuery;
use crate::escape::{Quoted, Quoting};
use crate::harvester::HARVESTER_SYSTEM;
use crate::pool::{KUBE_SYSTEM, WhereaboutsPool};
use crate::setting::SETTING;
use crate::status::objects::{Observable, WebhookConfiguration};
use crate::status::{self, Observed, Sighting, Unseen};

/// A kind, where the API server has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ObservedKind {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) plural: &'static str,
    pub(super) object_kind: &'static str,
    /// The namespace, of the kinds that have any.
    pub(super) namespace: Option<&'static str>,
}

const fn kind(api: [&'static str; 4], namespace: Option<&'static str>) -> ObservedKind {
    let [group, version, plural, object_kind] = api;
    ObservedKind { group, version, plural, object_kind, namespace }
}

const ADMISSION: &str = "admissionregistration.k8s.io";
const HARVESTER: Option<&str> = Some(HARVESTER_SYSTEM);

pub(super) const SETTINGS: ObservedKind = kind(["harvesterhci.io", "v1beta1", "settings", "Setting"], None);
pub(super) const ATTACHMENTS: ObservedKind =
    kind(["k8s.cni.cncf.io", "v1", "network-attachment-definitions", "NetworkAttachmentDefinition"], HARVESTER);
pub(super) const KUBEVIRTS: ObservedKind = kind(["kubevirt.io", "v1", "kubevirts", "KubeVirt"], HARVESTER);
pub(super) const DAEMON_SETS: ObservedKind = kind(["apps", "v1", "daemonsets", "DaemonSet"], HARVESTER);
pub(super) const PODS: ObservedKind = kind(["", "v1", "pods", "Pod"], HARVESTER);
pub(super) const MIGRATIONS: ObservedKind =
    kind(["kubevirt.io", "v1", "virtualmachineinstancemigrations", "VirtualMachineInstanceMigration"], None);
pub(super) const POOLS: ObservedKind =
    kind(["whereabouts.cni.cncf.io", "v1alpha1", "ippools", "IPPool"], Some(KUBE_SYSTEM));
pub(super) const MUTATING: ObservedKind =
    kind([ADMISSION, "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration"], None);
pub(super) const VALIDATING: ObservedKind =
    kind([ADMISSION, "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration"], None);
pub(super) const SLICES: ObservedKind = kind(["discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"], None);

pub(super) const ALL: [ObservedKind; 10] =
    [SETTINGS, ATTACHMENTS, KUBEVIRTS, DAEMON_SETS, PODS, MIGRATIONS, POOLS, MUTATING, VALIDATING, SLICES];

/// The pods of virt-handler.
pub(super) const VIRT_HANDLER: (&str, &str) = ("kubevirt.io", "virt-handler");

impl ObservedKind {
    /// As `kubectl get` takes it.
    pub(super) fn resource(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Whether objects that say this of themselves are of the kind, in whatever version.
    pub(super) fn is(&self, api_version: &str, object_kind: &str) -> bool {
        let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
        (group, object_kind) == (self.group, self.object_kind)
    }

    /// All of them, in their namespace.
    pub(super) fn query(&self) -> ListQuery<'static> {
        let Self { group, version, plural, object_kind, namespace } = *self;
        ListQuery { group, version, plural, object_kind, namespace, fields: None, labels: None }
    }

    pub(super) fn unseen(&self, why: impl Into<String>) -> Unseen {
        Unseen { what: self.resource(), why: why.into() }
    }

    /// Reads an object, and keeps of it what a check looks at.
    pub(super) fn read<T: DeserializeOwned + Observable>(&self, object: &Value) -> Sighting<T> {
        let mut read: T = serde_path_to_error::deserialize(object).map_err(|error| {
            let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            let (path, words) = (error.path().to_string(), error.inner().to_string());
            self.unseen(format!("{} can't be read: {}: {}", Quoted(name), Quoting(&path), Quoting(&words)))
        })?;
        read.prune();
        Ok(read)
    }

    /// Reads all of them, in JSON.
    pub(super) fn read_all<T: DeserializeOwned + Observable>(&self, objects: &[String]) -> Sighting<Vec<T>> {
        let read = |json: &String| {
            let object = serde_json::from_str(json);
            self.read(&object.map_err(|error| self.unseen(Quoting(&error.to_string()).to_string()))?)
        };
        objects.iter().map(read).collect()
    }
}

/// The pods that the pool of the stored range names, by namespace. What can be none is no namespace to ask for.
pub(super) fn holders(observed: &Observed) -> BTreeMap<String, BTreeSet<String>> {
    let mut holders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let setting = observed.setting.iter().flatten().next();
    let pool = setting.and_then(|setting| observed.pool(status::range(&setting.value)?.net()).ok()?);
    let read = pool.map(|pool| WhereaboutsPool::read(&pool.spec));
    for taken in read.iter().flatten().flat_map(|pool| &pool.taken) {
        if let Some((namespace, name)) = taken.pod().filter(|(namespace, _)| is_label(namespace)) {
            holders.entry(namespace.to_owned()).or_default().insert(name.to_owned());
        }
    }
    holders
}

fn is_label(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The configurations that have an entry of this webhook: the release may have given them any name.
pub(super) fn ours(configurations: Sighting<Vec<WebhookConfiguration>>) -> Sighting<Vec<WebhookConfiguration>> {
    let is_ours = |it: &WebhookConfiguration| {
        let entries = it.webhooks.as_array().into_iter().flatten();
        let mut names = entries.filter_map(|entry| entry.get("name")?.as_str());
        names.any(|name| name.ends_with(&format!(".{SETTING}.setting")))
    };
    let mut configurations = configurations?;
    configurations.retain(is_ours);
    Ok(configurations)
}
