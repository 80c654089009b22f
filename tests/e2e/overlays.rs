//! The rendered overlays, and what the API server thinks of them.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::harness::api::path;
use crate::harness::assets::{repository, tool};
use crate::harness::manifests::{self, OVERLAYS, documents, only, render, render_text, render_with_components};
use crate::harness::{Cluster, PATIENCE, eventually};

const ALL_COMPONENTS: [&str; 2] = ["monitoring", "network-policy"];

fn namespace_of(overlay: &str) -> &'static str {
    if overlay == "harvester" { "harvester-system" } else { "migration-network-webhook" }
}

/// What a cluster with cert-manager and the Prometheus operator has.
fn define_others(cluster: &Cluster) {
    let text = fs::read_to_string(repository().join("tests/e2e/crds/overlays.yaml")).unwrap();
    for definition in documents(&text) {
        cluster.api.apply(&definition);
        eventually("it is established", PATIENCE, || {
            let seen = cluster.api.get(&path(&definition)).unwrap();
            let conditions = seen["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let established = conditions.iter().any(|one| one["type"] == "Established" && one["status"] == "True");
            established.then_some(()).ok_or(seen)
        });
    }
}

fn app_name(object: &Value) -> &Value {
    &object["metadata"]["labels"]["app.kubernetes.io/name"]
}

#[test]
fn each_overlay_is_accepted_with_every_component() {
    let cluster = Cluster::fresh(&[]);
    define_others(&cluster);
    cluster.kubectl(["create", "namespace", "harvester-system"]).ok();
    cluster.kubectl(["label", "namespace", "harvester-system", "pod-security.kubernetes.io/enforce=restricted"]).ok();
    for overlay in OVERLAYS {
        for text in [render_text(overlay), render_with_components(overlay, &ALL_COMPONENTS)] {
            let run = cluster.kubectl(["apply", "-f", "-"]).stdin(&*text).run();
            // Also no warning: pod security would warn about the Deployment's pods.
            assert_eq!((run.code, &*run.stderr), (0, ""), "{overlay}: {run}");
            assert_eq!(run.stdout.lines().count(), documents(&text).len());
            // By version: kubectl patches a PodDisruptionBudget's selector each time and says `configured` of it.
            let versions = || -> Vec<Value> {
                let stored = documents(&text).into_iter().map(|object| cluster.api.get(&path(&object)).unwrap());
                stored.map(|object| object["metadata"]["resourceVersion"].clone()).collect()
            };
            let before = versions();
            let again = cluster.kubectl(["apply", "-f", "-"]).stdin(&*text).run();
            assert_eq!((again.code, &*again.stderr), (0, ""), "{overlay}: {again}");
            assert_eq!(versions(), before, "{overlay}, applied again");
        }
        let directory = repository().join("manifests/overlays").join(overlay);
        let diff = cluster.kubectl(["diff".as_ref(), "-k".as_ref(), directory.as_os_str()]).run();
        assert_eq!((diff.code, &*diff.stdout), (0, ""), "{overlay}: {diff}");
        for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
            let objects = render(overlay);
            let rendered = only(&objects, kind);
            let stored = cluster.api.get(&path(rendered)).unwrap();
            assert_eq!(stored["webhooks"], rendered["webhooks"], "a default that is not written out");
            cluster.api.delete(&path(rendered)).unwrap();
        }
    }
}

/// The Deployment controller would make this pod; here we do, since no controller runs.
#[test]
fn a_pod_of_the_deployment_is_let_into_a_restricted_namespace() {
    let cluster = Cluster::lease();
    for overlay in OVERLAYS {
        let objects = render(overlay);
        let namespace = namespace_of(overlay);
        let _ = cluster.kubectl(["create", "namespace", namespace]).run();
        let enforce = "pod-security.kubernetes.io/enforce=restricted";
        cluster.kubectl(["label", "--overwrite", "namespace", namespace, enforce]).ok();
        let template = &only(&objects, "Deployment")["spec"]["template"];
        let mut pod = template.clone();
        pod["apiVersion"] = "v1".into();
        pod["kind"] = "Pod".into();
        pod["metadata"]["name"] = "one-of-them".into();
        pod["metadata"]["namespace"] = namespace.into();
        let create =
            |pod: &Value| cluster.kubectl(["create", "--dry-run=server", "-f", "-"]).stdin(pod.to_string()).run();
        let run = create(&pod);
        assert_eq!(run.to_string(), "pod/one-of-them created (server dry run)\n= 0\n", "{overlay}");
        // The namespace does enforce: one right too many is refused.
        pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = true.into();
        let run = create(&pod);
        assert_eq!(run.code, 1);
        assert!(run.stderr.contains("violates PodSecurity \"restricted:latest\""), "{run}");
    }
}

