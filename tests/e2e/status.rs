//! `status` and `capture --status` on a real API server, beside what an operator sees by hand with kubectl.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::Cluster;
use crate::harness::Plane;
use crate::harness::assets::repository;
use crate::harness::command_line::run;
use crate::harness::kubectl::Run;
use crate::harness::manifests::documents;
use crate::harness::process::scratch;
use crate::harness::world::{CANONICAL, NODES, healthy, migration, ours};

const NAD: &str = "vm-migration-network-6flk7";
const HASH: &str = "vm-migration-network.settings.harvesterhci.io/hash";

/// What Harvester, `KubeVirt`, Multus and Whereabouts make of [`CANONICAL`].
fn in_place() -> Vec<Value> {
    let hash = "d7c14fba1722f49b3bfd47193964e7cc239c1f5d";
    let mut objects = vec![
        json!({
            "apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition",
            "metadata": {"name": NAD, "namespace": "harvester-system", "labels": {HASH: hash}},
            "spec": {"config": "{\"cniVersion\":\"0.3.1\",\"type\":\"bridge\",\"bridge\":\"vm-migration-br\",\
                \"promiscMode\":true,\"vlan\":100,\"ipam\":{\"type\":\"whereabouts\",\"range\":\"192.168.1.0/24\",\
                \"exclude\":[\"192.168.1.100/32\"]}}"},
        }),
        json!({
            "apiVersion": "kubevirt.io/v1", "kind": "KubeVirt",
            "metadata": {"name": "kubevirt", "namespace": "harvester-system"},
            "spec": {"configuration": {"migrations": {"network": NAD}}},
            "status": {"conditions": [{"type": "Available", "status": "True", "reason": "AllComponentsReady"}]},
        }),
        json!({
            "apiVersion": "apps/v1", "kind": "DaemonSet",
            "metadata": {"name": "virt-handler", "namespace": "harvester-system"},
            "spec": {
                "selector": {"matchLabels": {"kubevirt.io": "virt-handler"}},
                "template": {
                    "metadata": {"labels": {"kubevirt.io": "virt-handler"}},
                    "spec": {"containers": [{"name": "virt-handler", "image": "virt-handler"}]},
                },
            },
            "status": {
                "observedGeneration": 1, "desiredNumberScheduled": 3, "currentNumberScheduled": 3,
                "updatedNumberScheduled": 3, "numberReady": 3, "numberMisscheduled": 0,
            },
        }),
    ];
    objects.extend(NODES.iter().enumerate().map(|(index, node)| virt_handler(index, node)));
    let allocations: serde_json::Map<String, Value> = (0..NODES.len())
        .map(|index| {
            let podref = format!("harvester-system/virt-handler-{index}");
            ((index + 1).to_string(), json!({"id": "c", "podref": podref, "ifname": "migration0"}))
        })
        .collect();
    objects.push(json!({
        "apiVersion": "whereabouts.cni.cncf.io/v1alpha1", "kind": "IPPool",
        "metadata": {"name": "192.168.1.0-24", "namespace": "kube-system"},
        "spec": {"range": "192.168.1.0/24", "allocations": allocations},
    }));
    objects
}

