//! The rights as shipped: enough, and none too many.

use serde_json::{Value, json};

use crate::harness::api::path;
use crate::harness::install::{Installed, NAME, redirect};
use crate::harness::manifests::only;
use crate::harness::wait::{PATIENCE, eventually};
use crate::harness::webhook::{Replica, Webhook};
use crate::harness::{Cluster, Plane, world};

/// One right of a role.
#[derive(Clone, Debug)]
struct Right {
    role: Value,
    resource: String,
    verb: String,
}

/// Every pair of resource and verb in the roles as rendered.
fn rights(installed: &Installed) -> Vec<Right> {
    let roles = installed.objects.iter().filter(|object| object["kind"] == "Role" || object["kind"] == "ClusterRole");
    let mut rights = Vec::new();
    let strings = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    for role in roles {
        for rule in role["rules"].as_array().unwrap() {
            for resource in strings(&rule["resources"]) {
                for verb in strings(&rule["verbs"]) {
                    rights.push(Right { role: role.clone(), resource: resource.clone(), verb });
                }
            }
        }
    }
    rights
}

/// The role without this one right.
fn without(right: &Right) -> Value {
    let mut role = right.role.clone();
    let mut rules = Vec::new();
    for rule in role["rules"].as_array().unwrap() {
        let all = rule["resources"].as_array().unwrap();
        let (taken, left): (Vec<Value>, Vec<Value>) =
            all.iter().cloned().partition(|resource| *resource == right.resource);
        let mut others = rule.clone();
        others["resources"] = left.into();
        rules.push(others);
        let mut rest = rule.clone();
        rest["verbs"].as_array_mut().unwrap().retain(|verb| *verb != right.verb);
        rest["resources"] = taken.into();
        rules.push(rest);
    }
    let empty = |rule: &Value| ["resources", "verbs"].iter().any(|key| rule[*key].as_array().unwrap().is_empty());
    rules.retain(|rule| !empty(rule));
    role["rules"] = rules.into();
    role
}

/// What the rules read. Each replica has an account of its own that lacks one right, all at the same time.
#[test]
fn each_right_to_read_the_cluster_is_needed() {
    let cluster = Cluster::fresh(&[]);
    cluster.apply_all(&world::healthy());
    let installed = cluster.install("cert-manager");
    let rights = rights(&installed);
    assert_eq!(rights.len(), 18);
    let replicas: Vec<(Right, Webhook)> = rights
        .into_iter()
        .enumerate()
        .map(|(index, right)| {
            let account = format!("without-{index}");
            let metadata = json!({"name": account, "namespace": installed.namespace});
            cluster.api.apply(&json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}));
            let mut role = without(&right);
            role["metadata"] = json!({"name": account});
            cluster.api.apply(&role);
            cluster.api.apply(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": account},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": account},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": installed.namespace}],
        }));
            let replica = Replica::of_account(&cluster, &installed, &account).args(["--max-staleness=10s"]);
            (right, replica.start())
        })
        .collect();
    for (right, replica) in &replicas {
        eventually(&format!("{} of {} is missed", right.verb, right.resource), PATIENCE, || {
            let (status, body) = replica.get("/readyz")?;
            let missed = body.contains(&format!("cannot {} resource \"{}\"", right.verb, right.resource));
            // What can be listed counts for as long as the staleness allows, and is then listed again.
            let expected = if right.verb == "watch" { 200 } else { 503 };
            if status == expected && missed { Ok(()) } else { Err(format!("{status} {body}")) }
        });
    }
    // With all of them nothing is missed, for as long as that took.
    let whole = Replica::of(&cluster, &installed).args(["--max-staleness=10s"]).ready();
    let (_, body) = whole.get("/readyz").unwrap();
    assert_eq!(body, "[+]certificate ok\n[+]view ok\n[+]shutdown ok\nreadyz check passed\n");
    assert!(!whole.process.log().contains(" 403 "), "{}", whole.process.log());
}