#[test]
fn every_webhook_names_a_service_that_is_rendered_and_its_leaf_bears_that_name() {
    for overlay in OVERLAYS {
        let objects = render(overlay);
        let namespace = namespace_of(overlay);
        let service = only(&objects, "Service");
        let deployment = only(&objects, "Deployment");
        assert_eq!(service["metadata"]["namespace"], namespace);
        assert_eq!(deployment["metadata"]["namespace"], namespace);
        assert_eq!(service["spec"]["selector"], deployment["spec"]["selector"]["matchLabels"]);
        assert_eq!(
            deployment["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"],
            *app_name(&deployment["spec"]["template"])
        );
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        let args: Vec<&str> = container["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
        assert_eq!(args[0], "serve");

        let mut seen = Vec::new();
        for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
            for webhook in only(&objects, kind)["webhooks"].as_array().unwrap() {
                let target = &webhook["clientConfig"]["service"];
                assert_eq!(target["name"], service["metadata"]["name"]);
                assert_eq!(target["namespace"], service["metadata"]["namespace"]);
                let ports = service["spec"]["ports"].as_array().unwrap();
                let port = ports.iter().find(|port| port["port"] == target["port"]).unwrap();
                let ports = container["ports"].as_array().unwrap();
                let port = ports.iter().find(|served| served["name"] == port["targetPort"]).unwrap();
                assert!(args.contains(&&*format!("--listen=0.0.0.0:{}", port["containerPort"])), "{args:?}");
                seen.push((webhook["name"].as_str().unwrap(), target["path"].as_str().unwrap()));
            }
        }
        assert_eq!(
            seen,
            [
                ("check.vm-migration-network.setting", "/mutate"),
                ("recheck.vm-migration-network.setting", "/validate"),
                ("disable.vm-migration-network.setting", "/validate"),
            ]
        );

        let name = format!("migration-network-webhook.{namespace}.svc");
        if overlay == "cert-manager" {
            let certificates: Vec<&Value> = objects
                .iter()
                .filter(|object| object["kind"] == "Certificate" && object["spec"]["isCA"].is_null())
                .collect();
            assert_eq!(certificates.len(), 1);
            assert_eq!(certificates[0]["spec"]["dnsNames"], serde_json::json!([name]));
            let from = format!("{namespace}/{}", certificates[0]["metadata"]["name"].as_str().unwrap());
            for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
                let annotations = &only(&objects, kind)["metadata"]["annotations"];
                assert_eq!(annotations["cert-manager.io/inject-ca-from"], *from);
            }
            let volume = &deployment["spec"]["template"]["spec"]["volumes"][0]["secret"]["secretName"];
            assert_eq!(*volume, certificates[0]["spec"]["secretName"]);
        } else {
            // The server builds SERVICE.NAMESPACE.svc from these two.
            assert!(args.contains(&"--tls-service=migration-network-webhook"), "{args:?}");
            assert!(args.contains(&"--tls-secret=$(POD_NAMESPACE)/migration-network-webhook-ca"), "{args:?}");
            let secret = only(&objects, "Secret");
            assert_eq!(secret["metadata"]["namespace"], namespace);
            assert_eq!((&secret["data"], &secret["stringData"]), (&Value::Null, &Value::Null));
        }
    }
}

#[test]
fn only_the_stand_alone_overlays_bring_a_namespace() {
    for overlay in OVERLAYS {
        let text = render_with_components(overlay, &ALL_COMPONENTS);
        let objects = documents(&text);
        let namespaces: Vec<&Value> = objects.iter().filter(|object| object["kind"] == "Namespace").collect();
        let expected = usize::from(overlay != "harvester");
        assert_eq!(namespaces.len(), expected, "{overlay}");
        for object in &objects {
            assert_eq!(*app_name(object), "migration-network-webhook", "{}", object["metadata"]["name"]);
            let namespace = &object["metadata"]["namespace"];
            assert!(namespace.is_null() || namespace == namespace_of(overlay), "{overlay}: {object}");
        }
    }
}

