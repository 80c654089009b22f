//! The chart, the plain YAML from it, and what Helm and the API server think of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::api::path;
use crate::harness::assets::{self, repository};
use crate::harness::control_plane::ADMIN;
use crate::harness::helm::{Helm, MAJORS, earlier_chart};
use crate::harness::install::{Installed, NAME, is_configuration};
use crate::harness::manifests::{PLAIN, documents, only, render, render_text};
use crate::harness::process::scratch;
use crate::harness::webhook::Replica;
use crate::harness::{Cluster, Guarded, PATIENCE, Plane, Run, command_line, eventually, world};

/// All that is off by default.
const ALL_EXTRAS: [&str; 4] = [
    r#"networkPolicy={"enabled":true}"#,
    r#"serviceMonitor={"enabled":true}"#,
    r#"prometheusRule={"enabled":true}"#,
    r#"dashboard={"enabled":true}"#,
];
const VALIDATING: &str = "ValidatingWebhookConfiguration";
const SOURCES: [&str; 3] = ["self-managed", "cert-manager", "secret"];

/// The values for a source of the certificate.
fn source(source: &str) -> String {
    format!(r#"tls={{"source":"{source}","secretName":"{NAME}-tls"}}"#)
}

/// What a cluster with cert-manager and the Prometheus operator has.
fn define_others(cluster: &Cluster) {
    let text = fs::read_to_string(repository().join("tests/e2e/crds/others.yaml")).unwrap();
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

fn is_hook(object: &Value) -> bool {
    object["metadata"]["annotations"]["helm.sh/hook"].is_string()
}

/// The object of that kind which is no hook.
fn main<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let found: Vec<&Value> = objects.iter().filter(|object| object["kind"] == kind && !is_hook(object)).collect();
    assert_eq!(found.len(), 1, "{kind}");
    found[0]
}

fn kinds(objects: &[Value]) -> BTreeSet<&str> {
    objects.iter().filter(|object| !is_hook(object)).map(|object| object["kind"].as_str().unwrap()).collect()
}

#[test]
fn both_helms_find_nothing_to_complain_about() {
    for major in MAJORS {
        let helm = Helm::offline(major);
        for source in SOURCES {
            let run = helm.command(["lint", "--strict", "CHART", "--values", &source_and_extras(source)]).run();
            assert_eq!(run.code, 0, "{run}");
            assert!(run.stdout.contains("1 chart(s) linted, 0 chart(s) failed"), "{run}");
        }
    }
}

/// A file of values: that source, and all that is off by default.
fn source_and_extras(source: &str) -> String {
    let values = json!({
        "tls": {"source": source, "secretName": "a-secret"},
        "networkPolicy": {"enabled": true}, "serviceMonitor": {"enabled": true},
        "prometheusRule": {"enabled": true}, "dashboard": {"enabled": true},
    });
    let path = scratch("values").join("values.json");
    fs::write(&path, values.to_string()).unwrap();
    path.display().to_string()
}

/// Clients with a certificate of this CA, which is none: only the file's place matters here.
const CLIENTS: &str = r#"tls={"clientCA":"-----BEGIN CERTIFICATE-----","clientNames":["a","b"]}"#;

/// A value, and where it arrives: kind, pointer (`pod` and `container` are those of the Deployment), what is there then.
const CASES: &[(&str, &str, &str, &str)] = &[
    (r#"image.repository="a.example:5000/b""#, "Deployment", "container/image", r#""a.example:5000/b:VERSION""#),
    (r#"image.tag="1.2""#, "Deployment", "container/image", r#""migration-network-webhook:1.2""#),
    (r#"image.digest="DIGEST""#, "Deployment", "container/image", r#""migration-network-webhook:VERSION@DIGEST""#),
    (r#"image.pullPolicy="Always""#, "Deployment", "container/imagePullPolicy", r#""Always""#),
    (
        r#"global.cattle.systemDefaultRegistry="r.example""#,
        "Deployment",
        "container/image",
        r#""r.example/migration-network-webhook:VERSION""#,
    ),
    (r#"imagePullSecrets=[{"name":"a"}]"#, "Deployment", "pod/imagePullSecrets", r#"[{"name":"a"}]"#),
    (r#"nameOverride="other""#, "Service", "/metadata/name", r#""migration-network-webhook-other""#),
    (r#"fullnameOverride="other""#, "Service", "/metadata/name", r#""other""#),
    (r#"fullnameOverride="other""#, VALIDATING, "/metadata/name", r#""other""#),
    (r#"fullnameOverride="other""#, VALIDATING, "/webhooks/1/clientConfig/service/name", r#""other""#),
    (r#"fullnameOverride="other""#, "Deployment", "container/args/5", r#""--register=other""#),
    (r#"commonLabels={"a":"b"}"#, "ServiceAccount", "/metadata/labels/a", r#""b""#),
    (r#"commonLabels={"a":"b"}"#, VALIDATING, "/metadata/labels/a", r#""b""#),
    (r#"commonLabels={"a":"b"}"#, "Deployment", "/spec/template/metadata/labels/a", r#""b""#),
    (r#"podLabels={"a":"b"}"#, "Deployment", "/spec/template/metadata/labels/a", r#""b""#),
    (r#"podAnnotations={"a":"b"}"#, "Deployment", "/spec/template/metadata/annotations/a", r#""b""#),
    (r#"tls={"source":"secret","secretName":"a"}"#, "Deployment", "pod/volumes/0/secret/secretName", r#""a""#),
    (
        r#"tls={"source":"secret","secretName":"a"}"#,
        "Deployment",
        "container/args/6",
        r#""--register-ca=/etc/migration-network-webhook/tls/ca.crt""#,
    ),
    (r#"registration=false,tls={"source":"secret","secretName":"a"}"#, "Deployment", "container/args/5", "null"),
    (
        r#"tls={"source":"cert-manager","certManager":{"issuerRef":{"kind":"ClusterIssuer","name":"ours"}}}"#,
        "Certificate",
        "/spec/issuerRef",
        r#"{"kind":"ClusterIssuer","name":"ours"}"#,
    ),
    (
        r#"warnRules=["range-reserved","vlan-exclusive"]"#,
        "Deployment",
        "container/env/2",
        r#"{"name":"MNW_WARN_RULE","value":"range-reserved,vlan-exclusive"}"#,
    ),
    (
        r#"reservedRanges=["10.0.0.0/8","172.16.0.0/12"]"#,
        "Deployment",
        "container/env/2",
        r#"{"name":"MNW_RESERVED_RANGE","value":"10.0.0.0/8,172.16.0.0/12"}"#,
    ),
    (
        "hideMigrationNames=true",
        "Deployment",
        "container/env/2",
        r#"{"name":"MNW_HIDE_MIGRATION_NAMES","value":"true"}"#,
    ),
    (CLIENTS, "ConfigMap", "/data/ca.crt", r#""-----BEGIN CERTIFICATE-----""#),
    (CLIENTS, "Deployment", "pod/volumes/0/configMap/name", r#""migration-network-webhook-clients""#),
    (CLIENTS, "Deployment", "container/volumeMounts/0/mountPath", r#""/etc/migration-network-webhook/clients""#),
    (CLIENTS, "Deployment", "container/args/6", r#""--tls-client-ca=/etc/migration-network-webhook/clients/ca.crt""#),
    (CLIENTS, "Deployment", "container/args/8", r#""--tls-client-name=b""#),
    (r#"staleness="2m""#, "Deployment", "container/env/2", r#"{"name":"MNW_MAX_STALENESS","value":"2m"}"#),
    (r#"log.level="debug""#, "Deployment", "container/env/0/value", r#""debug""#),
    (r#"log.format="json""#, "Deployment", "container/env/1/value", r#""json""#),
    ("replicas=2", "Deployment", "/spec/replicas", "2"),
    (r#"podDisruptionBudget.maxUnavailable="50%""#, "PodDisruptionBudget", "/spec/maxUnavailable", r#""50%""#),
    (r#"topologySpreadConstraints=[{"a":2}]"#, "Deployment", "pod/topologySpreadConstraints", r#"[{"a":2}]"#),
    (r#"affinity={"nodeAffinity":{}}"#, "Deployment", "pod/affinity", r#"{"nodeAffinity":{}}"#),
    (r#"nodeSelector={"a":"b"}"#, "Deployment", "pod/nodeSelector", r#"{"a":"b"}"#),
    (r#"tolerations=[{"key":"a"}]"#, "Deployment", "pod/tolerations", r#"[{"key":"a"}]"#),
    (r#"priorityClassName="a""#, "Deployment", "pod/priorityClassName", r#""a""#),
    (r#"priorityClassName="""#, "Deployment", "pod/priorityClassName", "null"),
    (r#"resources.limits.memory="1Gi""#, "Deployment", "container/resources/limits/memory", r#""1Gi""#),
    (r#"serviceAccount.name="a""#, "Deployment", "pod/serviceAccountName", r#""a""#),
    (r#"serviceAccount.annotations={"a":"b"}"#, "ServiceAccount", "/metadata/annotations/a", r#""b""#),
    (r#"webhookAnnotations={"a":"b"}"#, VALIDATING, "/metadata/annotations/a", r#""b""#),
    (r#"extraArgs=["--max-connections=5"]"#, "Deployment", "container/args/6", r#""--max-connections=5""#),
    (r#"extraEnv=[{"name":"A","value":"b"}]"#, "Deployment", "container/env/2/name", r#""A""#),
    (r#"extraVolumes=[{"name":"a"}]"#, "Deployment", "pod/volumes/0/name", r#""a""#),
    (r#"extraVolumeMounts=[{"name":"a"}]"#, "Deployment", "container/volumeMounts/0/name", r#""a""#),
    (
        r#"extraObjects=[{"kind":"ConfigMap","metadata":{"name":"{{ .Release.Name }}-a"}}]"#,
        "ConfigMap",
        "/metadata/name",
        r#""migration-network-webhook-a""#,
    ),
    (
        r#"networkPolicy={"enabled":true,"scrapeNamespaceSelector":{"matchLabels":{"a":"b"}}}"#,
        "NetworkPolicy",
        "/spec/ingress/1/from/0/namespaceSelector/matchLabels/a",
        r#""b""#,
    ),
    (r#"serviceMonitor={"enabled":true,"interval":"1m"}"#, "ServiceMonitor", "/spec/endpoints/0/interval", r#""1m""#),
    (r#"serviceMonitor={"enabled":true,"labels":{"a":"b"}}"#, "ServiceMonitor", "/metadata/labels/a", r#""b""#),
    (r#"prometheusRule={"enabled":true,"labels":{"a":"b"}}"#, "PrometheusRule", "/metadata/labels/a", r#""b""#),
    (r#"dashboard={"enabled":true,"labels":{"a":"b"}}"#, "ConfigMap", "/metadata/labels/a", r#""b""#),
];

/// A value, and the kinds that go and come with it.
const PRESENCE: &[(&str, &str, &str)] = &[
    ("replicas=1", "PodDisruptionBudget", ""),
    ("replicas=0", "PodDisruptionBudget", ""),
    ("podDisruptionBudget.enabled=false", "PodDisruptionBudget", ""),
    (r#"serviceAccount={"create":false,"name":"a"}"#, "ServiceAccount", ""),
    ("rbac.create=false", "ClusterRole ClusterRoleBinding Role RoleBinding", ""),
    (ALL_EXTRAS[0], "", "NetworkPolicy"),
    (ALL_EXTRAS[1], "", "ServiceMonitor"),
    (ALL_EXTRAS[2], "", "PrometheusRule"),
    (ALL_EXTRAS[3], "", "ConfigMap"),
    (CLIENTS, "", "ConfigMap"),
    (r#"tls.source="cert-manager""#, "Role RoleBinding Secret", "Certificate Issuer"),
    (r#"tls={"source":"secret","secretName":"a"}"#, "Role RoleBinding Secret", ""),
    (r#"registration=false,tls={"source":"secret","secretName":"a"}"#, "Role RoleBinding Secret", ""),
];

/// Each value has its effect, at the place that it says.
#[test]
fn every_value_arrives_where_it_belongs() {
    let helm = Helm::offline(4);
    let digest = format!("sha256:{}", "a".repeat(64));
    let filled = |text: &str| text.replace("VERSION", env!("CARGO_PKG_VERSION")).replace("DIGEST", &digest);
    for (values, kind, pointer, expected) in CASES {
        let objects = helm.objects(&[&filled(values)]);
        let pointer = match pointer.split_once('/').unwrap() {
            ("pod", rest) => format!("/spec/template/spec/{rest}"),
            ("container", rest) => format!("/spec/template/spec/containers/0/{rest}"),
            _ => (*pointer).to_owned(),
        };
        let seen = main(&objects, kind).pointer(&pointer).unwrap_or(&Value::Null).clone();
        assert_eq!(seen, serde_json::from_str::<Value>(&filled(expected)).unwrap(), "{values}");
    }
    let bare = helm.objects(&[]);
    for (values, gone, come) in PRESENCE {
        let objects = helm.objects(&[values]);
        let mut expected = kinds(&bare);
        expected.retain(|kind| !gone.split(' ').any(|gone| gone == *kind));
        expected.extend(come.split(' ').filter(|kind| !kind.is_empty()));
        assert_eq!(kinds(&objects), expected, "{values}");
    }
    // The table and the file agree on what there is.
    let values: Value = serde_saphyr::from_str(&chart_file("values.yaml")).unwrap();
    let names = CASES.iter().map(|(values, ..)| *values).chain(PRESENCE.iter().map(|(values, ..)| *values));
    let tried: BTreeSet<&str> = names.map(|values| values.split(['=', '.']).next().unwrap()).collect();
    for key in values.as_object().unwrap().keys() {
        let of_hooks = key.ends_with("Job");
        assert!(of_hooks || tried.contains(&**key), "no case for {key}");
    }
}

fn chart_file(name: &str) -> String {
    fs::read_to_string(repository().join("manifests/chart").join(name)).unwrap()
}

/// What keeps the rest of the cluster safe is nobody's to choose.
#[test]
fn a_misspelt_key_and_what_is_no_value_are_refused() {
    for major in MAJORS {
        let helm = Helm::offline(major);
        for values in [
            "replica=2",
            "failurePolicy=\"Ignore\"",
            "timeoutSeconds=30",
            "matchConditions=[]",
            "rules=[]",
            r#"image.tags="1""#,
            r#"image.digest="sha256:abc""#,
            r#"tls.source="selfmanaged""#,
            r#"tls.source="secret""#,
            // Names alone would let nobody in, or everybody: nobody knows which was meant.
            r#"tls.clientNames=["a"]"#,
            r#"tls.clientCA="a file""#,
            "replicas=\"3\"",
            "warnRules=\"range-reserved\"",
            r#"staleness="2 minutes""#,
            r#"warnRules=["range-reservd"]"#,
            r#"reservedRanges=["10.0.0.0"]"#,
            r#"reservedRanges=["10.0.0.0/33"]"#,
            "serviceMonitor.enable=true",
        ] {
            let run = helm.template(&[values]);
            assert_ne!(run.code, 0, "{values}");
            assert!(run.stderr.contains("don't meet the specifications of the schema"), "{values}: {run}");
        }
        let run = helm.template(&[r#"serviceAccount={"create":false,"name":""}"#]);
        assert!(run.stderr.contains("serviceAccount.name is needed"), "{run}");
        let run = helm.template(&["registration=false"]);
        assert!(run.stderr.contains("registration: false needs tls.source secret"), "{run}");
    }
}

/// The schema and the defaults name the same keys.
#[test]
fn the_schema_knows_each_value_and_no_other() {
    fn keys(prefix: &str, values: &Value, schema: &Value, both: &mut [BTreeSet<String>; 2]) {
        let named = |key: &String| format!("{prefix}{key}");
        let Some(properties) = schema["properties"].as_object() else { return };
        both[0].extend(values.as_object().into_iter().flatten().map(|(key, _)| named(key)));
        both[1].extend(properties.keys().map(named));
        for (key, schema) in properties {
            keys(&format!("{prefix}{key}."), &values[key], schema, both);
        }
    }
    let schema: Value = serde_json::from_str(&chart_file("values.schema.json")).unwrap();
    let values: Value = serde_saphyr::from_str(&chart_file("values.yaml")).unwrap();
    let mut both = [BTreeSet::new(), BTreeSet::new()];
    keys("", &values, &schema, &mut both);
    both[1].retain(|key| {
        !key.starts_with("tls.certManager.issuerRef.") && key.rsplit('.').nth(1) != Some("imagePullSecrets")
    });
    assert_eq!(both[0], both[1]);
}

/// The two Helms make the same objects, and the plain YAML is the same too, but for what is Helm's own.
#[test]
fn helm_and_plain_yaml_install_the_same_objects() {
    let plain_of = |mut object: Value| {
        let labels = object["metadata"]["labels"].as_object_mut().unwrap();
        assert_eq!(
            labels.remove("helm.sh/chart"),
            Some(json!(concat!("migration-network-webhook-", env!("CARGO_PKG_VERSION"))))
        );
        assert_eq!(labels.remove("app.kubernetes.io/managed-by"), Some(json!("Helm")));
        assert_eq!(labels.remove("app.kubernetes.io/instance"), Some(json!(NAME)));
        object
    };
    let by_path = |objects: Vec<Value>| -> BTreeMap<String, Value> {
        let len = objects.len();
        let map: BTreeMap<String, Value> = objects.into_iter().map(|object| (path(&object), object)).collect();
        assert_eq!(map.len(), len, "an object stands twice");
        map
    };
    for (file, tls) in PLAIN.iter().zip(["self-managed", "self-managed", "cert-manager", "secret"]) {
        let mut plain = render(file);
        plain.retain(|object| object["kind"] != "Namespace");
        let plain = by_path(plain);
        for major in MAJORS {
            let mut objects = Helm::offline(major).objects(&[&source(tls)]);
            objects.retain(|object| !is_hook(object));
            assert_eq!(by_path(objects.into_iter().map(plain_of).collect()), plain, "{file}, helm {major}");
        }
    }
    let namespaces = PLAIN.map(|file| only(&render(file), "Namespace")["metadata"]["labels"].clone());
    // Harvester owns the label of pod security.
    assert_eq!(namespaces[0], json!({"app.kubernetes.io/name": NAME}));
    let restricted = json!({"app.kubernetes.io/name": NAME, "pod-security.kubernetes.io/enforce": "restricted"});
    assert_eq!(namespaces[1..], [restricted.clone(), restricted.clone(), restricted]);
}

/// But for Service, labels and annotations the configurations are the files that the server compares them with.
#[test]
fn the_configurations_are_the_files() {
    for tls in SOURCES {
        let objects = Helm::offline(4).objects(&[&source(tls)]);
        for (file, kind) in
            [("mutating", "MutatingWebhookConfiguration"), ("validating", "ValidatingWebhookConfiguration")]
        {
            let mut expected: Value = serde_saphyr::from_str(&chart_file(&format!("files/{file}.yaml"))).unwrap();
            for webhook in expected["webhooks"].as_array_mut().unwrap() {
                webhook["clientConfig"]["service"]["namespace"] = NAME.into();
            }
            let mut made = main(&objects, kind).clone();
            let metadata = made["metadata"].take();
            expected["metadata"].take();
            assert_eq!(made, expected, "{tls}");
            let annotations = match tls {
                "cert-manager" => json!({"cert-manager.io/inject-ca-from": format!("{NAME}/{NAME}")}),
                _ => Value::Null,
            };
            assert_eq!((&metadata["name"], &metadata["annotations"]), (&json!(NAME), &annotations));
        }
    }
}

#[test]
fn all_of_it_is_accepted() {
    let cluster = Cluster::fresh(&[]);
    define_others(&cluster);
    for file in PLAIN {
        let text = render_text(file);
        let run = cluster.kubectl(["apply", "-f", "-"]).stdin(&*text).run();
        // Also no warning: pod security would warn about the Deployment's pods.
        assert_eq!((run.code, &*run.stderr), (0, ""), "{file}: {run}");
        assert_eq!(run.stdout.lines().count(), documents(&text).len());
        // By version: kubectl patches a PodDisruptionBudget's selector each time and says `configured` of it.
        let versions = || -> Vec<Value> {
            let stored = documents(&text).into_iter().map(|object| cluster.api.get(&path(&object)).unwrap());
            stored.map(|object| object["metadata"]["resourceVersion"].clone()).collect()
        };
        let before = versions();
        let again = cluster.kubectl(["apply", "-f", "-"]).stdin(&*text).run();
        assert_eq!((again.code, &*again.stderr), (0, ""), "{file}: {again}");
        assert_eq!(versions(), before, "{file}, applied again");
        let diff = cluster.kubectl(["diff", "-f", "-"]).stdin(&*text).run();
        assert_eq!((diff.code, &*diff.stdout), (0, ""), "{file}: {diff}");
        for object in render(file).iter().filter(|object| is_configuration(object)) {
            let stored = cluster.api.get(&path(object)).unwrap();
            assert_eq!(stored["webhooks"], object["webhooks"], "a default that is not written out");
            cluster.api.delete(&path(object)).unwrap();
        }
    }
    for object in render("harvester") {
        cluster.api.delete(&path(&object)).ok();
    }
    let kubeconfig = cluster.servers.kubeconfig(ADMIN);
    for major in MAJORS {
        let helm = Helm::new(major, &kubeconfig);
        for source in SOURCES {
            let dry = ["install", NAME, "CHART", "--namespace=default", "--dry-run=server", "--values"];
            let run = helm.command(dry.into_iter().chain([&*source_and_extras(source)])).run();
            assert_eq!(run.code, 0, "{source}, helm {major}: {run}");
            assert!(run.stdout.contains("kubectl patch settings.harvesterhci.io vm-migration-network"), "{run}");
        }
    }
}

/// The Deployment and Job controllers would make these pods; here we do, since no controller runs.
#[test]
fn each_pod_is_let_into_a_restricted_namespace() {
    let cluster = Cluster::lease();
    let _ = cluster.kubectl(["create", "namespace", NAME]).run();
    let enforce = "pod-security.kubernetes.io/enforce=restricted";
    cluster.kubectl(["label", "--overwrite", "namespace", NAME, enforce]).ok();
    for tls in SOURCES {
        let objects = Helm::offline(4).objects(&[&source(tls), "uninstallJob.enabled=true"]);
        let templates: Vec<&Value> =
            objects.iter().map(|object| &object["spec"]["template"]).filter(|template| !template.is_null()).collect();
        assert_eq!(templates.len(), 3);
        for template in templates {
            let mut pod = template.clone();
            pod["apiVersion"] = "v1".into();
            pod["kind"] = "Pod".into();
            pod["metadata"]["name"] = "one-of-them".into();
            pod["metadata"]["namespace"] = NAME.into();
            let create =
                |pod: &Value| cluster.kubectl(["create", "--dry-run=server", "-f", "-"]).stdin(pod.to_string()).run();
            let run = create(&pod);
            assert_eq!(run.to_string(), "pod/one-of-them created (server dry run)\n= 0\n", "{tls}");
            // The namespace does enforce: one right too many is refused.
            pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = true.into();
            let run = create(&pod);
            assert_eq!(run.code, 1);
            assert!(run.stderr.contains("violates PodSecurity \"restricted:latest\""), "{run}");
        }
    }
}

#[test]
fn every_webhook_names_a_service_that_is_rendered_and_its_leaf_bears_that_name() {
    for tls in SOURCES {
        let objects = Helm::offline(4).objects(&[&source(tls)]);
        let (service, deployment) = (main(&objects, "Service"), main(&objects, "Deployment"));
        assert_eq!(
            (&service["metadata"]["namespace"], &deployment["metadata"]["namespace"]),
            (&json!(NAME), &json!(NAME))
        );
        let selector = &deployment["spec"]["selector"]["matchLabels"];
        assert_eq!(service["spec"]["selector"], *selector);
        for (label, value) in selector.as_object().unwrap() {
            assert_eq!(deployment["spec"]["template"]["metadata"]["labels"][label], *value);
            // No Job's pod is behind the Service.
            for job in objects.iter().filter(|object| object["kind"] == "Job") {
                assert_ne!(job["spec"]["template"]["metadata"]["labels"][label], *value);
            }
        }
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        let args: Vec<&str> = container["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
        assert_eq!(args[0], "serve");
        let mut seen = Vec::new();
        for configuration in objects.iter().filter(|object| is_configuration(object)) {
            for webhook in configuration["webhooks"].as_array().unwrap() {
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
        let expected = [("check", "/mutate"), ("recheck", "/validate"), ("disable", "/validate")];
        let expected = expected.map(|(name, path)| (format!("{name}.vm-migration-network.setting"), path));
        assert!(seen.iter().copied().eq(expected.iter().map(|(name, path)| (&**name, *path))), "{seen:?}");

        let name = format!("{NAME}.{NAME}.svc");
        if tls == "self-managed" {
            // The server builds SERVICE.NAMESPACE.svc from these two.
            assert!(args.contains(&"--tls-service=migration-network-webhook"), "{args:?}");
            assert!(args.contains(&&*format!("--tls-secret={NAME}/{NAME}-ca")), "{args:?}");
            let secret = main(&objects, "Secret");
            assert_eq!(secret["metadata"]["name"], format!("{NAME}-ca"));
            assert_eq!((&secret["data"], &secret["stringData"]), (&Value::Null, &Value::Null));
        } else {
            let volume = &deployment["spec"]["template"]["spec"]["volumes"][0]["secret"]["secretName"];
            assert_eq!(*volume, format!("{NAME}-tls"));
            assert!(args.contains(&"--tls-cert=/etc/migration-network-webhook/tls/tls.crt"), "{args:?}");
        }
        if tls == "cert-manager" {
            let leaf =
                objects.iter().find(|object| object["kind"] == "Certificate" && object["spec"]["isCA"].is_null());
            let spec = &leaf.unwrap()["spec"];
            assert_eq!((&spec["dnsNames"], &spec["secretName"]), (&json!([name]), &json!(format!("{NAME}-tls"))));
        }
    }
}

#[test]
fn the_extras_select_what_is_rendered() {
    let objects = Helm::offline(4).objects(&ALL_EXTRAS);
    let service = main(&objects, "Service");
    let template = &main(&objects, "Deployment")["spec"]["template"];
    let monitor = &main(&objects, "ServiceMonitor")["spec"];
    for (label, value) in monitor["selector"]["matchLabels"].as_object().unwrap() {
        assert_eq!(service["metadata"]["labels"][label], *value);
    }
    let served = service["spec"]["ports"].as_array().unwrap();
    for endpoint in monitor["endpoints"].as_array().unwrap() {
        assert!(served.iter().any(|port| port["name"] == endpoint["port"]), "{endpoint}");
    }
    let policy = &main(&objects, "NetworkPolicy")["spec"];
    for (label, value) in policy["podSelector"]["matchLabels"].as_object().unwrap() {
        assert_eq!(template["metadata"]["labels"][label], *value);
    }
    assert_eq!(policy["policyTypes"], json!(["Ingress", "Egress"]));
    let tcp = |port: Value| json!({"port": port, "protocol": "TCP"});
    let labelled = |label: &str, value: &str| json!([{"namespaceSelector": {"matchLabels": {label: value}}}]);
    let ingress = json!([
        {"ports": [tcp("https".into())]},
        {"from": labelled("migration-network-webhook/scrape", "true"), "ports": [tcp("ops".into())]},
    ]);
    assert_eq!(policy["ingress"], ingress);
    let dns = json!([{"port": 53, "protocol": "UDP"}, tcp(53.into())]);
    let egress = json!([
        {"ports": [tcp(443.into()), tcp(6443.into())]},
        {"to": labelled("kubernetes.io/metadata.name", "kube-system"), "ports": dns},
    ]);
    assert_eq!(policy["egress"], egress);
    let rules: Value = serde_saphyr::from_str(&chart_file("files/alerts.yaml")).unwrap();
    assert_eq!(main(&objects, "PrometheusRule")["spec"], rules);
    let dashboard = &main(&objects, "ConfigMap")["data"]["migration-network-webhook.json"];
    let dashboard: Value = serde_json::from_str(dashboard.as_str().unwrap()).unwrap();
    let file: Value = serde_json::from_str(&chart_file("files/dashboard.json")).unwrap();
    assert_eq!(dashboard, file);
}

/// What keeps a change possible while replicas roll and nodes drain, and what a replica may do on its node. No API
/// server asks for any of it.
#[test]
fn replicas_roll_drain_and_are_confined() {
    let objects = Helm::offline(4).objects(&[]);
    let spec = &main(&objects, "Deployment")["spec"];
    assert_eq!((&spec["replicas"], &spec["minReadySeconds"]), (&json!(3), &json!(5)));
    let strategy = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}});
    assert_eq!(spec["strategy"], strategy);
    let pod = &spec["template"]["spec"];
    assert_eq!(pod["priorityClassName"], "system-cluster-critical");
    // One node, or two and a witness, must be able to roll: the spread is a wish, and nothing else keeps pods apart.
    let spread = pod["topologySpreadConstraints"].as_array().unwrap();
    assert_eq!(spread.len(), 1);
    assert_eq!(spread[0]["topologyKey"], "kubernetes.io/hostname");
    assert_eq!(spread[0]["whenUnsatisfiable"], "ScheduleAnyway");

    let container = &pod["containers"][0];
    assert_eq!(container["imagePullPolicy"], "IfNotPresent");
    for (probe, path) in [("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")] {
        assert_eq!(container[probe]["httpGet"], json!({"path": path, "port": "ops"}), "{probe}");
    }
    assert_eq!(container["resources"]["limits"]["cpu"], Value::Null);
    let confined = json!({
        "allowPrivilegeEscalation": false, "privileged": false, "readOnlyRootFilesystem": true, "runAsNonRoot": true,
        "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
    });
    assert_eq!(container["securityContext"], confined);
    assert_eq!(pod["securityContext"]["seccompProfile"], confined["seccompProfile"]);
    for absent in ["affinity", "nodeSelector", "hostNetwork", "hostPID", "hostIPC"] {
        assert_eq!(pod[absent], Value::Null, "{absent}");
    }

    let budget = &main(&objects, "PodDisruptionBudget")["spec"];
    assert_eq!((&budget["maxUnavailable"], &budget["unhealthyPodEvictionPolicy"]), (&json!(1), &json!("AlwaysAllow")));
    assert_eq!(budget["selector"], spec["selector"]);

    // A replica that is to end has its time for that. The defaults as `serve --help` prints them.
    let help = Command::new(assets::webhook()).args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let seconds = ["--shutdown-delay", "--drain-timeout"].map(|flag| {
        let flag = help.split_once(&format!("      {flag} <TIME>")).unwrap().1;
        let default = flag.split_once("[default: ").unwrap().1.split_once("s]").unwrap().0;
        default.parse::<u64>().unwrap()
    });
    let pause = container["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64().unwrap();
    assert!(pause >= 5, "the API server learns of an endpoint's end with a delay");
    let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
    assert!(pause + seconds[0] + seconds[1] + 10 < grace, "{pause} {seconds:?} {grace}");
}

/// Also the Secret, which is only read by name.
#[test]
fn rights_are_given_by_name_wherever_something_can_be_written() {
    for (tls, registration) in SOURCES.map(|tls| (tls, true)).into_iter().chain([("secret", false)]) {
        let registered = format!("registration={registration}");
        let values = [&*source(tls), "uninstallJob.enabled=true", &registered];
        for object in Helm::offline(4).objects(&values) {
            for rule in object["rules"].as_array().into_iter().flatten() {
                let verbs: BTreeSet<&str> =
                    rule["verbs"].as_array().unwrap().iter().map(|verb| verb.as_str().unwrap()).collect();
                let writes = verbs.iter().any(|verb| !["get", "list", "watch"].contains(verb));
                let for_good = !is_hook(&object);
                assert!(!verbs.contains("*"), "{rule}");
                assert!(!for_good || !verbs.contains("create") && !verbs.contains("delete"), "{rule}");
                let named = rule["resourceNames"].as_array().is_some_and(|names| !names.is_empty());
                let secret = rule["resources"].as_array().unwrap().iter().any(|resource| resource == "secrets");
                assert!(named || !(writes || secret), "{rule}");
                let registers = registration && tls != "cert-manager";
                assert!(!writes || !for_good || registers, "nothing is written where others keep caBundle: {rule}");
            }
        }
    }
}

/// Helm 4 takes the configurations away first by itself; with Helm 3 a Job does. All that a hook makes goes in every
/// outcome.
#[test]
fn hooks_prove_the_installation_and_leave_nothing() {
    for (major, values, expected) in [
        (3, "replicas=3", vec!["ready", "unregister"]),
        (4, "replicas=3", vec!["ready"]),
        (4, "uninstallJob.enabled=true", vec!["ready", "unregister"]),
        (3, "uninstallJob.enabled=false", vec!["ready"]),
        (4, "readinessJob.enabled=false", vec![]),
    ] {
        let objects = Helm::offline(major).objects(&[values]);
        let hooks: Vec<&Value> = objects.iter().filter(|object| is_hook(object)).collect();
        let jobs: BTreeSet<&str> = hooks
            .iter()
            .filter(|hook| hook["kind"] == "Job")
            .map(|hook| hook["metadata"]["name"].as_str().unwrap())
            .collect();
        let expected: BTreeSet<String> = expected.into_iter().map(|name| format!("{NAME}-{name}")).collect();
        assert!(jobs.iter().eq(&expected), "{values}: {jobs:?}");
        assert_eq!(hooks.len(), 4 * jobs.len());
        for hook in hooks {
            let annotations = &hook["metadata"]["annotations"];
            let name = hook["metadata"]["name"].as_str().unwrap();
            let event = if name.ends_with("-ready") { "post-install,post-upgrade,post-rollback" } else { "pre-delete" };
            assert_eq!(annotations["helm.sh/hook"], event);
            let policy = "before-hook-creation,hook-succeeded,hook-failed";
            assert_eq!(annotations["helm.sh/hook-delete-policy"], policy);
            if hook["kind"] == "Job" {
                let pod = &hook["spec"]["template"]["spec"];
                assert_eq!(pod["serviceAccountName"], name);
                let step = if name.ends_with("-ready") {
                    json!(["hook", "probe", "--wait=3m"])
                } else {
                    json!(["hook", "unregister", NAME])
                };
                assert_eq!(pod["containers"][0]["args"], step);
            }
        }
    }
}

/// What `kubectl delete -f` takes away first: nobody is asked from then on. Nothing of Harvester's is in it.
#[test]
fn uninstalling_takes_the_configurations_first() {
    let cluster = Cluster::fresh(&[]);
    define_others(&cluster);
    for file in PLAIN {
        let text = render_text(file);
        cluster.kubectl(["apply", "-f", "-"]).stdin(&*text).ok();
        // No controller runs that would finish a foreground deletion, or the end of a namespace.
        let gone = cluster.kubectl(["delete", "--wait=false", "-f", "-"]).stdin(&*text).ok();
        let lines: Vec<&str> = gone.lines().collect();
        assert!(lines[0].starts_with("mutatingwebhookconfiguration.admissionregistration.k8s.io "), "{gone}");
        assert!(lines[1].starts_with("validatingwebhookconfiguration.admissionregistration.k8s.io "), "{gone}");
        assert_eq!(lines.len(), render(file).len());
        let namespace = path(only(&render(file), "Namespace"));
        let finalize = format!("{namespace}/finalize");
        let mut left = cluster.api.get(&namespace).unwrap();
        left["spec"]["finalizers"] = json!([]);
        cluster.api.send("PUT", &finalize, "application/json", &left).unwrap();
        for object in render(file) {
            let left = cluster.api.get(&path(&object));
            assert_eq!(left.map_err(|refusal| refusal.code).err(), Some(404), "{}", path(&object));
        }
    }
}

/// For clusters that see no checkout: the same, with the image of one's own registry.
#[test]
fn make_dist_renders_each_file() {
    let directory = repository().join("dist");
    let make = |image: &[&str]| {
        let mut command = Command::new("make");
        command.arg("--silent").arg("dist").args(image).current_dir(repository());
        let made = command.arg(format!("HELM={}", assets::helm(3).display())).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        PLAIN.map(|file| fs::read_to_string(directory.join(format!("{file}.yaml"))).unwrap())
    };
    let shipped = concat!("image: migration-network-webhook:", env!("CARGO_PKG_VERSION"), "\n");
    let own = "image: registry.example:5000/a/migration-network-webhook:1.2\n";
    let with_own = make(&["IMAGE=registry.example:5000/a/migration-network-webhook:1.2"]);
    // A release: the chart itself says where its image is, so that all that is made from it does.
    let digest = format!("sha256:{}", "a".repeat(64));
    let released = make(&["REGISTRY=registry.example:5000/a", &format!("DIGEST={digest}")]);
    let by_digest =
        format!("image: registry.example:5000/a/migration-network-webhook:{}@{digest}\n", env!("CARGO_PKG_VERSION"));
    assert!(released.iter().all(|file| file.contains(&by_digest)), "{released:?}");
    let addon = fs::read_to_string(directory.join("addon.yaml")).unwrap();
    assert!(addon.contains("\n  chart: oci://registry.example:5000/a/charts/migration-network-webhook\n"), "{addon}");
    // What is left there is as shipped.
    let as_shipped = make(&[]);
    for ((file, as_shipped), with_own) in PLAIN.iter().zip(as_shipped).zip(with_own) {
        assert_eq!(documents(&as_shipped), render(file));
        assert_eq!(as_shipped.matches(shipped).count(), 1, "{file}");
        assert_eq!(with_own, as_shipped.replace(shipped, own), "{file}");
    }
}

/// The account, the rights and the arguments of one of the Jobs, run here.
fn step(cluster: &Plane, job: &str, more: &[&str]) -> Run {
    let objects = Helm::offline(4).objects(&["uninstallJob.enabled=true"]);
    let name = format!("{NAME}-{job}");
    let of_job: Vec<&Value> = objects.iter().filter(|object| object["metadata"]["name"] == *name).collect();
    cluster.namespace(NAME);
    let (job, others): (Vec<&Value>, Vec<&Value>) = of_job.into_iter().partition(|object| object["kind"] == "Job");
    for object in others {
        cluster.api.apply(object);
    }
    let token = cluster.kubectl(["create", "token", &name, "--namespace", NAME]).ok();
    let args = job[0]["spec"]["template"]["spec"]["containers"][0]["args"].as_array().unwrap();
    let args: Vec<&str> =
        args.iter().map(|arg| arg.as_str().unwrap()).filter(|arg| !arg.starts_with("--wait")).collect();
    command_line::run(&cluster.servers.kubeconfig(token.trim()), &scratch("step"), &[&args, more].concat())
}

#[test]
fn the_readiness_job_passes_only_when_a_rule_refuses() {
    // Also where Harvester has not created the Setting yet.
    for stored in [None, Some(world::ours(world::CANONICAL))] {
        let mut cluster = Guarded::new(&world::healthy(), stored.as_ref());
        let run = step(&cluster, "ready", &[]);
        assert_eq!(run.to_string(), "! the webhook refuses a bad value of vm-migration-network\n= 0\n");
        assert_eq!(
            cluster.setting().ok().map(|setting| setting["value"].clone()),
            stored.map(|stored| stored["value"].clone())
        );
        cluster.stop_webhook();
        let run = step(&cluster, "ready", &["--wait=1s"]);
        assert_eq!(run.code, 1, "{run}");
        assert!(run.stderr.starts_with("not yet: 500 Internal error occurred: failed calling webhook"), "{run}");
        assert!(
            run.stderr.ends_with("error: a bad value of vm-migration-network was not refused within 1s\n"),
            "{run}"
        );
    }
    let cluster = Cluster::fresh(&[]);
    let run = step(&cluster, "ready", &["--wait=0"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.stderr.starts_with("not yet: the change was admitted: the API server does not ask the webhook\n"),
        "{run}"
    );
    let definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/settings.harvesterhci.io";
    cluster.api.delete(definition).unwrap();
    eventually("it is not served", PATIENCE, || match cluster.setting() {
        Err(refusal) if refusal.code == 404 && refusal.status["details"]["name"].is_null() => Ok(()),
        other => Err(other),
    });
    let run = step(&cluster, "ready", &[]);
    assert_eq!(run.to_string(), "! this cluster does not serve Harvester's Settings: there is nothing to guard\n= 0\n");
}

#[test]
fn the_uninstall_job_takes_both_configurations_away_and_nothing_else() {
    let mut cluster = Guarded::new(&world::healthy(), Some(&world::ours(world::CANONICAL)));
    cluster.stop_webhook();
    let run = step(&cluster, "unregister", &[]);
    let gone = |verb: &str| {
        ["Validating", "Mutating"].map(|kind| format!("! {verb} {kind}WebhookConfiguration {NAME}\n")).concat()
            + "= 0\n"
    };
    assert_eq!(run.to_string(), gone("deleted"));
    eventually("nothing is checked", PATIENCE, || cluster.probe());
    assert_eq!(step(&cluster, "unregister", &[]).to_string(), gone("there is no"));
    let account = format!("--as=system:serviceaccount:{NAME}:{NAME}-unregister");
    for question in
        ["delete validatingwebhookconfigurations/another", "delete deployments -A", "patch settings.harvesterhci.io"]
    {
        let run = cluster.kubectl(["auth", "can-i", &account].into_iter().chain(question.split(' '))).run();
        assert_eq!(run.stdout, "no\n", "{question}");
    }
}

/// With either Helm, over what the server has written meanwhile.
#[test]
fn an_upgrade_drops_an_entry_and_keeps_what_the_server_wrote() {
    for major in MAJORS {
        let cluster = Cluster::lease();
        cluster.apply_all(&world::healthy());
        cluster.namespace(NAME);
        let helm = Helm::new(major, &cluster.servers.kubeconfig(ADMIN));
        let run = |verb: &str, chart: &str, more: &[&str]| {
            let values = ["--set", "readinessJob.enabled=false,uninstallJob.enabled=false"];
            let args = [verb, NAME, chart, "--namespace", NAME];
            helm.command(args.iter().chain(&values).chain(more)).run()
        };
        let chart = earlier_chart(true);
        let installed = run("install", &chart.display().to_string(), &[]);
        assert_eq!(installed.code, 0, "helm {major}: {installed}");
        let objects = helm.objects(&[]);
        let replica =
            Replica::of(&cluster, &Installed { objects: objects.clone(), namespace: NAME.to_owned() }).ready();
        let bundles = |kind: &str| -> Vec<(String, Value)> {
            let live = cluster.api.get(&path(main(&objects, kind))).unwrap();
            let entries = live["webhooks"].as_array().unwrap();
            let named =
                |entry: &Value| (entry["name"].as_str().unwrap().to_owned(), entry["clientConfig"]["caBundle"].clone());
            entries.iter().map(named).collect()
        };
        eventually("caBundle is filled in", PATIENCE, || {
            let all = ["MutatingWebhookConfiguration", VALIDATING].map(bundles).concat();
            if all.len() == 4 && all.iter().all(|(_, bundle)| bundle.is_string()) { Ok(()) } else { Err(all) }
        });
        let before = bundles(VALIDATING);
        let secret = cluster.api.get(&path(main(&objects, "Secret"))).unwrap()["data"].clone();

        let mut more: &[&str] = &[];
        if major == 4 {
            // Server-side apply keeps what is left of the entry for the other owner of a field in it, and that is no entry.
            let refused = run("upgrade", "CHART", &[]);
            assert_eq!(refused.code, 1, "{refused}");
            assert!(refused.stderr.contains("webhooks[2].clientConfig: Required value"), "{refused}");
            assert_eq!(bundles(VALIDATING), before);
            // The flag that the page names.
            more = &["--server-side=false"];
        }
        let upgraded = run("upgrade", "CHART", more);
        assert_eq!(upgraded.code, 0, "helm {major}: {upgraded}");
        assert_eq!(bundles(VALIDATING), before[..2], "helm {major}");
        assert_eq!(cluster.api.get(&path(main(&objects, "Secret"))).unwrap()["data"], secret);
        let back = helm.command(["rollback", NAME, "1", "--namespace", NAME].iter().chain(more)).run();
        assert_eq!(back.code, 0, "helm {major}: {back}");
        assert_eq!(bundles(VALIDATING)[..2], before[..2], "helm {major}");
        assert_eq!(cluster.api.get(&path(main(&objects, "Secret"))).unwrap()["data"], secret);
        drop(replica);
        let gone = helm.command(["uninstall", NAME, "--namespace", NAME]).run();
        assert_eq!(gone.code, 0, "helm {major}: {gone}");
        for object in objects.iter().filter(|object| !is_hook(object)) {
            let left = cluster.api.get(&path(object));
            assert_eq!(left.map_err(|refusal| refusal.code).err(), Some(404), "{}", path(object));
        }
    }
}