/// What the own CA and the registration need; one replica after the other, each with an empty Secret.
#[test]
fn each_right_of_the_own_ca_is_needed() {
    let cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    let installed = cluster.install("harvester");
    let rights: Vec<Right> =
        rights(&installed).into_iter().filter(|right| right.role["metadata"]["name"] != NAME).collect();
    let verbs: Vec<String> = rights.iter().map(|right| format!("{} {}", right.verb, right.resource)).collect();
    assert_eq!(
        verbs,
        [
            "get mutatingwebhookconfigurations",
            "patch mutatingwebhookconfigurations",
            "get validatingwebhookconfigurations",
            "patch validatingwebhookconfigurations",
            "get secrets",
            "watch secrets",
            "update secrets",
        ]
    );
    let start = |cluster: &Plane| {
        let secret = only(&installed.objects, "Secret");
        let _ = cluster.api.delete(&path(secret));
        cluster.api.apply(secret);
        for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
            let mut configuration = only(&installed.objects, kind).clone();
            redirect(&mut configuration, 1, None);
            let _ = cluster.api.delete(&path(&configuration));
            cluster.api.apply(&configuration);
        }
        Replica::of(cluster, &installed).start()
    };
    for right in &rights {
        cluster.api.apply(&without(right));
        let replica = start(&cluster);
        let refused = format!("can't {} ", right.verb);
        eventually(&format!("{} of {} is missed", right.verb, right.resource), PATIENCE, || {
            let log = replica.process.log();
            let missed = log.lines().any(|line| {
                line.contains(&refused)
                    && line.contains(": 403 ")
                    && line.contains(&format!("cannot {} resource", right.verb))
                    && line.contains(&right.resource)
            });
            if missed { Ok(()) } else { Err(replica.process.log_tail()) }
        });
        cluster.api.apply(&right.role);
    }
    let mut whole = start(&cluster);
    whole.wait_until_ready();
    eventually("both configurations trust it", PATIENCE, || {
        let current = whole.count("migration_network_webhook_registration_ca_bundle_current", &[]);
        if current == 2 { Ok(()) } else { Err(current) }
    });
    assert!(!whole.process.log().contains(" 403 "), "{}", whole.process.log());
}

/// The account can do what is listed, and nothing else that would be worth stealing.
#[test]
fn nothing_else_is_granted() {
    for file in ["harvester", "cert-manager"] {
        let cluster = Cluster::lease();
        let installed = cluster.install(file);
        let account = format!("--as=system:serviceaccount:{}:{NAME}", installed.namespace);
        let can = |question: &str| {
            let run = cluster.kubectl(["auth", "can-i", &account].into_iter().chain(question.split(' '))).run();
            run.stdout == "yes\n"
        };
        let own = file == "harvester";
        let namespace = format!("--namespace={}", installed.namespace);
        for (question, expected) in [
            ("list nodes", true),
            ("update settings.harvesterhci.io/vm-migration-network", false),
            ("list settings.harvesterhci.io", false),
            ("list settings.harvesterhci.io/rwx-network", true),
            ("list customresourcedefinitions", false),
            ("list customresourcedefinitions/ippools.whereabouts.cni.cncf.io", true),
            ("get pods -A", false),
            ("list secrets -A", false),
            (&format!("get secrets/{NAME}-ca {namespace}"), own),
            (&format!("get secrets/another {namespace}"), false),
            (&format!("list secrets {namespace}"), false),
            (&format!("patch secrets/{NAME}-ca {namespace}"), false),
            (&format!("create secrets {namespace}"), false),
            (&format!("delete secrets/{NAME}-ca {namespace}"), false),
            (&format!("patch mutatingwebhookconfigurations/{NAME}"), own),
            (&format!("patch validatingwebhookconfigurations/{NAME}"), own),
            ("patch validatingwebhookconfigurations/another", false),
            ("create validatingwebhookconfigurations", false),
            (&format!("delete validatingwebhookconfigurations/{NAME}"), false),
            ("escalate clusterroles", false),
        ] {
            assert_eq!(can(question), expected, "{file}: {question}");
        }
    }
}
