//! `plan`: exit codes, sources of a value, formats, and what hostile objects come out as.

use serde_json::Value;

use crate::binary::{COULD_NOT_TELL, OK, REFUSED, Ran, directory, run, run_with};

const HEALTHY: &str = "tests/fixtures/status/healthy.yaml";
const HOSTILE: &str = "tests/pages/hostile.yaml";
const NEW: &str = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.3.0/24"}"#;
const TAKEN: &str = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.50.0/24"}"#;

fn plan(value: &str, more: &[&str]) -> Ran {
    run(&[&["plan", value, "--cluster", HEALTHY], more].concat())
}

#[test]
fn the_exit_code_is_the_verdict_in_every_format() {
    let nodeless = "tests/cli/inputs/nodeless.yaml";
    for format in ["text", "json", "html"] {
        for (value, cluster, code) in [(NEW, HEALTHY, OK), (TAKEN, HEALTHY, REFUSED), (NEW, nodeless, COULD_NOT_TELL)] {
            let mgmt = value.replace("vm-migration", "mgmt");
            let value = if cluster == nodeless { &mgmt } else { value };
            let ran = run(&["plan", value, "-o", format, "--cluster", cluster]);
            assert_eq!((ran.code, ran.stderr.as_str()), (code, ""), "{cluster} {format}: {}", ran.stdout);
        }
    }
}

#[test]
fn a_value_a_file_with_it_and_its_manifest_are_one_plan() {
    let manifest = format!(
        "apiVersion: harvesterhci.io/v1beta1\nkind: Setting\nmetadata: {{name: vm-migration-network}}\nvalue: '{NEW}'\n"
    );
    let twice = format!("{manifest}---\n{manifest}");
    // The newline at the end is the editor's.
    let value = format!("{NEW}\n");
    let files = directory(&[
        ("value.json", &value),
        ("manifest.yaml", &manifest),
        ("two.yaml", &twice),
        ("none.yaml", "a: 1"),
        ("empty.yaml", ""),
    ]);
    let path = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let expected = plan(NEW, &["-o", "json"]);
    for name in ["value.json", "manifest.yaml"] {
        assert_eq!(plan(&path(name), &["-o", "json"]).stdout, expected.stdout, "{name}");
    }
    for text in [&manifest, &value] {
        let piped = run_with(&["plan", "-", "-o", "json", "--cluster", HEALTHY], text);
        assert_eq!(piped.stdout, expected.stdout);
    }
    let nothing = "holds neither a value, which starts with {, nor a manifest of the Setting vm-migration-network \
                   (harvesterhci.io); to plan that the network is disabled, pass ''";
    for (name, why) in [
        ("two.yaml", "holds 2 manifests of the Setting vm-migration-network; plan takes one"),
        ("none.yaml", nothing),
        ("empty.yaml", nothing),
    ] {
        let ran = plan(&path(name), &[]);
        assert_eq!((ran.code, ran.stderr), (COULD_NOT_TELL, format!("error: \"{}\" {why}\n", path(name))));
    }
}

#[test]
fn what_an_earlier_network_left_in_the_pool_of_the_range_is_counted() {
    let pool = "apiVersion: whereabouts.cni.cncf.io/v1alpha1\nkind: IPPool\n\
                metadata: {name: 192.168.3.0-24, namespace: kube-system}\n\
                spec: {range: 192.168.3.0/24, allocations: {\"7\": {podref: default/left}}}\n";
    let files = directory(&[("pool.yaml", pool)]);
    let ran = plan(NEW, &["--cluster", files.path().to_str().unwrap()]);
    assert!(ran.stdout.contains("\n    # 1 held by a pod: default/left\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\n    1 of them not for virt-handler: "), "{}", ran.stdout);
}

#[test]
fn json_has_what_the_schema_says() {
    let plan: Value = serde_json::from_str(&plan(TAKEN, &["--suggest", "/26", "-o", "json"]).stdout).unwrap();
    let schema: Value = serde_json::from_str(&run(&["schema", "plan"]).stdout).unwrap();
    let known = |of: &Value, object: &Value| {
        let keys: Vec<_> = object.as_object().unwrap().keys().collect();
        let documented: Vec<_> = of["properties"].as_object().unwrap().keys().collect();
        assert_eq!(keys, documented);
    };
    known(&schema, &plan);
    for (name, object) in [
        ("StoredBytes", &plan["stored"]),
        ("HarvesterSteps", &plan["harvester"]),
        ("NadState", &plan["harvester"]["nadAfter"]),
        ("AddressPlan", &plan["addresses"]),
        ("UseCount", &plan["addresses"]["uses"][0]),
        ("PlanProblem", &plan["problems"][0]),
        ("SuggestedRange", &plan["suggestions"]["ranges"][0]),
    ] {
        known(&schema["$defs"][name], object);
    }
}

#[test]
fn hostile_text_never_reaches_a_terminal() {
    for format in ["text", "json", "html"] {
        let ran = run(&["plan", TAKEN, "-o", format, "--cluster", HOSTILE]);
        let raw = ran.stdout.chars().find(|char| char.is_control() && *char != '\n' || *char == '\u{202e}');
        assert_eq!((raw, ran.code, ran.stderr.as_str()), (None, REFUSED, ""), "{}", ran.stdout);
    }
    let wrong = plan(NEW, &["--suggest", "\u{1b}[2J"]);
    assert_eq!(wrong.code, COULD_NOT_TELL);
    assert!(wrong.stderr.contains("must be a prefix length from 16 to 32, such as 24"), "{}", wrong.stderr);
}
