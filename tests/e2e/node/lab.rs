//! The one cluster of these tests: a control plane with its controllers, and one or two machines.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::machine::Machine;
use super::report;
use crate::harness::api::Patch;
use crate::harness::assets::{self, repository};
use crate::harness::cluster::SETTING;
use crate::harness::control_plane::ControlPlane;
use crate::harness::helm::Helm;
use crate::harness::install::NAME;
use crate::harness::process::{Process, scratch};
use crate::harness::wait::eventually;
use crate::harness::{Plane, world};

/// Where we may be installed: now, and by release 0.1.0.
const NAMESPACES: [&str; 2] = [NAME, "harvester-system"];

/// What an installation makes besides the registrations and the pods.
const INSTALLED: &str = "job,deployment,replicaset,service,serviceaccount,role,rolebinding,clusterrole,clusterrolebinding,\
                         poddisruptionbudget,networkpolicy,secret";

/// How long a rollout may take on a machine that does other things too.
pub const ROLLOUT: Duration = Duration::from_mins(4);

/// What [`lease`] gives.
#[derive(Debug)]
pub struct Lab {
    /// The control plane.
    pub plane: Plane,
    /// `node-1`, and `node-2` once it was asked for.
    pub machines: Vec<Machine>,
    images: [PathBuf; 2],
    // Whether the chart is installed as it is, on so many machines, and well.
    kept: Option<usize>,
    _controllers: [Process; 2],
}

static LAB: LazyLock<Mutex<Lab>> = LazyLock::new(|| Mutex::new(Lab::boot()));

/// The cluster, for one test: nothing of ours is installed, and the Setting holds a value.
pub fn lease() -> MutexGuard<'static, Lab> {
    // A test that failed left it as it was; emptying is what makes it good again.
    let mut lab = LAB.lock().unwrap_or_else(PoisonError::into_inner);
    lab.kept = None;
    lab.empty();
    lab
}

/// The cluster with so many nodes and the chart as it is, installed with Helm 4: by an earlier test, if that [kept](Lab::keep) it.
pub fn installed(nodes: usize) -> MutexGuard<'static, Lab> {
    let mut lab = LAB.lock().unwrap_or_else(PoisonError::into_inner);
    if lab.kept.take() != Some(nodes) {
        lab.empty();
        if nodes == 2 {
            lab.second_node();
        }
        lab.install(4, &chart(), &[]);
    }
    lab
}

impl Lab {
    fn boot() -> Self {
        assert!(std::env::var_os("E2E_NODE").is_some(), "a node needs a box of its own: run `make e2e-node`");
        report::begin();
        let images = [pause(), image()];
        let first = Machine::start(1, &[&images[0], &images[1]]);
        let plane = Plane::of(ControlPlane::for_nodes());
        let controllers = ["kube-controller-manager", "kube-scheduler"].map(|name| controller(&plane, name));
        let mut lab = Self { plane, machines: vec![first], images, kept: None, _controllers: controllers };
        lab.join(1);
        lab
    }

    /// Sees to it that there is a second node.
    pub fn second_node(&mut self) {
        if self.machines.len() < 2 {
            self.machines.push(Machine::start(2, &[&self.images[0], &self.images[1]]));
            self.join(2);
        }
    }

    /// Leaves what [`installed`] gave to the next test that asks for the same. Not called by one that failed.
    pub fn keep(&mut self) {
        self.restarts(0);
        self.kept = Some(self.machines.len());
    }

    fn join(&mut self, number: u8) {
        let servers = &self.plane.servers;
        // By the address that the other machine knows it by.
        let kubeconfig = |token: &str| {
            let path = servers.kubeconfig(token);
            let text = fs::read_to_string(&path).expect("just written");
            fs::write(&path, text.replace("127.0.0.1", "10.99.0.1")).expect("a written file");
            path
        };
        self.machines[usize::from(number) - 1].join(number, kubeconfig);
        let name = format!("node-{number}");
        eventually(&format!("{name} is ready"), ROLLOUT, || self.ready(&name));
    }

