//! Every check turned each way, on whole cluster states in files.

#![expect(clippy::semicolon_if_nothing_returned, reason = "an edit is an expression, however long")]

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Observation, load};
use crate::manifest::{ManifestFile, document};
use crate::registration::{ConfigurationKind, Service};
use crate::setting::Policy;
use crate::setting::config::hash;
use crate::status::{Check, CheckState, Report, status};

/// Objects of a cluster.
pub(super) struct Cluster(Vec<Value>);

pub(super) fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

impl Cluster {
    /// One in which all is well, with the webhook installed.
    pub(super) fn healthy() -> Self {
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/status/healthy.yaml"));
        let documents = document::parse(&ManifestFile::read(&path).unwrap()).unwrap();
        let mut cluster = Self(documents.into_iter().map(|(_, document)| document).collect());
        let service = Service { name: "webhook".to_owned(), namespace: "mnw".to_owned() };
        for (kind, name) in [
            (ConfigurationKind::Mutating, "MutatingWebhookConfiguration"),
            (ConfigurationKind::Validating, "ValidatingWebhookConfiguration"),
        ] {
            let mut webhooks = kind.webhooks(&service).unwrap();
            for webhook in webhooks.as_array_mut().unwrap() {
                webhook["clientConfig"]["caBundle"] = bundle(2126).into();
            }
            cluster.add(json!({
                "apiVersion": "admissionregistration.k8s.io/v1", "kind": name, "metadata": {"name": "webhook"},
                "webhooks": webhooks,
            }));
        }
        cluster.add(json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": "webhook-x", "namespace": "mnw", "labels": {"kubernetes.io/service-name": "webhook"}},
            "endpoints": [{"conditions": {"ready": true}}, {"conditions": {"ready": false}}],
        }));
        cluster
    }

    pub(super) fn add(&mut self, object: Value) {
        self.0.push(object);
    }

    fn at(&self, kind: &str, name: &str) -> usize {
        let is_it = |object: &Value| object["kind"] == kind && object["metadata"]["name"] == name;
        self.0.iter().position(is_it).unwrap_or_else(|| panic!("no {kind} {name}"))
    }

    pub(super) fn get(&mut self, kind: &str, name: &str) -> &mut Value {
        let at = self.at(kind, name);
        &mut self.0[at]
    }

    fn remove(&mut self, kind: &str, name: &str) {
        self.0.remove(self.at(kind, name));
    }

    fn remove_all(&mut self, kind: &str) {
        self.0.retain(|object| object["kind"] != kind);
    }

    fn setting(&mut self) -> &mut Value {
        self.get("Setting", "vm-migration-network")
    }

    /// Stores a value as if Harvester had handled it.
    fn store(&mut self, value: &str) {
        let setting = self.setting();
        setting["value"] = value.into();
        setting["metadata"]["annotations"][HASH] = hash(value).into();
    }

    /// The state of a cluster whose network is disabled.
    fn disable(&mut self) {
        self.store("");
        self.setting()["metadata"]["annotations"][NET_ATTACH_DEF] = "".into();
        self.remove_all("NetworkAttachmentDefinition");
        self.get("KubeVirt", "kubevirt")["spec"] = json!({});
        for name in PODS {
            self.get("Pod", name)["metadata"]["annotations"] = json!({});
        }
    }

    /// The network status of a pod of virt-handler.
    fn attach(&mut self, pod: &str, interface: &Value) {
        let status = json!([{"name": "k8s-pod-network", "ips": ["10.52.0.9"], "default": true}, interface]);
        self.get("Pod", pod)["metadata"]["annotations"][NETWORK_STATUS] = status.to_string().into();
    }

    fn allocate(&mut self, offset: u32, podref: &str) {
        let pool = self.get("IPPool", "192.168.1.0-24");
        pool["spec"]["allocations"][offset.to_string()] = json!({"id": "c", "podref": podref, "ifname": "net1"});
    }

    pub(super) fn observe(&self) -> Observation {
        let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
        fs::write(file.path(), text(&self.0)).unwrap();
        load(&[file.path().to_owned()], now(), None).unwrap()
    }

    pub(super) fn report(&self) -> Report {
        report(&self.observe())
    }
}

/// As a file.
fn text(objects: &[Value]) -> String {
    objects.iter().map(|object| format!("---\n{object}\n")).collect::<Vec<_>>().concat()
}

fn report(observation: &Observation) -> Report {
    status(&observation.facts, &Policy::default(), &observation.observed)
}

fn checks(report: &Report) -> impl Iterator<Item = &Check> {
    report.groups.iter().flat_map(|group| &group.checks)
}

