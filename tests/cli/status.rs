//! `status`: exit codes, formats, and what hostile objects come out as.

use std::fs;

use serde_json::Value;

use crate::binary::{COULD_NOT_TELL, OK, REFUSED, Ran, directory, fixture, run};

const BROKEN: &str = "docs/sample/broken.yaml";

fn status(cluster: &str, more: &[&str]) -> Ran {
    run(&[&["status", "--cluster", cluster], more].concat())
}

#[test]
fn the_exit_code_is_the_same_in_every_format() {
    let healthy = fixture("status/healthy.yaml");
    // One address of a pod that is gone; and a capture that did not ask for the webhook configurations.
    let stale = healthy.replace(
        "\"2\": {id: c2, podref: harvester-system/virt-handler-b,",
        "\"3\": {podref: a/gone}\n    \"2\": {id: c2, podref: harvester-system/virt-handler-b,",
    );
    assert_ne!(stale, healthy);
    let captured = format!("# Captured by migration-network-webhook 1\n{healthy}");
    let files = directory(&[("healthy.yaml", &healthy), ("stale.yaml", &stale), ("captured.yaml", &captured)]);
    let path = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    for (cluster, more, code) in [
        (path("healthy.yaml"), &[][..], OK),
        (path("healthy.yaml"), &["--fail-on", "warning"], OK),
        (path("stale.yaml"), &[], OK),
        (path("stale.yaml"), &["--fail-on", "warning"], REFUSED),
        (path("captured.yaml"), &[], COULD_NOT_TELL),
        (BROKEN.to_owned(), &[], REFUSED),
        (BROKEN.to_owned(), &["--preset", "upgrade"], REFUSED),
    ] {
        for format in ["text", "short", "json", "html"] {
            let ran = status(&cluster, &[&["-o", format], more].concat());
            assert_eq!((ran.code, ran.stderr.as_str()), (code, ""), "{cluster} {format}: {}", ran.stdout);
        }
    }
}

#[test]
fn waiting_is_for_a_live_cluster() {
    let ran = status(BROKEN, &["--wait"]);
    assert_eq!((ran.code, &*ran.stderr), (COULD_NOT_TELL, "error: --wait goes with --kube: files stay as they are\n"));
}

#[test]
fn json_has_what_the_schema_says() {
    let report: Value = serde_json::from_str(&status(BROKEN, &["-o", "json"]).stdout).unwrap();
    let schema: Value = serde_json::from_str(&run(&["schema", "status"]).stdout).unwrap();
    let known = |of: &Value, object: &Value| {
        for key in object.as_object().unwrap().keys() {
            assert!(of["properties"].get(key).is_some(), "{key}");
        }
        for key in of["required"].as_array().unwrap() {
            assert!(object.get(key.as_str().unwrap()).is_some(), "{key}");
        }
    };
    known(&schema, &report);
    let group = &report["groups"][0];
    known(&schema["$defs"]["Group"], group);
    known(&schema["$defs"]["Check"], &group["checks"][4]);
    known(&schema["$defs"]["NodeRow"], &report["nodes"][0]);
    assert_eq!(report["counts"].to_string(), r#"{"error":2,"ok":22,"unknown":0,"warning":1}"#);
}

#[test]
fn hostile_text_never_reaches_a_terminal() {
    let hostile = "\\u001b]0;x\\u0007\\u202e::error::";
    let text = fs::read_to_string("tests/fixtures/status/healthy.yaml").unwrap();
    let mut tried = 0;
    for (from, to) in [
        ("network-status: |-\n      [{", "network-status: |-\n      x[{"),
        ("\"interface\": \"migration0\"", "\"interface\": \"HOSTILE\""),
        ("\"name\": \"harvester-system/vm-migration-network-6flk7\"", "\"name\": \"HOSTILE\""),
        ("podref: harvester-system/virt-handler-b", "podref: \"HOSTILE/HOSTILE\""),
        ("range: 192.168.1.0/24\n  allocations", "range: \"HOSTILE\"\n  allocations"),
        ("migrations: {network: vm-migration-network-6flk7}", "migrations: {network: \"HOSTILE\"}"),
        ("reason: AllComponentsReady", "reason: \"HOSTILE\", message: \"HOSTILE\""),
        ("spec: {nodeName: harvester-1}", "spec: {nodeName: \"HOSTILE\"}"),
        ("net-attach-def: harvester-system/vm-migration-network-6flk7", "net-attach-def: \"HOSTILE\""),
        ("{type: configured, status: \"True\"", "{type: configured, message: \"HOSTILE\", status: \"HOSTILE\""),
        ("name: virt-handler-b\n", "name: \"HOSTILE\"\n"),
    ] {
        assert!(text.contains(from), "{from}");
        let files = directory(&[("cluster.yaml", &text.replacen(from, &to.replace("HOSTILE", hostile), 1))]);
        for format in ["text", "short", "json"] {
            let ran = status(files.path().to_str().unwrap(), &["-o", format]);
            let raw = ran.stdout.chars().find(|char| char.is_control() && *char != '\n' || *char == '\u{202e}');
            assert_eq!(raw, None, "{from} {format}: {}", ran.stdout);
            let starts_command = ran.stdout.lines().any(|line| line.trim_start().starts_with("::"));
            assert!(!starts_command, "{from} {format}: {}", ran.stdout);
            assert_ne!(ran.code, OK, "{from}: {}", ran.stdout);
            tried += 1;
        }
    }
    assert_eq!(tried, 33);
}
