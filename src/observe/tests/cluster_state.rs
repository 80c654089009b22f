//! A whole cluster, its edits and what status says of it.

use super::*;

/// Objects of a cluster.
pub(super) struct WholeCluster(pub(super) Vec<Value>);

pub(super) fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

impl WholeCluster {
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
            "endpoints": [
                {"conditions": {"ready": true}},
                {"conditions": {"ready": false, "terminating": true}},
            ],
        }));
        cluster
    }

    pub(super) fn add(&mut self, object: Value) {
        self.0.push(object);
    }

    pub(super) fn at(&self, kind: &str, name: &str) -> usize {
        let is_it = |object: &Value| object["kind"] == kind && object["metadata"]["name"] == name;
        self.0.iter().position(is_it).unwrap_or_else(|| panic!("no {kind} {name}"))
    }

    pub(super) fn get(&mut self, kind: &str, name: &str) -> &mut Value {
        let at = self.at(kind, name);
        &mut self.0[at]
    }

    pub(super) fn remove(&mut self, kind: &str, name: &str) {
        self.0.remove(self.at(kind, name));
    }

    pub(super) fn remove_all(&mut self, kind: &str) {
        self.0.retain(|object| object["kind"] != kind);
    }

    pub(super) fn setting(&mut self) -> &mut Value {
        self.get("Setting", "vm-migration-network")
    }

    /// Stores a value as if Harvester had handled it.
    pub(super) fn store(&mut self, value: &str) {
        let setting = self.setting();
        setting["value"] = value.into();
        setting["metadata"]["annotations"][HASH] = hash(value).into();
    }

    /// The state of a cluster whose network is disabled.
    pub(super) fn disable(&mut self) {
        self.store("");
        self.setting()["metadata"]["annotations"][NET_ATTACH_DEF] = "".into();
        self.remove_all("NetworkAttachmentDefinition");
        self.get("KubeVirt", "kubevirt")["spec"] = json!({});
        for name in PODS {
            self.get("Pod", name)["metadata"]["annotations"] = json!({});
        }
    }

    /// The network status of a pod of virt-handler.
    pub(super) fn attach(&mut self, pod: &str, interface: &Value) {
        let status = json!([{"name": "k8s-pod-network", "ips": ["10.52.0.9"], "default": true}, interface]);
        self.get("Pod", pod)["metadata"]["annotations"][NETWORK_STATUS] = status.to_string().into();
    }

    pub(super) fn allocate(&mut self, offset: u32, podref: &str) {
        let pool = self.get("IPPool", "192.168.1.0-24");
        pool["spec"]["allocations"][offset.to_string()] = json!({"id": "c", "podref": podref, "ifname": "net1"});
    }

    pub(super) fn observe(&self) -> Observation {
        let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
        fs::write(file.path(), text(&self.0)).unwrap();
        load(&[file.path().to_owned()], now()).unwrap()
    }

    pub(super) fn report(&self) -> Report {
        report(&self.observe())
    }
}

/// As a file.
pub(super) fn text(objects: &[Value]) -> String {
    objects.iter().map(|object| format!("---\n{object}\n")).collect::<Vec<_>>().concat()
}

pub(super) fn report(observation: &Observation) -> Report {
    status(&observation.facts, &Policy::default(), &observation.observed)
}

pub(super) fn checks(report: &Report) -> impl Iterator<Item = &Check> {
    report.groups.iter().flat_map(|group| &group.checks)
}

/// What a check says is to be done.
pub(super) fn hint(report: &Report, id: &str) -> Vec<String> {
    checks(report).find(|check| check.id.as_str() == id).unwrap().hint.clone()
}

/// The checks that do not hold, as `state id: seen`.
pub(super) fn not_ok(report: &Report) -> Vec<String> {
    let faults = checks(report).filter(|check| check.state != CheckState::Ok);
    faults.map(|check| format!("{:?} {}: {}", check.state, check.id, check.seen)).collect()
}

pub(super) const HASH: &str = crate::harvester::HASH;
pub(super) const NET_ATTACH_DEF: &str = crate::harvester::NET_ATTACH_DEF;
pub(super) const NETWORK_STATUS: &str = "k8s.v1.cni.cncf.io/network-status";
pub(super) const NAD: &str = "vm-migration-network-6flk7";
pub(super) const PODS: [&str; 2] = ["virt-handler-a", "virt-handler-b"];

/// A `caBundle` with a certificate that ends in this year.
pub(super) fn bundle(until: i32) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 5);
    data_encoding::BASE64.encode(params.self_signed(&key).unwrap().pem().as_bytes())
}

pub(super) fn value(range: &str, exclude: &str) -> String {
    format!(r#"{{"clusterNetwork":"vm-migration","vlan":100,"range":"{range}"{exclude}}}"#)
}

pub(super) fn migration(name: &str, phase: &str, since: &str) -> Value {
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

pub(super) fn pod(namespace: &str, name: &str, phase: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
        "status": {"phase": phase},
    })
}