/// The checks that do not hold, as `state id: seen`.
fn not_ok(report: &Report) -> Vec<String> {
    let faults = checks(report).filter(|check| check.state != CheckState::Ok);
    faults.map(|check| format!("{:?} {}: {}", check.state, check.id, check.seen)).collect()
}

const HASH: &str = crate::harvester::HASH;
const NET_ATTACH_DEF: &str = crate::harvester::NET_ATTACH_DEF;
const NETWORK_STATUS: &str = "k8s.v1.cni.cncf.io/network-status";
const NAD: &str = "vm-migration-network-6flk7";
const PODS: [&str; 2] = ["virt-handler-a", "virt-handler-b"];

/// A `caBundle` with a certificate that ends in this year.
fn bundle(until: i32) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 5);
    base64::engine::general_purpose::STANDARD.encode(params.self_signed(&key).unwrap().pem())
}

fn value(range: &str, exclude: &str) -> String {
    format!(r#"{{"clusterNetwork":"vm-migration","vlan":100,"range":"{range}"{exclude}}}"#)
}

fn migration(name: &str, phase: &str, since: &str) -> Value {
    json!({
        "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstanceMigration",
        "metadata": {"name": name, "namespace": "default", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"vmiName": "vm"},
        "status": {"phase": phase, "phaseTransitionTimestamps": [
            {"phase": "Pending", "phaseTransitionTimestamp": "2026-01-01T00:00:00Z"},
            {"phase": phase, "phaseTransitionTimestamp": since},
        ]},
    })
}

fn pod(namespace: &str, name: &str, phase: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
        "status": {"phase": phase},
    })
}

#[test]
fn a_healthy_cluster_has_no_fault() {
    let report = Cluster::healthy().report();
    assert_eq!(not_ok(&report), [""; 0]);
    let seen: Vec<_> = checks(&report).map(|check| format!("{}: {}", check.id, check.seen)).collect();
    assert_eq!(
        seen,
        [
            "setting-readable: cluster network vm-migration, VLAN 100, range 192.168.1.0/24, 1 exclude",
            "setting-rules: 8 rules hold now",
            "setting-canonical: the value is in canonical form",
            "setting-hash: the annotation is the value's: d7c14fba1722f49b3bfd47193964e7cc239c1f5d",
            "setting-configured: configured is True for 1 d (since 2026-01-01T03:04:05Z)",
            "attachment-exists: harvester-system/vm-migration-network-6flk7 exists",
            "attachment-config: the configuration is what Harvester makes of the value",
            "attachment-orphans: none is left from earlier values",
            "kubevirt-network: migrations.network is vm-migration-network-6flk7",
            "kubevirt-available: KubeVirt is Available, AllComponentsReady",
            "virt-handler-rollout: 2 wanted, 2 up to date, 2 ready on 2 nodes",
            "virt-handler-networks: 2 pods have migration0 with an address in the range",
            "virt-handler-addresses: 2 addresses, each of one pod",
            "nodes-vlan-config: they cover 2 of 2 nodes",
            "nodes-vlan-status: ready on 2 of 2 nodes",
            "addresses-free: 253 usable, 2 taken, 251 free; 2 nodes have theirs, and 251 nodes can be added",
            "addresses-stale: none is held by a pod that is gone",
            "addresses-foreign: none is held by another pod than virt-handler",
            "addresses-holders: 2 addresses, each of a pod that is known",
            "addresses-recorded: 2 recorded",
            "neighbours-cluster: apart from the networks of pods and services",
            "neighbours-nodes: no usable address is a node's or a HostNetworkConfig's",
            "neighbours-networks: apart from storage-network and rwx-network",
            "migrations-running: none",
            "migrations-stuck: none",
            "webhook-configurations: both are there: webhook, webhook",
            "webhook-drift: as shipped with this release",
            "webhook-ca-bundle: valid for 36526 d",
            "webhook-endpoints: 1 ready behind mnw/webhook",
        ]
    );
    let rows: Vec<_> = report.nodes.iter().map(|row| (&*row.node, row.address.as_deref(), row.state)).collect();
    assert_eq!(
        rows,
        [("harvester-0", Some("192.168.1.1"), CheckState::Ok), ("harvester-1", Some("192.168.1.2"), CheckState::Ok)]
    );
}

#[test]
fn a_disabled_network_has_no_fault_either() {
    let mut cluster = Cluster::healthy();
    cluster.disable();
    let report = cluster.report();
    assert_eq!(not_ok(&report), [""; 0]);
    let left_out: Vec<_> = report.groups.iter().filter_map(|group| group.left_out.as_deref()).collect();
    assert_eq!(left_out, ["the network is disabled"; 3]);
    assert_eq!(report.nodes[0].vlan, "disabled");
}