    /// Takes away whatever a test left, registrations first, and stores the Setting.
    fn empty(&self) {
        let all = format!("app.kubernetes.io/name in ({NAME},{NAME}-ready,{NAME}-unregister)");
        let delete = |kinds: &str, selector: &str, more: &[&str]| {
            self.kubectl(&[&["delete", kinds, "--all-namespaces", "-l", selector, "--timeout=120s"], more].concat());
        };
        delete("mutatingwebhookconfiguration,validatingwebhookconfiguration", &all, &[]);
        self.connect(true);
        self.kubectl(&["uncordon", "-l", "kubernetes.io/os=linux"]);
        delete(INSTALLED, &all, &[]);
        delete("secret", "owner=helm", &[]);
        // What would make new ones went first. Nobody is served by them any more, so they need not end in peace.
        delete("pod", &all, &["--grace-period=1"]);
        for namespace in NAMESPACES {
            let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
            let metadata = json!({"name": namespace, "labels": labels});
            self.plane.api.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}));
        }
        let mut objects = vec![world::cluster_network("vm-migration")];
        objects.push(world::vlan_config("vm-migration", "all", &["node-1", "node-2"]));
        objects.extend(["node-1", "node-2"].map(|node| world::vlan_status("vm-migration", node, "True")));
        self.plane.apply_all(&objects);
        self.plane.store(&world::ours(world::CANONICAL));
    }

    /// Whether the second node, when there is one, is on the network.
    pub fn connect(&self, connected: bool) {
        if self.machines.len() == 2 {
            let state = if connected { "up" } else { "down" };
            self.machines[0].run(&["ip", "link", "set", "to-node-2", state]);
            if connected {
                eventually("node-2 is back", ROLLOUT, || self.ready("node-2"));
            }
        }
    }

    /// Whether pods can run on this node.
    pub fn ready(&self, name: &str) -> Result<(), String> {
        let node = self.plane.api.get(&format!("/api/v1/nodes/{name}")).map_err(|refusal| format!("{refusal:?}"))?;
        let conditions = node["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let ready = conditions.iter().any(|one| one["type"] == "Ready" && one["status"] == "True");
        let (tainted, cordoned) = (node["spec"]["taints"].is_array(), node["spec"]["unschedulable"] == true);
        if ready && (cordoned || !tainted) { Ok(()) } else { Err(format!("{conditions:?}")) }
    }

    /// An administrator's kubectl, which must succeed.
    pub fn kubectl(&self, args: &[&str]) -> String {
        self.plane.kubectl(args).ok()
    }

    /// An administrator's Helm of this major version.
    pub fn helm(&self, major: u8) -> Helm {
        Helm::new(major, &self.plane.servers.kubeconfig(crate::harness::control_plane::ADMIN))
    }

    /// `helm upgrade --install` of a chart with these values; in effect when this returns, as its Job has seen. Its notes.
    pub fn install(&self, major: u8, chart: &Path, values: &[&str]) -> String {
        let chart = chart.display().to_string();
        let mut args = vec!["upgrade", "--install", NAME, &*chart, "--namespace", NAME, "--wait", "--timeout", "5m"];
        args.extend(values.iter().flat_map(|value| ["--set-json", *value]));
        let notes = self.helm(major).command(args).ok();
        self.restarts(0);
        notes
    }

    /// Waits until the Deployment has rolled out.
    pub fn rolled_out(&self, namespace: &str) {
        let timeout = format!("--timeout={}s", ROLLOUT.as_secs());
        self.kubectl(&["-n", namespace, "rollout", "status", &format!("deployment/{NAME}"), &timeout]);
    }

    /// Our pods.
    pub fn pods(&self) -> Vec<Value> {
        let selector = format!("/api/v1/namespaces/{NAME}/pods?labelSelector=app.kubernetes.io/name={NAME}");
        self.plane.api.get(&selector).expect("pods")["items"].as_array().expect("items").clone()
    }

    /// How many of them are ready.
    pub fn ready_pods(&self) -> usize {
        let ready = |pod: &&Value| pod["status"]["containerStatuses"][0]["ready"] == true;
        self.pods().iter().filter(ready).count()
    }

    /// Asserts how often containers were started again.
    pub fn restarts(&self, expected: u64) {
        let counts: Vec<u64> = self
            .pods()
            .iter()
            .filter_map(|pod| pod["status"]["containerStatuses"][0]["restartCount"].as_u64())
            .collect();
        assert_eq!(counts.iter().sum::<u64>(), expected, "{counts:?}");
    }

    /// Waits until a bad value is refused by a rule.
    pub fn guarded(&self) {
        eventually("a rule refuses a bad value", ROLLOUT, || {
            match self.plane.api.patch(&format!("{SETTING}?dryRun=All"), Patch::Merge, &json!({"value": "x"})) {
                Err(refusal) if refusal.code == 422 => Ok(()),
                other => Err(other),
            }
        });
    }
}

/// The chart as it is.
pub fn chart() -> PathBuf {
    repository().join("manifests/chart")
}

/// The archive that `make image-archive` makes.
fn image() -> PathBuf {
    let name = format!("dist/{NAME}-{}.tar", env!("CARGO_PKG_VERSION"));
    let archive = repository().join(name);
    assert!(archive.exists(), "no {}: run `make image-archive`", archive.display());
    archive
}

fn pause() -> PathBuf {
    let directory = scratch("pause");
    let made = Command::new(repository().join("tests/e2e/node/pause.sh")).arg(&directory).output().expect("a shell");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    directory.join("pause.tar")
}

fn controller(plane: &Plane, name: &str) -> Process {
    let servers = &plane.servers;
    let file = |name: &str| servers.directory.join(name).display().to_string();
    let mut command = Command::new(assets::node(name));
    command.arg(format!("--kubeconfig={}", servers.kubeconfig(&format!("system:{name}")).display()));
    command.args(["--leader-elect=false", "--bind-address=127.0.0.1"]);
    command.arg(format!("--cert-dir={}", file(name)));
    if name == "kube-controller-manager" {
        command.arg(format!("--service-account-private-key-file={}", file("sa.key")));
        command.arg(format!("--root-ca-file={}", file("ca.crt")));
        command.args(["--use-service-account-credentials=true", "--flex-volume-plugin-dir=/run/kubelet-plugins"]);
    }
    Process::start(name, command, &servers.directory)
}
