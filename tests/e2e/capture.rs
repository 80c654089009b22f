//! `review --kube` and `capture`: the verdict on files, by what a live cluster has now.

use std::fs;

use serde_json::{Value, json};

use crate::harness::command_line::run;
use crate::harness::process::scratch;
use crate::harness::world::{CANONICAL, DOCUMENTED, healthy, manifest, migration, ours};
use crate::harness::{Cluster, Plane};

const LISTED: [(&str, &str); 9] = [
    ("", "nodes"),
    ("network.harvesterhci.io", "clusternetworks"),
    ("network.harvesterhci.io", "vlanconfigs"),
    ("network.harvesterhci.io", "vlanstatuses"),
    ("network.harvesterhci.io", "hostnetworkconfigs"),
    ("kubevirt.io", "virtualmachineinstancemigrations"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("networking.k8s.io", "servicecidrs"),
    ("harvesterhci.io", "settings"),
];

/// A kubeconfig of a user who may list all of [`LISTED`] but these.
fn user(cluster: &Plane, name: &str, without: &[&str]) -> std::path::PathBuf {
    let rules: Vec<Value> = LISTED
        .iter()
        .filter(|(_, plural)| !without.contains(plural))
        .map(|(group, plural)| json!({"apiGroups": [group], "resources": [plural], "verbs": ["list"]}))
        .collect();
    cluster.apply_all(&[
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "default"}}),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name},
            "rules": rules,
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}],
        }),
    ]);
    let token = cluster.kubectl(["create", "token", name, "--namespace", "default"]).ok();
    cluster.servers.kubeconfig(token.trim())
}

#[test]
fn a_capture_judges_as_the_live_cluster_does() {
    let cluster = Cluster::lease();
    cluster.apply_all(&healthy());
    cluster.store(&ours(CANONICAL));
    cluster.apply_all(&[migration("runs", "Running"), migration("ended", "Succeeded")]);
    let kubeconfig = user(&cluster, "captures", &[]);
    let directory = scratch("capture");
    fs::write(directory.join("same.json"), manifest(DOCUMENTED)).unwrap();
    fs::write(directory.join("other.json"), manifest(&CANONICAL.replace("192.168.1.", "192.168.9."))).unwrap();
    fs::write(directory.join("reserved.json"), manifest(&CANONICAL.replace("192.168.1.", "10.52.1."))).unwrap();
    let files = ["same.json", "other.json", "reserved.json"];
    let review = |args: &[&str]| run(&kubeconfig, &directory, &[&["review"], &files[..], args].concat());

    let live = review(&["--kube"]);
    assert_eq!(live.code, 1, "{live}");
    // What is stored means the same as the documented example, so that a running migration does not matter.
    assert!(live.stdout.starts_with("same.json:1: allowed, UPDATE of the Setting in the live cluster\n"), "{live}");
    assert!(live.stdout.contains("value: Forbidden: live migration in progress: default/runs; "), "{live}");
    assert!(!live.stdout.contains("default/ended"), "{live}");
    assert!(live.stdout.contains("\n3 judged: 1 allowed, 2 refused; "), "{live}");

    let captured = run(&kubeconfig, &directory, &["capture", "facts"]);
    assert_eq!((captured.code, &*captured.stderr), (0, ""), "{captured}");
    assert!(captured.stdout.starts_with("\"facts\": "), "{captured}");
    // Where nothing changes, only the file that says when it was taken may differ.
    assert_eq!(run(&kubeconfig, &directory, &["capture", "later"]).code, 0);
    let names = |path: &str| fs::read_dir(directory.join(path)).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names("later").count(), names("facts").count());
    for name in names("facts").filter(|name| name != "policy.yaml") {
        let [first, later] =
            ["facts", "later"].map(|path| fs::read_to_string(directory.join(path).join(&name)).unwrap());
        assert_eq!(first, later);
    }
    let offline = review(&["--cluster", "facts"]);
    // Each names its own cluster, and the command by which that one tells what Git must hold.
    let renamed = live.stdout.replace("in the live cluster", "in --cluster");
    let renamed = renamed.replace("canonicalize --write --kube ", "canonicalize --write --cluster facts ");
    assert_eq!((offline.code, &offline.stdout), (1, &renamed), "{offline}");

    // The settings of the rules come along, and a flag goes before them.
    let again = [
        "capture",
        "facts",
        "--force",
        "--warn-rule=range-reserved,migration-in-progress",
        "--reserved-range=10.9.0.0/16",
    ];
    assert_eq!(run(&kubeconfig, &directory, &again).code, 0);
    let lenient = review(&["--cluster", "facts"]);
    assert_eq!(lenient.code, 0, "{lenient}");
    assert!(!lenient.stdout.contains("reserved for the cluster's pods and services"), "{lenient}");
    let strict = ["--cluster", "facts", "--warn-rule=range-reserved", "--reserved-range=10.52.0.0/16"];
    let strict = review(&strict);
    assert_eq!(strict.code, 1, "{strict}");
    assert!(strict.stdout.contains("10.52.0.0/16 (reserved for the cluster's pods and services)"), "{strict}");

    let mut names: Vec<String> = fs::read_dir(directory.join("facts"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), LISTED.len() + 1, "{names:?}");
    for name in names {
        let text = fs::read_to_string(directory.join("facts").join(&name)).unwrap();
        for word in ["managedFields", "resourceVersion", "uid", "fixtures", "a-machine", "uplink", "ended"] {
            assert!(!text.contains(word), "{name} holds {word}:\n{text}");
        }
        let host = cluster.servers.address();
        assert!(text.lines().nth(1).unwrap().contains(&format!(" from {host}, Kubernetes v1.")), "{name}:\n{text}");
    }
    let refused = run(&kubeconfig, &directory, &["capture", "facts"]);
    let not_empty =
        "error: \"facts\" is not empty; name a new directory, or pass --force to replace an earlier capture in it\n";
    assert_eq!((refused.code, &*refused.stderr), (2, not_empty));
}