type Edit = fn(&mut Cluster);

/// What each fault is told as, and nothing else.
fn assert_faults(cases: &[(Edit, &[&str])]) {
    for (index, (edit, expected)) in cases.iter().enumerate() {
        let mut cluster = Cluster::healthy();
        edit(&mut cluster);
        assert_eq!(not_ok(&cluster.report()), *expected, "case {index}");
    }
}

#[test]
fn the_setting() {
    assert_faults(&[
        (
            |it| it.remove("Setting", "vm-migration-network"),
            &["Error setting-readable: there is no Setting vm-migration-network"],
        ),
        (
            |it| {
                it.setting()["status"]["conditions"][0] = json!({
                    "type": "configured", "status": "False", "reason": "CreateNadError", "message": "create \u{1b}[31m error",
                    "lastUpdateTime": "2026-01-02T01:04:05Z",
                })
            },
            &["Error setting-configured: configured is False for 2 h (since 2026-01-02T01:04:05Z): CreateNadError: \
               create \\u001b[31m error"],
        ),
        (
            |it| it.setting()["status"] = Value::Null,
            &["Error setting-configured: there is no condition configured, so Harvester has not handled the value"],
        ),
        (
            |it| it.setting()["metadata"]["annotations"][HASH] = "0\u{1b}".into(),
            &["Error setting-hash: the annotation is \"0\\u001b\", and the value's is \
               d7c14fba1722f49b3bfd47193964e7cc239c1f5d"],
        ),
        (
            |it| it.store(&format!(" {}", value("192.168.1.0/24", r#","exclude":["192.168.1.100/32"]"#))),
            &["Warning setting-canonical: the value is stored in other bytes than \
               {\"clusterNetwork\":\"vm-migration\",\"vlan\":100,\"range\":\"192.168.1.0/24\",\"exclude\":[\"192.168.1.100/32\"]}"],
        ),
        (
            |it| it.remove_all("CustomResourceDefinition"),
            &["Error setting-rules: value: Forbidden: the CRD ippools.whereabouts.cni.cncf.io is missing: \
               without Whereabouts no pod gets an address; see kubectl get crd ippools.whereabouts.cni.cncf.io"],
        ),
    ]);
}

#[test]
fn a_value_that_harvester_cannot_read_leaves_the_rest_out() {
    for (stored, seen) in [
        ("no JSON", "Harvester can't make a network of it: value: it is not JSON"),
        (" ", "Harvester can't make a network of it: value: it is not JSON"),
        (r#"{"range":"x"}"#, "Harvester can't make a network of it: value.range is no network"),
        (r#"{"range":"fd00::/64"}"#, "Harvester can't make a network of it: value.range is an IPv6 network"),
    ] {
        let mut cluster = Cluster::healthy();
        cluster.store(stored);
        let report = cluster.report();
        assert_eq!(
            (checks(&report).next().unwrap().seen.as_str(), report.result),
            (seen, CheckState::Error),
            "{stored}"
        );
        let left_out = report.groups.iter().filter(|group| group.left_out.is_some()).count();
        assert_eq!(left_out, 3, "{stored}");
    }
}

#[test]
fn a_network_that_was_set_by_hand_is_at_risk() {
    let by_hand = |annotations: Value, network: Value| {
        let mut cluster = Cluster::healthy();
        cluster.disable();
        cluster.setting()["metadata"]["annotations"] = annotations;
        cluster.setting()["status"] = Value::Null;
        cluster.get("KubeVirt", "kubevirt")["spec"] = json!({"configuration": {"migrations": {"network": network}}});
        not_ok(&cluster.report())
    };
    assert_eq!(by_hand(Value::Null, Value::Null), [""; 0]);
    assert_eq!(
        by_hand(Value::Null, "mine".into()),
        ["Warning setting-handmade-network: KubeVirt has the network \"mine\" by hand; the first annotation on the \
          Setting, as kubectl apply sets one, makes Harvester remove it"]
    );
    assert_eq!(
        by_hand(json!({"a": "b"}), "mine".into()),
        [
            "Warning setting-handmade-network: KubeVirt has the network \"mine\" by hand; the Setting has annotations, so \
          its next change makes Harvester remove it"
        ]
    );
}

#[test]
fn the_attachment() {
    assert_faults(&[
        (
            |it| it.remove_all("NetworkAttachmentDefinition"),
            &["Error attachment-exists: harvester-system/vm-migration-network-6flk7 does not exist"],
        ),
        (
            |it| it.setting()["metadata"]["annotations"][NET_ATTACH_DEF] = "".into(),
            &[
                "Error attachment-exists: the Setting names no NetworkAttachmentDefinition",
                "Warning attachment-orphans: nothing names vm-migration-network-6flk7: left from earlier values",
                "Error kubevirt-network: migrations.network is \"vm-migration-network-6flk7\", and the Setting names nothing",
            ],
        ),
        (
            |it| {
                let nad = it.get("NetworkAttachmentDefinition", NAD);
                let config = nad["spec"]["config"].as_str().unwrap().replace("\"vlan\":100", "\"vlan\":101");
                nad["spec"]["config"] = config.into();
            },
            &["Error attachment-config: the configuration is {\"cniVersion\":\"0.3.1\",\"type\":\"bridge\",\
               \"bridge\":\"vm-migration-br\",\"promiscMode\":true,\"vlan\":101,\"ipam\":{\"type\":\"whereabouts\",\
               \"range\":\"192.168.1.0/24\",\"exclude\":[\"192.168.1.100/32\"]}}"],
        ),
        (
            |it| {
                let mut orphan = it.get("NetworkAttachmentDefinition", NAD).clone();
                orphan["metadata"]["name"] = "vm-migration-network-old\u{7}".into();
                it.add(orphan);
            },
            &["Warning attachment-orphans: nothing names vm-migration-network-old\\u0007: left from earlier values"],
        ),
    ]);
    let mut cluster = Cluster::healthy();
    cluster.disable();
    cluster.setting()["metadata"]["annotations"][NET_ATTACH_DEF] = "harvester-system/old".into();
    assert_eq!(
        not_ok(&cluster.report()),
        ["Error attachment-exists: the network is disabled, and the Setting still names harvester-system/old"]
    );
}

#[test]
fn kubevirt() {
    assert_faults(&[
        (
            |it| it.get("KubeVirt", "kubevirt")["spec"] = Value::Null,
            &["Error kubevirt-network: migrations.network is not set"],
        ),
        (
            |it| it.get("KubeVirt", "kubevirt")["spec"]["configuration"]["migrations"]["network"] = "a\nb".into(),
            &["Error kubevirt-network: migrations.network is \"a\\nb\", and the Setting names \
               \"vm-migration-network-6flk7\""],
        ),
        (
            |it| {
                it.get("KubeVirt", "kubevirt")["status"]["conditions"][0] = json!({
                    "type": "Available", "status": "False", "reason": "DeploymentInProgress", "message": "deploying",
                    "lastTransitionTime": "2026-01-02T03:00:00Z",
                })
            },
            &["Error kubevirt-available: Available is False for 4 min (since 2026-01-02T03:00:00Z): \
               DeploymentInProgress: deploying"],
        ),
        (
            |it| it.get("KubeVirt", "kubevirt")["status"] = Value::Null,
            &["Error kubevirt-available: KubeVirt has no condition Available"],
        ),
        (
            |it| it.remove("KubeVirt", "kubevirt"),
            &["Error kubevirt-available: there is no KubeVirt harvester-system/kubevirt"],
        ),
    ]);
    let mut cluster = Cluster::healthy();
    cluster.disable();
    cluster.get("KubeVirt", "kubevirt")["spec"] = json!({"configuration": {"migrations": {"network": "left"}}});
    assert_eq!(
        not_ok(&cluster.report()),
        ["Error kubevirt-network: migrations.network is \"left\", and the Setting names nothing"]
    );
}

#[test]
fn virt_handler() {
    assert_faults(&[
        (
            |it| it.remove("DaemonSet", "virt-handler"),
            &["Error virt-handler-rollout: there is no DaemonSet harvester-system/virt-handler"],
        ),
        (
            |it| it.get("DaemonSet", "virt-handler")["status"]["updatedNumberScheduled"] = 1.into(),
            &["Error virt-handler-rollout: 2 wanted, 1 up to date, 2 ready on 2 nodes; it is being rolled out"],
        ),
        (
            |it| it.get("DaemonSet", "virt-handler")["metadata"]["generation"] = 3.into(),
            &[
                "Error virt-handler-rollout: 2 wanted, 2 up to date, 2 ready on 2 nodes; the newest change is not rolled \
               out yet",
            ],
        ),
        (
            |it| {
                it.get("DaemonSet", "virt-handler")["status"]["numberReady"] = 1.into();
                it.get("Pod", "virt-handler-b")["status"]["conditions"][0]["status"] = "False".into();
            },
            &[
                "Error virt-handler-rollout: 2 wanted, 2 up to date, 1 ready on 2 nodes; lacking: harvester-1 (not ready)",
            ],
        ),
        (
            // A node that was added and got no pod.
            |it| it.get("Node", "harvester-2")["metadata"]["labels"] = Value::Null,
            &[
                "Error virt-handler-rollout: 2 wanted, 2 up to date, 2 ready on 3 nodes; lacking: harvester-2 (no pod)",
                "Error nodes-vlan-config: value.clusterNetwork: Invalid value: \"vm-migration\": no VlanConfig of this \
                 cluster network covers harvester-2; virt-handler would not start there",
            ],
        ),
        (
            |it| it.get("Pod", "virt-handler-a")["metadata"]["annotations"] = json!({}),
            &["Error virt-handler-networks: virt-handler-a on harvester-0: no interface migration0"],
        ),
        (
            |it| it.get("Pod", "virt-handler-a")["metadata"]["annotations"][NETWORK_STATUS] = "[\u{1b}".into(),
            &[
                "Error virt-handler-networks: virt-handler-a on harvester-0: the annotation network-status can't be read: \
               expected value at line 1 column 2",
            ],
        ),
        (
            |it| {
                it.attach(
                    "virt-handler-a",
                    &json!({"name": "harvester-system/old", "interface": "migration0", "ips": ["192.168.1.1"]}),
                )
            },
            &["Error virt-handler-networks: virt-handler-a on harvester-0: migration0 is of \"harvester-system/old\""],
        ),
        (
            |it| {
                let name = format!("harvester-system/{NAD}");
                it.attach(
                    "virt-handler-a",
                    &json!({"name": name, "interface": "migration0", "ips": ["192.168.1.100"]}),
                );
                it.attach("virt-handler-b", &json!({"name": name, "interface": "migration0", "ips": ["10.9.9.9"]}));
            },
            &[
                "Error virt-handler-networks: virt-handler-a on harvester-0: 192.168.1.100 is excluded, virt-handler-b on \
                 harvester-1: 10.9.9.9 is not in 192.168.1.0/24",
                "Error addresses-recorded: 192.168.1.100 of virt-handler-a is not recorded, 10.9.9.9 of virt-handler-b is \
                 not recorded",
            ],
        ),
        (
            |it| {
                let name = format!("harvester-system/{NAD}");
                it.attach("virt-handler-b", &json!({"name": name, "interface": "migration0", "ips": ["192.168.1.1"]}));
            },
            &[
                "Error virt-handler-addresses: shared: 192.168.1.1 of virt-handler-a, virt-handler-b",
                "Error addresses-recorded: 192.168.1.1 of virt-handler-b is recorded for \"harvester-system/virt-handler-a\"",
            ],
        ),
        (
            |it| {
                let name = format!("harvester-system/{NAD}");
                it.attach("virt-handler-b", &json!({"name": name, "interface": "migration0", "ips": []}));
            },
            &["Error virt-handler-networks: virt-handler-b on harvester-1: migration0 has no address"],
        ),
    ]);
    let mut cluster = Cluster::healthy();
    cluster.disable();
    cluster.attach(
        "virt-handler-a",
        &json!({"name": "harvester-system/old", "interface": "migration0", "ips": ["1.1.1.1"]}),
    );
    assert_eq!(
        not_ok(&cluster.report()),
        [
            "Error virt-handler-networks: virt-handler-a on harvester-0: still has migration0 of \"harvester-system/old\""
        ]
    );
}

#[test]
fn nodes() {
    let mut cluster = Cluster::healthy();
    cluster.get("VlanStatus", "vm-migration-harvester-1")["status"]["conditions"][0]["status"] = "False".into();
    let report = cluster.report();
    assert_eq!(
        not_ok(&report),
        [
            "Error nodes-vlan-status: value.clusterNetwork: Invalid value: \"vm-migration\": the VLAN is not ready on harvester-1; \
          see kubectl get vlanstatuses.network.harvesterhci.io -o yaml"
        ]
    );
    assert_eq!((&*report.nodes[1].vlan, report.nodes[1].state), ("not ready", CheckState::Error));
    assert_faults(&[(
        |it| {
            it.get("VlanConfig", "vm-migration-all")["metadata"]["annotations"]["network.harvesterhci.io/matched-nodes"] =
                r#"["harvester-0"]"#.into()
        },
        &[
            "Error nodes-vlan-config: value.clusterNetwork: Invalid value: \"vm-migration\": no VlanConfig of this cluster \
           network covers harvester-1; virt-handler would not start there",
        ],
    )]);
}

#[test]
fn addresses() {
    assert_faults(&[
        (
            |it| it.allocate(7, "default/gone"),
            &["Warning addresses-stale: 1 held by pods that are gone: 192.168.1.7 of default/gone"],
        ),
        (
            |it| {
                it.allocate(7, "default/done");
                it.add(pod("default", "done", "Succeeded"));
            },
            &["Warning addresses-stale: 1 held by pods that are gone: 192.168.1.7 of default/done"],
        ),
        (
            |it| {
                it.allocate(7, "default/virt-launcher-x");
                it.add(pod("default", "virt-launcher-x", "Running"));
            },
            &[
                "Warning addresses-foreign: 1 held by pods that are not virt-handler: 192.168.1.7 of default/virt-launcher-x",
            ],
        ),
        (|it| it.allocate(7, "\u{1b}[31m"), &["Warning addresses-holders: 1 held by nobody who is known: 192.168.1.7"]),
        (
            |it| it.get("IPPool", "192.168.1.0-24")["spec"]["allocations"]["x\u{1b}"] = json!({}),
            &["Warning addresses-holders: keys that are no address of the range: x\\u001b"],
        ),
        (
            |it| it.get("IPPool", "192.168.1.0-24")["spec"]["range"] = "\u{1b}".into(),
            &[
                "Error addresses-free: Whereabouts can't use its IPPool 192.168.1.0-24: spec.range holds \"\\u001b\", which \
               is not an IPv4 network",
            ],
        ),
        (
            |it| it.get("IPPool", "192.168.1.0-24")["spec"]["allocations"] = json!([7]),
            &[
                "Unknown addresses-free: ippools.whereabouts.cni.cncf.io (\"192.168.1.0-24\" can't be read: \
                 spec.allocations: invalid type: sequence, expected a map)",
                "Unknown addresses-stale: ippools.whereabouts.cni.cncf.io (\"192.168.1.0-24\" can't be read: \
                 spec.allocations: invalid type: sequence, expected a map)",
                "Unknown addresses-foreign: ippools.whereabouts.cni.cncf.io (\"192.168.1.0-24\" can't be read: \
                 spec.allocations: invalid type: sequence, expected a map)",
                "Unknown addresses-holders: ippools.whereabouts.cni.cncf.io (\"192.168.1.0-24\" can't be read: \
                 spec.allocations: invalid type: sequence, expected a map)",
                "Unknown addresses-recorded: ippools.whereabouts.cni.cncf.io (\"192.168.1.0-24\" can't be read: \
                 spec.allocations: invalid type: sequence, expected a map)",
            ],
        ),
        (
            |it| it.remove_all("IPPool"),
            &[
                "Error addresses-recorded: 192.168.1.1 of virt-handler-a is not recorded, 192.168.1.2 of virt-handler-b is \
               not recorded",
            ],
        ),
    ]);
}

/// A /29 has six addresses; each case takes so many of them for pods that are gone.
#[test]
fn there_are_addresses_for_the_nodes_that_come_next() {
    let free = |stale: u32, surge: Value, handlers: usize| {
        let mut cluster = Cluster::healthy();
        cluster.store(&value("192.168.1.0/29", ""));
        let config = crate::harvester::nad_config(&value("192.168.1.0/29", "")).unwrap();
        cluster.get("NetworkAttachmentDefinition", NAD)["spec"]["config"] = config.into();
        let pool = cluster.get("IPPool", "192.168.1.0-24");
        pool["metadata"]["name"] = "192.168.1.0-29".into();
        pool["spec"] = json!({"range": "192.168.1.0/29", "allocations": {}});
        for offset in 1..=handlers {
            let podref = format!("harvester-system/{}", PODS[offset - 1]);
            pool["spec"]["allocations"][offset.to_string()] = json!({"podref": podref});
        }
        for offset in 0..stale {
            pool["spec"]["allocations"][(3 + offset).to_string()] = json!({"podref": "default/gone"});
        }
        cluster.get("DaemonSet", "virt-handler")["spec"] =
            json!({"updateStrategy": {"rollingUpdate": {"maxSurge": surge}}});
        let report = cluster.report();
        let check = checks(&report).find(|check| check.id.as_str() == "addresses-free").unwrap().clone();
        (check.state, check.seen, check.hint.first().cloned().unwrap_or_default())
    };
    let larger = "virt-handler won't start on nodes beyond that. Save a larger range in time.";
    assert_eq!(
        free(0, Value::Null, 2),
        (
            CheckState::Ok,
            "6 usable, 2 taken, 4 free; 2 nodes have theirs, and 4 nodes can be added".to_owned(),
            String::new()
        )
    );
    assert_eq!(
        free(4, Value::Null, 2),
        (
            CheckState::Warning,
            "6 usable, 6 taken, 0 free; 2 nodes have theirs, and 0 nodes can be added".to_owned(),
            larger.to_owned()
        )
    );
    assert_eq!(
        free(4, "50%".into(), 2),
        (
            CheckState::Error,
            "6 usable, 6 taken, 0 free; 0 of 2 nodes need one, and a rollout 1 more: 1 too few".to_owned(),
            "Release the 4 that pods hold which are gone: see addresses-stale.".to_owned()
        )
    );
    assert_eq!(
        free(4, 0.into(), 1),
        (
            CheckState::Warning,
            "6 usable, 5 taken, 1 free; 1 of 2 nodes need one, and 0 nodes can be added".to_owned(),
            larger.to_owned()
        )
    );
}

#[test]
fn neighbours() {
    assert_faults(&[
        (
            |it| it.get("Setting", "storage-network")["value"] = value("192.168.1.128/25", "").into(),
            &["Error neighbours-networks: value.range: Invalid value: \"192.168.1.0/24\": 192.168.1.129 is usable in \
               storage-network (192.168.1.128/25) too; choose another range or exclude what both share"],
        ),
        (
            |it| it.get("Node", "harvester-0")["status"]["addresses"][0]["address"] = "192.168.1.9".into(),
            &["Error neighbours-nodes: value.range: Invalid value: \"192.168.1.0/24\": a pod could be given an \
               address that is in use: 192.168.1.9 of node harvester-0; exclude it (\"192.168.1.9/32\") or choose another range"],
        ),
        (
            |it| it.get("Node", "harvester-0")["spec"]["podCIDRs"][0] = "192.168.0.0/16".into(),
            &[
                "Error neighbours-cluster: value.range: Invalid value: \"192.168.1.0/24\": overlaps 192.168.0.0/16 (pod CIDR \
               of node harvester-0); excludes don't help, choose a range that nothing else uses",
            ],
        ),
    ]);
}

#[test]
fn migrations() {
    let with = |migrations: &[Value]| {
        let mut cluster = Cluster::healthy();
        cluster.0.extend_from_slice(migrations);
        let report = cluster.report();
        assert_eq!(report.counts.unknown, 0);
        checks(&report)
            .filter(|check| check.id.as_str().starts_with("migrations-"))
            .map(|it| (it.state, it.seen.clone()))
            .collect::<Vec<_>>()
    };
    let minutes = |name, phase, since| migration(name, phase, &format!("2026-01-02T{since}:05Z"));
    assert_eq!(
        with(&[
            minutes("b", "Running", "02:04"),
            minutes("a", "Succeeded", "02:04"),
            minutes("c", "Scheduling", "03:00")
        ]),
        [
            (
                CheckState::Ok,
                "2, oldest first: default/b (phase Running for 1 h), default/c (phase Scheduling for 4 min)".to_owned()
            ),
            (CheckState::Ok, "none".to_owned()),
        ]
    );
    assert_eq!(
        with(&[
            minutes("b", "Running", "01:03"),
            minutes("c", "Scheduling", "02:43"),
            minutes("d", "Pending", "02:43")
        ])[1],
        (CheckState::Error, "default/b (phase Running for 2 h), default/c (phase Scheduling for 21 min)".to_owned())
    );
}

#[test]
fn the_webhook() {
    assert_faults(&[
        (
            |it| it.remove_all("MutatingWebhookConfiguration"),
            &["Error webhook-configurations: there is no MutatingWebhookConfiguration beside webhook"],
        ),
        (
            |it| it.get("ValidatingWebhookConfiguration", "webhook")["webhooks"][0]["timeoutSeconds"] = 9.into(),
            &["Warning webhook-drift: differences: 1 of webhook: \
               webhooks[recheck.vm-migration-network.setting].timeoutSeconds is 9, shipped as 5"],
        ),
        (
            |it| {
                it.get("MutatingWebhookConfiguration", "webhook")["webhooks"][0]["clientConfig"]["caBundle"] =
                    Value::Null
            },
            &["Error webhook-ca-bundle: caBundle: check.vm-migration-network.setting has none"],
        ),
        (
            |it| {
                it.get("MutatingWebhookConfiguration", "webhook")["webhooks"][0]["clientConfig"]["caBundle"] =
                    "AAAA".into()
            },
            &["Error webhook-ca-bundle: caBundle: that of check.vm-migration-network.setting holds no certificate"],
        ),
        (
            |it| {
                it.get("MutatingWebhookConfiguration", "webhook")["webhooks"][0]["clientConfig"]["caBundle"] =
                    bundle(2025).into()
            },
            &["Error webhook-ca-bundle: caBundle: that of check.vm-migration-network.setting has expired"],
        ),
        (
            |it| {
                it.get("MutatingWebhookConfiguration", "webhook")["webhooks"][0]["clientConfig"]["caBundle"] =
                    bundle(2026).into()
            },
            &["Warning webhook-ca-bundle: valid for 2 d only"],
        ),
        (
            |it| it.remove_all("EndpointSlice"),
            &["Error webhook-endpoints: none is ready behind the Service \"mnw/webhook\""],
        ),
    ]);
    let mut cluster = Cluster::healthy();
    cluster.remove_all("MutatingWebhookConfiguration");
    cluster.remove_all("ValidatingWebhookConfiguration");
    let group = |report: &Report| report.groups.last().unwrap().left_out.clone();
    assert_eq!(group(&cluster.report()).as_deref(), Some("the files hold no webhook configuration"));
    let mut observation = cluster.observe();
    observation.observed.is_live = true;
    assert_eq!(
        not_ok(&report(&observation)),
        ["Warning webhook-configurations: the webhook is not installed: nothing checks values"]
    );
}

#[test]
fn what_is_not_seen_is_unknown() {
    let mut observation = Cluster::healthy().observe();
    let unseen = |what: &str| crate::status::Unseen { what: what.to_owned(), why: "no right".to_owned() };
    let observed = &mut observation.observed;
    observed.pods = Err(unseen("pods"));
    observed.kubevirt = Err(unseen("kubevirts"));
    observed.attachments = Err(unseen("nads"));
    observed.migrations = Err(unseen("migrations"));
    observed.webhooks[1] = Err(unseen("webhooks"));
    let ids: Vec<_> = checks(&report(&observation))
        .filter(|check| check.state == CheckState::Unknown)
        .map(|check| format!("{} {}", check.id, check.seen))
        .collect();
    assert_eq!(
        ids,
        [
            "attachment-exists nads (no right)",
            "attachment-orphans nads (no right)",
            "kubevirt-network kubevirts (no right)",
            "kubevirt-available kubevirts (no right)",
            "virt-handler-rollout pods (no right)",
            "virt-handler-networks pods (no right)",
            "virt-handler-addresses pods (no right)",
            "addresses-holders not known whether the pod exists: 192.168.1.1 of harvester-system/virt-handler-a, \
             192.168.1.2 of harvester-system/virt-handler-b (no right)",
            "addresses-recorded pods (no right)",
            "migrations-running migrations (no right)",
            "migrations-stuck migrations (no right)",
            "webhook-configurations webhooks (no right)",
        ]
    );
    observation.observed.setting = Err(unseen("settings"));
    let report = report(&observation);
    assert_eq!((report.counts.error, checks(&report).next().unwrap().seen.as_str()), (0, "settings (no right)"));
}

/// A capture without `--status` did not ask for most of it, and of a support bundle the directories tell.
#[test]
fn captures_and_bundles_say_what_they_asked_for() {
    let mut cluster = Cluster::healthy();
    cluster.allocate(7, "default/gone");
    let directory = tempfile::tempdir().unwrap();
    let seen = |root: &str| {
        let observation = load(&[directory.path().join(root)], now(), None).unwrap();
        not_ok(&report(&observation))
    };
    let is_fact = |object: &Value| {
        crate::cluster::kinds::fact_kind(object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap())
            .is_some()
    };
    let facts: Vec<Value> = cluster.0.iter().filter(|object| is_fact(object)).cloned().collect();
    fs::create_dir_all(directory.path().join("capture")).unwrap();
    let capture = format!("{} 1\n{}", crate::manifest::CAPTURE_MARK, text(&facts));
    fs::write(directory.path().join("capture/all.yaml"), capture).unwrap();
    let unknown = seen("capture");
    assert!(unknown.iter().all(|check| check.starts_with("Unknown ")), "{unknown:?}");
    assert_eq!(
        unknown[0],
        "Unknown attachment-exists: network-attachment-definitions.k8s.cni.cncf.io (the capture did not ask for them; \
         make it with capture --status)"
    );

    let bundle = directory.path().join("bundle/yamls/namespaced/harvester-system");
    fs::create_dir_all(&bundle).unwrap();
    fs::write(bundle.join("all.yaml"), text(&cluster.0)).unwrap();
    assert_eq!(
        seen("bundle"),
        [
            "Unknown addresses-holders: not known whether the pod exists: 192.168.1.7 of default/gone (the support bundle \
          has nothing of the namespace \"default\")"
        ]
    );
    fs::create_dir_all(directory.path().join("bundle/yamls/namespaced/default")).unwrap();
    assert_eq!(seen("bundle"), ["Warning addresses-stale: 1 held by pods that are gone: 192.168.1.7 of default/gone"]);
}

#[test]
fn an_object_twice_is_refused() {
    let mut cluster = Cluster::healthy();
    let pod = cluster.get("Pod", "virt-handler-a").clone();
    cluster.add(pod);
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    fs::write(file.path(), text(&cluster.0)).unwrap();
    let error = load(&[file.path().to_owned()], now(), None).unwrap_err().to_string();
    assert!(error.starts_with("Pod \"virt-handler-a\" is in \""), "{error}");
}