fn virt_handler(index: usize, node: &str) -> Value {
    let network_status = json!([
        {"name": "k8s-pod-network", "ips": [format!("10.52.{index}.9")], "default": true, "dns": {}},
        {
            "name": format!("harvester-system/{NAD}"), "interface": "migration0",
            "ips": [format!("192.168.1.{}", index + 1)], "mac": "c6:30:6f:02:52:3e", "dns": {},
        },
    ]);
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": format!("virt-handler-{index}"), "namespace": "harvester-system",
            "labels": {"kubevirt.io": "virt-handler"},
            "annotations": {
                "k8s.v1.cni.cncf.io/networks": format!("{NAD}@migration0"),
                "k8s.v1.cni.cncf.io/network-status": network_status.to_string(),
            },
        },
        "spec": {"nodeName": node, "containers": [{"name": "virt-handler", "image": "virt-handler"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

/// A cluster in which the network is in place.
fn configured() -> Cluster {
    let cluster = Cluster::lease();
    cluster.namespace("harvester-system");
    cluster.apply_all(&healthy());
    let mut setting = ours(CANONICAL);
    setting["metadata"]["annotations"] = json!({
        HASH: "d7c14fba1722f49b3bfd47193964e7cc239c1f5d",
        "vm-migration-network.settings.harvesterhci.io/net-attach-def": format!("harvester-system/{NAD}"),
    });
    setting["status"] = json!({"conditions": [
        {"type": "configured", "status": "True", "lastUpdateTime": "2026-01-01T00:00:00Z"},
    ]});
    cluster.store(&setting);
    cluster.apply_all(&in_place());
    cluster
}

/// A kubeconfig of a user with the rights that ship, but for those in these namespaces.
fn user(cluster: &Plane, name: &str, without: &[&str]) -> PathBuf {
    let account = json!({"kind": "ServiceAccount", "name": name, "namespace": "default"});
    cluster.api.apply(&json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "default"},
    }));
    let text = fs::read_to_string(repository().join("manifests/status.yaml")).unwrap();
    for role in documents(&text) {
        cluster.api.apply(&role);
        let namespace = role["metadata"]["namespace"].as_str();
        if namespace.is_some_and(|namespace| without.contains(&namespace)) {
            continue;
        }
        let kind = if namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" };
        let mut metadata = json!({"name": name});
        if let Some(namespace) = namespace {
            metadata["namespace"] = namespace.into();
        }
        cluster.api.apply(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata,
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io", "kind": role["kind"], "name": role["metadata"]["name"],
            },
            "subjects": [account],
        }));
    }
    let token = cluster.kubectl(["create", "token", name, "--namespace", "default"]).ok();
    cluster.servers.kubeconfig(token.trim())
}

fn status(kubeconfig: &Path, args: &[&str]) -> Run {
    run(kubeconfig, &scratch("status"), &[&["status", "--kube"], args].concat())
}

fn report(kubeconfig: &Path) -> Value {
    serde_json::from_str(&status(kubeconfig, &["-o", "json"]).stdout).unwrap()
}

/// The checks that do not hold, as `state id: seen`.
fn faults(report: &Value) -> Vec<String> {
    let groups = report["groups"].as_array().unwrap();
    let checks = groups.iter().flat_map(|group| group["checks"].as_array().unwrap());
    let faults = checks.filter(|check| check["state"] != "ok");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    faults.map(|check| format!("{} {}: {}", text(&check["state"]), text(&check["id"]), text(&check["seen"]))).collect()
}

const NOT_INSTALLED: &str = "warning webhook-configurations: the webhook is not installed: nothing checks values";

/// Step by step as Harvester's documentation has it.
#[test]
fn what_status_says_is_what_an_operator_sees_by_hand() {
    let cluster = configured();
    let kubeconfig = user(&cluster, "operator", &[]);
    let seen = report(&kubeconfig);
    assert_eq!(faults(&seen), [NOT_INSTALLED]);
    assert_eq!(status(&kubeconfig, &[]).code, 0);
    assert_eq!(status(&kubeconfig, &["--fail-on", "warning"]).code, 1);

    let condition = cluster
        .kubectl([
            "get",
            "settings.harvesterhci.io",
            "vm-migration-network",
            "-o=jsonpath={.status.conditions[?(@.type==\"configured\")].status}",
        ])
        .ok();
    assert_eq!(condition, "True");
    let network = cluster
        .kubectl([
            "get",
            "-n",
            "harvester-system",
            "kubevirts.kubevirt.io",
            "kubevirt",
            "-o=jsonpath={.spec.configuration.migrations.network}",
        ])
        .ok();
    assert_eq!(network, NAD);
    let pods =
        cluster.kubectl(["get", "pods", "-n", "harvester-system", "-l", "kubevirt.io=virt-handler", "-o", "json"]).ok();
    let pods: Value = serde_json::from_str(&pods).unwrap();
    let by_hand: Vec<(String, String)> = pods["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pod| {
            let networks = pod["metadata"]["annotations"]["k8s.v1.cni.cncf.io/network-status"].as_str().unwrap();
            let networks: Vec<Value> = serde_json::from_str(networks).unwrap();
            let migration = networks.iter().find(|network| network["interface"] == "migration0").unwrap();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&pod["spec"]["nodeName"]), text(&migration["ips"][0]))
        })
        .collect();
    let rows = seen["nodes"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let table: Vec<_> = rows.iter().map(|row| (text(&row["node"]), text(&row["address"]))).collect();
    assert_eq!(table, by_hand);
    assert_eq!(table.len(), 3);
}