#[test]
fn what_may_not_be_listed_is_named() {
    let cluster = Cluster::lease();
    cluster.apply_all(&healthy());
    let kubeconfig = user(&cluster, "lacks-two", &["vlanconfigs", "virtualmachineinstancemigrations"]);
    let directory = scratch("capture");
    fs::write(directory.join("setting.json"), manifest(DOCUMENTED)).unwrap();
    let forbidden = |group: &str, plural: &str| {
        format!(
            "may not list {plural}.{group}: list refused with 403 Forbidden: {plural}.{group} is forbidden: User \
             \"system:serviceaccount:default:lacks-two\" cannot list resource \"{plural}\" in API group \"{group}\" at the \
             cluster scope"
        )
    };
    let both = format!(
        "{}\n{}\n",
        forbidden("network.harvesterhci.io", "vlanconfigs"),
        forbidden("kubevirt.io", "virtualmachineinstancemigrations")
    );
    let review = run(&kubeconfig, &directory, &["review", "setting.json", "--kube"]);
    assert_eq!((review.code, &*review.stdout, review.stderr), (2, "", format!("error: --kube: {both}")));
    let capture = run(&kubeconfig, &directory, &["capture", "facts"]);
    assert_eq!((capture.code, &*capture.stdout, capture.stderr), (2, "", format!("error: {both}")));
    assert!(!directory.join("facts").exists());
}

#[test]
fn what_is_not_served_is_no_error_and_what_can_t_be_reached_is_one() {
    let cluster = Cluster::lease();
    cluster.apply_all(&healthy());
    cluster
        .api
        .delete("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/virtualmachineinstancemigrations.kubevirt.io")
        .unwrap();
    let gone = "/apis/kubevirt.io/v1/virtualmachineinstancemigrations";
    crate::harness::wait::eventually("it is gone", crate::harness::wait::PATIENCE, || match cluster.api.get(gone) {
        Err(refusal) if refusal.code == 404 => Ok(()),
        other => Err(other),
    });
    let kubeconfig = user(&cluster, "captures", &[]);
    let directory = scratch("capture");
    fs::write(directory.join("setting.json"), manifest(DOCUMENTED)).unwrap();
    let review = run(&kubeconfig, &directory, &["review", "setting.json", "--kube"]);
    assert_eq!(review.code, 0, "{review}");
    assert!(review.stdout.starts_with("setting.json:1: allowed, CREATE, as no Setting is stored: "), "{review}");
    assert_eq!(run(&kubeconfig, &directory, &["capture", "facts"]).code, 0);
    let text = fs::read_to_string(directory.join("facts/virtualmachineinstancemigrations.yaml")).unwrap();
    assert!(text.ends_with("\n# virtualmachineinstancemigrations.kubevirt.io: not served\n"), "{text}");

    // Other contexts of the same file: whoever is in it, and nobody.
    let text = fs::read_to_string(&kubeconfig).unwrap();
    let contexts = "contexts: [{name: other, context: {cluster: e2e, user: nobody}}, ";
    let two = directory.join("two");
    fs::write(&two, text.replace("contexts: [", contexts)).unwrap();
    let by = |context: &[&str]| {
        let args = ["review", "setting.json", "--kube", "--kubeconfig", "two"];
        run(&kubeconfig, &directory, &[&args[..], context].concat())
    };
    assert_eq!(by(&[]).code, 0);
    assert_eq!(by(&["--context", "e2e"]).code, 0);
    let other = by(&["--context", "other"]);
    assert_eq!((other.code, &*other.stdout), (2, ""), "{other}");
    assert!(other.stderr.starts_with("error: --kube: may not list nodes: "), "{other}");
    assert!(other.stderr.contains("User \"system:anonymous\" "), "{other}");
    let unknown = by(&["--context", "unknown"]);
    assert_eq!((unknown.code, &*unknown.stdout, unknown.stderr.lines().count()), (2, "", 1), "{unknown}");
    assert!(unknown.stderr.starts_with("error: --kube: the kubeconfig \"two\" can't be used: "), "{unknown}");

    let nowhere = fs::read_to_string(&kubeconfig).unwrap().replace(&cluster.servers.address(), "127.0.0.1:1");
    let nowhere_config = directory.join("nowhere");
    fs::write(&nowhere_config, nowhere).unwrap();
    let unreachable = run(&kubeconfig, &directory, &["review", "setting.json", "--kube", "--kubeconfig", "nowhere"]);
    assert_eq!((unreachable.code, unreachable.stderr.lines().count()), (2, 1), "{unreachable}");
    assert!(
        unreachable.stderr.starts_with("error: --kube: can't list nodes, clusternetworks.network"),
        "{unreachable}"
    );
    let why = ": the API server at 127.0.0.1:1 can't be reached: Connection refused (os error 111) (";
    assert!(unreachable.stderr.contains(why), "{unreachable}");
}
