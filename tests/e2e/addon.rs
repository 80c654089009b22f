//! The Add-on and the `HelmChart`, as far as an API server judges them: what Harvester's controllers would hand to Helm.

use std::fs;

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::harness::api::{Patch, path};
use crate::harness::assets::repository;
use crate::harness::helm::Helm;
use crate::harness::install::NAME;
use crate::harness::manifests::{documents, only, render_text, rendered};
use crate::harness::process::scratch;
use crate::harness::{Cluster, PATIENCE, eventually};

/// A cluster that has the definitions of both.
fn harvester() -> Cluster {
    let cluster = Cluster::fresh(&[]);
    let text = fs::read_to_string(repository().join("tests/e2e/crds/addons.yaml")).unwrap();
    for definition in documents(&text) {
        cluster.api.apply(&definition);
        let group = format!("/apis/{}", definition["spec"]["group"].as_str().unwrap());
        eventually("it is served", PATIENCE, || cluster.api.get(&group));
    }
    cluster
}

/// What the API server holds of the file's object, after kubectl has sent it; an unknown field is an error to kubectl.
fn stored(cluster: &Cluster, text: &str, kind: &str) -> Value {
    eventually("kubectl has found the definitions", PATIENCE, || {
        let run = cluster.kubectl(["apply", "--validate=strict", "-f", "-"]).stdin(text).run();
        if (run.code, &*run.stderr) == (0, "") { Ok(()) } else { Err(run.to_string()) }
    });
    let again = cluster.kubectl(["diff", "-f", "-"]).stdin(text).run();
    assert_eq!((again.code, &*again.stdout), (0, ""), "{again}");
    cluster.api.get(&path(only(&documents(text), kind))).unwrap()
}

/// The objects of a chart with these values, by the Helm 3 that helm-controller runs.
fn objects(chart: &str, values: &str) -> Vec<Value> {
    let file = scratch("values").join("values.yaml");
    fs::write(&file, values).unwrap();
    let run = Helm::offline(3)
        .command(["template", NAME, chart, "--namespace", NAME, "--values", file.to_str().unwrap()])
        .run();
    assert_eq!((run.code, &*run.stderr), (0, ""), "{run}");
    documents(&run.stdout)
}

#[test]
fn the_add_on_is_accepted_disabled_and_its_values_are_the_charts() {
    let cluster = harvester();
    let addon = stored(&cluster, &render_text("addon"), "Addon");
    let spec = &addon["spec"];
    assert_eq!(spec["enabled"], false);
    assert_eq!(spec["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(addon["metadata"]["labels"], json!({"addon.harvesterhci.io/experimental": "true"}));
    assert_eq!(objects("CHART", spec["valuesContent"].as_str().unwrap()), objects("CHART", ""));
    // What the switch in the UI does.
    let enabled = cluster.api.patch(&path(&addon), Patch::Merge, &json!({"spec": {"enabled": true}})).unwrap();
    assert_eq!(enabled["spec"]["enabled"], true);
}

#[test]
fn the_helm_chart_installs_what_the_chart_does() {
    let cluster = harvester();
    let spec = &stored(&cluster, &render_text("helmchart"), "HelmChart")["spec"];
    assert_eq!((&spec["targetNamespace"], &spec["failurePolicy"]), (&json!(NAME), &json!("abort")));
    let packed = scratch("inline").join("chart.tgz");
    fs::write(&packed, BASE64.decode(spec["chartContent"].as_str().unwrap().as_bytes()).unwrap()).unwrap();
    let archive = concat!("migration-network-webhook-", env!("CARGO_PKG_VERSION"), ".tgz");
    assert_eq!(fs::read(&packed).unwrap(), fs::read(rendered(archive)).unwrap());
    let by_controller = objects(packed.to_str().unwrap(), spec["valuesContent"].as_str().unwrap());
    assert_eq!(by_controller, objects("CHART", ""));
}