/// A cluster with three faults that nothing prevents: `status` alone finds them, and says what cures them.
#[test]
fn three_faults_are_found_and_cured_as_told() {
    let cluster = configured();
    let kubeconfig = user(&cluster, "operator", &[]);
    // A controller whose last change failed; a pod that kept its address; a VLAN that went down.
    let failed = r#"{"status":{"conditions":[{"type":"configured","status":"False","reason":"UpdateKubeVirtError","message":"conflict"}]}}"#;
    cluster.kubectl(["patch", "settings.harvesterhci.io", "vm-migration-network", "--type=merge", "-p", failed]).ok();
    let leaked = r#"{"spec":{"allocations":{"7":{"id":"c","podref":"default/virt-launcher-gone","ifname":"net1"}}}}"#;
    let pool = ["ippools.whereabouts.cni.cncf.io", "192.168.1.0-24"];
    cluster.kubectl(["patch", "-n", "kube-system", pool[0], pool[1], "--type=merge", "-p", leaked]).ok();
    let down = r#"{"status":{"conditions":[{"type":"ready","status":"False","message":"link down"}]}}"#;
    let vlan = "vlanstatuses.network.harvesterhci.io";
    cluster.kubectl(["patch", vlan, "vm-migration-node-1", "--type=merge", "-p", down]).ok();

    let told = status(&kubeconfig, &["-o", "short"]);
    assert_eq!(told.code, 1, "{told}");
    let expected = [
        "error setting-configured: configured is False: UpdateKubeVirtError: conflict".to_owned(),
        "error nodes-vlan-status: value.clusterNetwork: Invalid value: \"vm-migration\": the VLAN is not ready on node-1; see ".to_owned(),
        "unknown addresses-holders: not known whether the pod exists: 192.168.1.7 of default/virt-launcher-gone".to_owned(),
        NOT_INSTALLED.to_owned(),
    ];
    let found = faults(&report(&kubeconfig));
    assert_eq!(found.len(), 4, "{found:?}");
    for (found, expected) in found.iter().zip(&expected) {
        assert!(found.starts_with(expected.as_str()), "{found}");
    }
    // With the right to list pods there, it is known that the pod is gone.
    cluster.kubectl(["create", "role", "pods", "-n", "default", "--verb=list", "--resource=pods"]).ok();
    cluster
        .kubectl(["create", "rolebinding", "pods", "-n", "default", "--role=pods", "--serviceaccount=default:operator"])
        .ok();
    let found = faults(&report(&kubeconfig));
    assert_eq!(
        found[2],
        "warning addresses-stale: 1 held by pods that are gone: 192.168.1.7 of default/virt-launcher-gone"
    );

    // What is told is run as it stands.
    let told = status(&kubeconfig, &["-o", "short"]).stdout;
    let commands: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("      kubectl ")).collect();
    let release = commands.iter().find(|command| command.contains("patch ippools")).unwrap();
    cluster.kubectl(shell_words(release)).ok();
    let retry = commands.iter().find(|command| command.contains("annotate settings")).unwrap();
    cluster.kubectl(shell_words(retry)).ok();
    let after = faults(&report(&kubeconfig));
    assert!(!after.iter().any(|fault| fault.contains("addresses-")), "{after:?}");
    assert!(
        after.iter().any(|fault| fault.starts_with("error setting-hash: there is no annotation hash")),
        "{after:?}"
    );
}

/// The words of a command whose only quotes are single ones.
fn shell_words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in command.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[test]
fn what_may_not_be_listed_is_named_and_unknown() {
    let cluster = configured();
    let kubeconfig = user(&cluster, "outsider", &["harvester-system", "kube-system"]);
    let told = status(&kubeconfig, &[]);
    assert_eq!(told.code, 2, "{told}");
    let found = faults(&report(&kubeconfig));
    for (check, resource) in [
        ("attachment-exists", "network-attachment-definitions.k8s.cni.cncf.io"),
        ("kubevirt-network", "kubevirts.kubevirt.io"),
        ("virt-handler-rollout", "daemonsets.apps"),
        ("virt-handler-networks", "pods"),
        ("addresses-free", "ippools.whereabouts.cni.cncf.io"),
    ] {
        let start = format!("unknown {check}: {resource} (list refused with 403 Forbidden: ");
        assert!(found.iter().any(|fault| fault.starts_with(&start)), "{check}: {found:?}");
    }
    assert!(!found.iter().any(|fault| fault.starts_with("error ")), "{found:?}");
}