#[test]
fn the_components_select_what_is_rendered() {
    for overlay in OVERLAYS {
        let objects = documents(&render_with_components(overlay, &ALL_COMPONENTS));
        let service = only(&objects, "Service");
        let template = &only(&objects, "Deployment")["spec"]["template"];
        let monitor = &only(&objects, "ServiceMonitor")["spec"];
        for (label, value) in monitor["selector"]["matchLabels"].as_object().unwrap() {
            assert_eq!(service["metadata"]["labels"][label], *value, "{overlay}");
        }
        let served = service["spec"]["ports"].as_array().unwrap();
        for endpoint in monitor["endpoints"].as_array().unwrap() {
            assert!(served.iter().any(|port| port["name"] == endpoint["port"]), "{overlay}: {endpoint}");
        }
        let policy = &only(&objects, "NetworkPolicy")["spec"];
        for (label, value) in policy["podSelector"]["matchLabels"].as_object().unwrap() {
            assert_eq!(template["metadata"]["labels"][label], *value, "{overlay}");
        }
        let listening = template["spec"]["containers"][0]["ports"].as_array().unwrap();
        for port in policy["ingress"].as_array().unwrap().iter().flat_map(|rule| rule["ports"].as_array().unwrap()) {
            assert!(listening.iter().any(|listening| listening["name"] == port["port"]), "{overlay}: {port}");
        }
    }
}

/// What `kubectl delete` of an overlay, or of its rendered file, takes away first: nobody is asked from then on.
#[test]
fn the_configurations_stand_first_in_each_overlay() {
    for overlay in OVERLAYS {
        for text in [render_text(overlay), render_with_components(overlay, &ALL_COMPONENTS)] {
            let kinds: Vec<Value> = documents(&text).into_iter().map(|mut object| object["kind"].take()).collect();
            assert_eq!(kinds[..2], ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"], "{overlay}");
        }
    }
}

/// For clusters that see no checkout: the same, with the image of one's own registry.
#[test]
fn make_dist_renders_each_overlay() {
    let directory = repository().join("dist");
    let make = |image: &[&str]| {
        let mut command = Command::new("make");
        command.arg("--silent").arg("dist").args(image).current_dir(repository());
        let made = command.arg(format!("KUBECTL={}", tool("kubectl").display())).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        OVERLAYS.map(|overlay| fs::read_to_string(directory.join(format!("{overlay}.yaml"))).unwrap())
    };
    let shipped = concat!("image: migration-network-webhook:", env!("CARGO_PKG_VERSION"), "\n");
    let own = "image: registry.example:5000/a/migration-network-webhook:1.2\n";
    let with_own = make(&["IMAGE=registry.example:5000/a/migration-network-webhook:1.2"]);
    // What is left there is as shipped.
    let as_shipped = make(&[]);
    for ((overlay, as_shipped), with_own) in OVERLAYS.iter().zip(as_shipped).zip(with_own) {
        assert_eq!(as_shipped, render_text(overlay));
        assert_eq!(as_shipped.matches(shipped).count(), 1, "{overlay}");
        assert_eq!(with_own, as_shipped.replace(shipped, own), "{overlay}");
    }
}

/// Uninstalling is one command; Harvester's namespace and what else is in it stay.
#[test]
fn uninstalling_takes_the_configurations_first_and_leaves_harvester_system() {
    let cluster = Cluster::fresh(&[]);
    cluster.kubectl(["create", "namespace", "harvester-system"]).ok();
    cluster.kubectl(["create", "configmap", "of-harvester", "--namespace=harvester-system"]).ok();
    let before = cluster.api.get("/api/v1/namespaces/harvester-system").unwrap();
    let directory = repository().join("manifests/overlays/harvester");
    let kubectl = |verb: &str, more: &[&str]| {
        let mut args = vec![verb.as_ref(), "-k".as_ref(), directory.as_os_str()];
        args.extend(more.iter().map(|arg| std::ffi::OsStr::new(*arg)));
        cluster.kubectl(args)
    };
    kubectl("apply", &[]).ok();
    // No controller runs that would finish a foreground deletion.
    let gone = kubectl("delete", &["--wait=false"]).ok();
    let lines: Vec<&str> = gone.lines().collect();
    assert!(lines[0].starts_with("mutatingwebhookconfiguration.admissionregistration.k8s.io "), "{gone}");
    assert!(lines[1].starts_with("validatingwebhookconfiguration.admissionregistration.k8s.io "), "{gone}");
    assert_eq!(lines.len(), render("harvester").len());
    let after = cluster.api.get("/api/v1/namespaces/harvester-system").unwrap();
    assert_eq!(after, before);
    cluster.api.get("/api/v1/namespaces/harvester-system/configmaps/of-harvester").unwrap();
    for object in manifests::render("harvester") {
        let left = cluster.api.get(&path(&object));
        assert_eq!(left.map_err(|refusal| refusal.code).err(), Some(404), "{}", path(&object));
    }
}
