//! The manifests, the build, and the names that the operator's page gives them. The API server's opinion is in `e2e`.

#![expect(clippy::unwrap_used, reason = "a test asserts by panicking, in its helpers too")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex_lite::Regex;
use serde_json::{Value, json};

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&text(path)).unwrap()
}

fn all(pattern: &str, text: &str) -> BTreeSet<String> {
    Regex::new(pattern).unwrap().captures_iter(text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn the_image_has_the_version_of_the_release() {
    let kustomization = yaml("manifests/base/kustomization.yaml");
    assert_eq!(kustomization["images"][0]["newTag"], env!("CARGO_PKG_VERSION"));
}

/// What the binary takes in from outside of `src` must be in the image's build as well.
#[test]
fn the_build_of_the_image_has_all_that_it_reads() {
    let mut read = BTreeSet::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            read.extend(all(
                r#"include_(?:str|bytes)!\("(?:\.\./)+((?:manifests|docs|tests)/[^"]+)/[^"/]+"\)"#,
                &fs::read_to_string(path).unwrap(),
            ));
        }
    }
    assert!(read.contains("manifests/base"), "{read:?}");
    for directory in read {
        assert!(text("Dockerfile").contains(&format!("COPY {directory} {directory}\n")), "{directory}");
        assert!(text(".dockerignore").contains(&format!("!{directory}\n")), "{directory}");
    }
}

/// A tag may be another image tomorrow; a digest is not.
#[test]
fn the_image_is_built_from_images_that_cannot_change() {
    let dockerfile = text("Dockerfile");
    let defaults = Regex::new(r"(?m)^ARG (\w+)=(\S+)$").unwrap();
    let defaults: BTreeMap<&str, &str> =
        defaults.captures_iter(&dockerfile).map(|found| found.extract::<2>().1.into()).collect();
    let bases = Regex::new(r"(?m)^FROM (\S+)").unwrap();
    let bases: Vec<&str> = bases.captures_iter(&dockerfile).map(|found| found.extract::<1>().1[0]).collect();
    assert_eq!(bases, ["${BUILDER}", "${RUNTIME}"]);
    let pinned = Regex::new(r"^[a-z0-9./-]+:[a-z0-9.-]+@sha256:[0-9a-f]{64}$").unwrap();
    for base in bases {
        let base = defaults[base.trim_start_matches("${").trim_end_matches('}')];
        assert!(pinned.is_match(base), "{base}");
    }
}

#[test]
fn actions_are_taken_by_commit() {
    let pinned = Regex::new(r"^[a-z/-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$").unwrap();
    let uses = all(r"(?m)uses: (.+)$", &text(".github/workflows/check.yaml"));
    assert!(!uses.is_empty());
    for action in uses {
        assert!(pinned.is_match(&action), "{action}");
    }
}

#[test]
fn every_alert_is_documented_and_asks_for_metrics_that_are() {
    let rules = text("manifests/components/monitoring/alerts.yaml");
    let page = text("docs/operations.md");
    let alerts = all(r"alert: (\w+)", &rules);
    assert!(alerts.len() > 5, "{alerts:?}");
    assert_eq!(all(r"(?m)^\| `(MigrationNetworkWebhook\w+)`", &page), alerts);
    let asked = all(r"\b((?:migration_network_webhook|controller_runtime_webhook)_\w+)", &rules);
    let documented = all(r"(?m)^\| `((?:migration_network_webhook|controller_runtime_webhook)_\w+)`", &page);
    assert_eq!(asked.difference(&documented).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// What keeps a change possible while replicas roll and nodes drain, and what a replica may do on its node. No API
/// server asks for any of it.
#[test]
fn replicas_roll_drain_and_are_confined() {
    let deployment = yaml("manifests/base/deployment.yaml");
    let spec = &deployment["spec"];
    assert_eq!(spec["replicas"], 3);
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

    let budget = &yaml("manifests/base/disruption.yaml")["spec"];
    assert_eq!(budget["maxUnavailable"], 1);
    assert_eq!(budget["unhealthyPodEvictionPolicy"], "AlwaysAllow");
    assert_eq!(budget["selector"], spec["selector"]);
}

/// A replica that is to end has its time for that.
#[test]
fn the_grace_period_holds_all_that_comes_before_the_end() {
    let deployment = yaml("manifests/base/deployment.yaml");
    let pod = &deployment["spec"]["template"]["spec"];
    let pause = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64().unwrap();
    // As `serve --help` prints them.
    let help = text("tests/server/snapshots/server__help__the_help_of_serve.snap");
    let seconds = ["--shutdown-delay", "--drain-timeout"].map(|flag| {
        let flag = help.split_once(&format!("      {flag} <TIME>")).unwrap().1;
        let default = flag.split_once("[default: ").unwrap().1.split_once("s]").unwrap().0;
        default.parse::<u64>().unwrap()
    });
    assert!(pause >= 5, "the API server learns of an endpoint's end with a delay");
    let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
    assert!(pause + seconds[0] + seconds[1] + 10 < grace, "{pause} {seconds:?} {grace}");
}

#[test]
fn the_network_policy_lets_in_scrapes_and_requests_and_out_to_the_api_server_and_dns() {
    let policy = &yaml("manifests/components/network-policy/networkpolicy.yaml")["spec"];
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
}

/// Also the Secret, which is only read by name.
#[test]
fn rights_are_given_by_name_wherever_something_can_be_written() {
    for path in ["manifests/base/rbac.yaml", "manifests/components/own-ca/rbac.yaml"] {
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text(path)).unwrap();
        for rule in documents.iter().filter_map(|document| document["rules"].as_array()).flatten() {
            let verbs: BTreeSet<&str> =
                rule["verbs"].as_array().unwrap().iter().map(|verb| verb.as_str().unwrap()).collect();
            let writes = verbs.iter().any(|verb| !["get", "list", "watch"].contains(verb));
            assert!(!verbs.contains("*") && !verbs.contains("create") && !verbs.contains("delete"), "{rule}");
            let named = rule["resourceNames"].as_array().is_some_and(|names| !names.is_empty());
            let secret = rule["resources"].as_array().unwrap().iter().any(|resource| resource == "secrets");
            assert!(named || !(writes || secret), "{rule}");
            assert!(!writes || path.contains("own-ca"), "the base writes nothing: {rule}");
        }
    }
}