#[test]
fn a_capture_tells_what_the_live_cluster_does() {
    let cluster = configured();
    cluster.apply_all(&[migration("runs", "Running")]);
    let pool = r#"{"spec":{"allocations":{"7":{"id":"c","podref":"kube-public/gone","ifname":"net1"}}}}"#;
    let name = ["ippools.whereabouts.cni.cncf.io", "192.168.1.0-24"];
    cluster.kubectl(["patch", "-n", "kube-system", name[0], name[1], "--type=merge", "-p", pool]).ok();
    // What an earlier network left in the pool of the range that is planned below.
    cluster.apply_all(&[json!({
        "apiVersion": "whereabouts.cni.cncf.io/v1alpha1", "kind": "IPPool",
        "metadata": {"name": "192.168.7.0-24", "namespace": "kube-system"},
        "spec": {"range": "192.168.7.0/24", "allocations": {"7": {"id": "c", "podref": "default/left"}}},
    })]);
    let kubeconfig = user(&cluster, "status-captures", &[]);
    let directory = scratch("status");
    let captured = run(&kubeconfig, &directory, &["capture", "--status", "facts"]);
    assert_eq!(captured.code, 0, "{captured}");
    assert!(
        captured.stderr.starts_with("warning: not in the capture: pods kube-public (list refused with 403"),
        "{captured}"
    );
    let offline = run(&kubeconfig, &directory, &["status", "--cluster", "facts", "-o", "json"]);
    let offline: Value = serde_json::from_str(&offline.stdout).unwrap();
    let live = report(&kubeconfig);
    let without_webhook = |report: &Value| {
        let mut groups = report["groups"].as_array().unwrap().clone();
        // Files without the configurations may have left them out.
        groups.pop();
        let text = serde_json::to_string(&groups).unwrap();
        // Time goes on between the two.
        regex_lite::Regex::new(r" for [0-9]+ [a-z]+").unwrap().replace_all(&text, "").into_owned()
    };
    assert_eq!(without_webhook(&offline), without_webhook(&live));
    assert_eq!(offline["nodes"], live["nodes"]);
    // A capture holds nothing of a pod but what the checks look at.
    let pods = fs::read_to_string(directory.join("facts/pods.yaml")).unwrap();
    assert!(pods.contains("migration0") && !pods.contains("image"), "{pods}");
    // And it serves the other commands as any other does.
    let review = run(&kubeconfig, &directory, &["review", "--cluster", "facts", "--value", CANONICAL]);
    assert_eq!((review.code, &*review.stderr), (0, ""), "{review}");
    // What a change would do is the same from either.
    let change = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.7.0/24"}"#;
    let plan = |from: &[&str]| run(&kubeconfig, &directory, &[&["plan", change, "-o", "json"], from].concat());
    let [offline, live] = [plan(&["--cluster", "facts"]), plan(&["--kube"])];
    assert_eq!((live.code, offline.code), (1, 1), "a migration runs: {live}");
    assert_eq!(offline.stdout, live.stdout);
    assert!(live.stdout.contains("default/left"), "{live}");
}

#[test]
fn waiting_ends_when_the_network_is_in_place_or_the_time_is_over() {
    let cluster = configured();
    let kubeconfig = user(&cluster, "waits", &[]);
    let rollout = |ready: u32| {
        let status = format!(r#"{{"status":{{"numberReady":{ready}}}}}"#);
        let set = ["patch", "daemonset", "virt-handler", "-n", "harvester-system", "--subresource=status"];
        cluster.kubectl(set.into_iter().chain(["--type=merge", "-p", &status])).ok();
    };
    rollout(1);
    let over = status(&kubeconfig, &["--wait=1s", "-o", "short"]);
    assert_eq!(over.code, 1, "{over}");
    assert!(over.stdout.contains("virt-handler-rollout: 3 wanted, 3 up to date, 1 ready on 3 nodes"), "{over}");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| status(&kubeconfig, &["--wait=120s", "-o", "short"]));
        rollout(3);
        let done = waiting.join().unwrap();
        assert_eq!(done.code, 0, "{done}");
    });
}
