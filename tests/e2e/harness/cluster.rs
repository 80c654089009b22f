//! A control plane that belongs to one test, and the pool they come from.

use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex};
use std::{fs, thread};

use serde_json::{Value, json};

use super::api::{Answer, Api, KINDS};
use super::assets::repository;
use super::control_plane::{ADMIN, ControlPlane};
use super::kubectl::{Invocation, Kubectl};
use super::wait::{PATIENCE, eventually};

/// The Setting's path.
pub const SETTING: &str = "/apis/harvesterhci.io/v1beta1/settings/vm-migration-network";

/// A running control plane with the definitions of Harvester, `KubeVirt` and Whereabouts, used by one test.
///
/// It goes back into the pool when dropped, unless the test failed: then nobody knows what state it is in.
#[derive(Debug)]
pub struct Cluster {
    plane: Option<Plane>,
    pooled: bool,
}

/// What a pool keeps.
#[derive(Debug)]
pub struct Plane {
    /// The processes.
    pub servers: ControlPlane,
    /// Its administrator.
    pub api: Api,
    kubectl: Kubectl,
}

/// What tests make by hand. What is rendered from the manifests is made anew by each test that needs it.
const MADE_BY_HAND: [&str; 14] = [
    "Node",
    "Setting",
    "ClusterNetwork",
    "VlanConfig",
    "VlanStatus",
    "HostNetworkConfig",
    "VirtualMachineInstanceMigration",
    "Secret",
    "Deployment",
    "DaemonSet",
    "EndpointSlice",
    "NetworkAttachmentDefinition",
    "KubeVirt",
    "IPPool",
];

/// Kinds that an installation makes. Helm takes no object of another installation over.
const INSTALLED: [&str; 8] = [
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Service",
    "ServiceAccount",
    "PodDisruptionBudget",
    "NetworkPolicy",
];

#[derive(Debug)]
struct Pool {
    idle: Vec<Plane>,
    in_use: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { idle: Vec::new(), in_use: 0 });
static RETURNED: Condvar = Condvar::new();

/// 400 MB each with the processes around it; more than the cores would only make all of them late.
fn limit() -> usize {
    thread::available_parallelism().map_or(2, usize::from).clamp(2, 4)
}

impl Cluster {
    /// A clean cluster. Waits while as many as the machine can bear are in use.
    pub fn lease() -> Self {
        let idle = Self::take_turn();
        // From here on a panic gives the turn back.
        let mut leased = Self { plane: None, pooled: true };
        let plane = idle.unwrap_or_else(|| Plane::start(&[]));
        plane.empty();
        leased.plane = Some(plane);
        leased
    }

    /// A cluster started for this test alone, with these flags for the API server.
    pub fn fresh(flags: &[&str]) -> Self {
        let idle = Self::take_turn();
        if let Some(plane) = idle {
            lock().idle.push(plane);
        }
        let mut fresh = Self { plane: None, pooled: false };
        fresh.plane = Some(Plane::start(flags));
        fresh
    }

    fn take_turn() -> Option<Plane> {
        let mut pool = RETURNED.wait_while(lock(), |pool| pool.in_use >= limit()).expect("no panic in the pool");
        pool.in_use += 1;
        pool.idle.pop()
    }
}

fn lock() -> std::sync::MutexGuard<'static, Pool> {
    POOL.lock().expect("no panic in the pool")
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let plane = self.plane.take().filter(|_| self.pooled && !thread::panicking());
        let mut pool = lock();
        pool.in_use -= 1;
        pool.idle.extend(plane);
        RETURNED.notify_one();
    }
}

impl Deref for Cluster {
    type Target = Plane;

    fn deref(&self) -> &Plane {
        self.plane.as_ref().expect("a plane until dropped")
    }
}

impl DerefMut for Cluster {
    fn deref_mut(&mut self) -> &mut Plane {
        self.plane.as_mut().expect("a plane until dropped")
    }
}

impl Plane {
    fn start(flags: &[&str]) -> Self {
        Self::of(ControlPlane::start(flags))
    }

    /// Adds the definitions to a control plane.
    pub fn of(servers: ControlPlane) -> Self {
        let api = servers.admin();
        let kubectl = Kubectl::new(servers.kubeconfig(ADMIN));
        let plane = Self { servers, api, kubectl };
        plane.define();
        plane
    }

    /// An administrator's command line, without the `kubectl`.
    pub fn kubectl<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Invocation {
        self.kubectl.command(args)
    }

    /// An administrator's shell, with kubectl in its PATH.
    pub fn shell(&self, line: &str) -> Invocation {
        self.kubectl.shell(line)
    }

    /// Makes every object so.
    pub fn apply_all(&self, objects: &[Value]) {
        for object in objects {
            self.api.apply(object);
        }
    }

    /// The guarded Setting.
    pub fn setting(&self) -> Answer {
        self.api.get(SETTING)
    }

    /// Puts Harvester's and others' definitions in, and waits until each is served.
    pub fn define(&self) {
        let mut served = Vec::new();
        for name in ["harvester", "kubevirt", "multus", "whereabouts"] {
            let path = repository().join(format!("tests/e2e/crds/{name}.yaml"));
            let text = fs::read_to_string(&path).expect("a readable definition");
            let definitions: Vec<Value> = serde_saphyr::from_multiple(&text).expect("YAML");
            for definition in definitions {
                self.api.apply(&definition);
                let (group, version) = (&definition["spec"]["group"], &definition["spec"]["versions"][0]["name"]);
                let plural = &definition["spec"]["names"]["plural"];
                let [group, version, plural] = [group, version, plural].map(|text| text.as_str().expect("a string"));
                served.push(format!("/apis/{group}/{version}/{plural}"));
            }
        }
        for path in served {
            eventually(&format!("{path} is served"), PATIENCE, || self.api.get(&path));
        }
    }

    /// Takes away what an earlier test left, registrations first: they would refuse the rest.
    fn empty(&self) {
        let registrations = ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]
            .map(|plural| format!("/apis/admissionregistration.k8s.io/v1/{plural}"));
        for path in &registrations {
            self.api.delete(path).unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
        }
        self.define();
        eventually("no webhook stands in the way", PATIENCE, || self.probe());
        let namespaces = self.api.get("/api/v1/namespaces").expect("namespaces");
        let namespaces = namespaces["items"].as_array().expect("items");
        for kind in &KINDS {
            let selector = match kind.name {
                name if MADE_BY_HAND.contains(&name) => "",
                // No kubelet ends them.
                "Pod" => "?gracePeriodSeconds=0",
                name if INSTALLED.contains(&name) => "?labelSelector=app.kubernetes.io/name=migration-network-webhook",
                _ => continue,
            };
            let paths: Vec<String> = if kind.namespaced {
                let names = namespaces.iter().map(|namespace| namespace["metadata"]["name"].as_str());
                names.map(|name| kind.collection(name)).collect()
            } else {
                vec![kind.collection(None)]
            };
            for path in paths.into_iter().map(|path| path + selector) {
                self.api.delete(&path).unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
                let left = self.api.get(&path).expect("a list");
                assert_eq!(left["items"], json!([]), "a test left a finalizer in {path}");
            }
        }
    }

    /// A change that every webhook of ours refuses and that stores nothing, so it tells whether one is in effect.
    pub fn probe(&self) -> Answer {
        let probe = json!({
            "apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting",
            "metadata": {"name": "vm-migration-network"}, "value": "a probe"
        });
        let exists = self.setting().is_ok();
        if exists {
            let patch = super::api::Patch::Merge;
            self.api.patch(&format!("{SETTING}?dryRun=All"), patch, &json!({"value": "a probe"}))
        } else {
            self.api.create(&probe, "?dryRun=All")
        }
    }
}
