//! Which requests reach us at all: the matchConditions as shipped, against [`matched_webhook`], which says the same in
//! Rust for those who test offline.

use migration_network_webhook::admission::{MatchedWebhook, Review, matched_webhook};
use serde_json::{Value, json};

use crate::harness::Cluster;
use crate::harness::cluster::SETTING;
use crate::harness::install::SERVICE_NAMES;
use crate::harness::stub::{self, Call, Stub};

const SETTINGS: &str = "/apis/harvesterhci.io/v1beta1/settings";

fn setting(value: Option<&str>, default: Option<&str>) -> Value {
    let mut setting = json!({
        "apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting", "metadata": {"name": "vm-migration-network"}
    });
    for (key, text) in [("value", value), ("default", default)] {
        if let Some(text) = text {
            setting[key] = text.into();
        }
    }
    setting
}

/// Every combination of values and defaults that the conditions could tell apart.
fn states() -> Vec<Value> {
    let values = [None, Some(""), Some(" "), Some("a"), Some("b")];
    let defaults = [None, Some(""), Some("d"), Some("e")];
    values.iter().flat_map(|value| defaults.iter().map(|default| setting(*value, *default))).collect()
}

/// What [`matched_webhook`] says of the request.
fn expected(operation: &str, old: &Value, new: &Value) -> Vec<&'static str> {
    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "1", "operation": operation, "object": new, "oldObject": old, "name": "vm-migration-network",
            "resource": {"group": "harvesterhci.io", "version": "v1beta1", "resource": "settings"},
        }
    });
    let review = review.to_string();
    let review = Review::read(review.as_bytes()).unwrap();
    match matched_webhook(&review.request.unwrap()) {
        MatchedWebhook::None => vec![],
        MatchedWebhook::Disable => vec!["/validate"],
        MatchedWebhook::Check => vec!["/mutate", "/validate"],
    }
}

/// The paths that were called, the query cut off, in the order of the two phases.
fn paths(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.path.split('?').next().unwrap()).collect()
}

/// Every webhook answers, allows, and remembers.
fn registered() -> (Cluster, Stub) {
    let cluster = Cluster::lease();
    let installed = cluster.install("harvester");
    let probe = json!("a probe");
    let stub = Stub::start(&SERVICE_NAMES, move |call| {
        let refused = json!({"allowed": false, "status": {"message": "a probe"}});
        if call.request["object"]["value"] == probe { refused } else { stub::allow(call) }
    });
    cluster.register(&installed, stub.port);
    stub.calls();
    (cluster, stub)
}

#[test]
fn creates_and_updates_are_sent_as_the_route_says() {
    let (cluster, stub) = registered();
    for new in states() {
        cluster.api.create(&new, "?dryRun=All").unwrap();
        assert_eq!(paths(&stub.calls()), expected("CREATE", &Value::Null, &new), "CREATE of {new}");
    }
    cluster.api.create(&setting(None, None), "").unwrap();
    for old in states() {
        cluster.api.replace(&old, "").unwrap();
        stub.calls();
        for new in states() {
            cluster.api.replace(&new, "?dryRun=All").unwrap();
            assert_eq!(paths(&stub.calls()), expected("UPDATE", &old, &new), "UPDATE of {old} to {new}");
        }
    }
}

#[test]
fn deletes_are_sent_by_name_and_by_collection() {
    let (cluster, stub) = registered();
    let other = json!({"apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting", "metadata": {"name": "other"}});
    cluster.api.create(&other, "").unwrap();
    let old = setting(None, None);
    cluster.api.create(&old, "").unwrap();
    for path in [SETTING, SETTINGS] {
        cluster.api.delete(&format!("{path}?dryRun=All")).unwrap();
        let calls = stub.calls();
        assert_eq!(paths(&calls), expected("DELETE", &old, &Value::Null), "DELETE {path}");
        for call in calls {
            assert_eq!(call.request["oldObject"]["metadata"]["name"], "vm-migration-network");
            assert_eq!(call.request["object"], Value::Null);
        }
    }
    cluster.api.delete(&format!("{SETTINGS}/other")).unwrap();
    assert_eq!(paths(&stub.calls()), [""; 0]);
}

/// What is being deleted may lose its finalizers, and anything else, without asking us.
#[test]
fn an_update_of_what_is_being_deleted_is_not_sent() {
    let (cluster, stub) = registered();
    let mut held = setting(Some("a"), None);
    held["metadata"]["finalizers"] = json!(["test.example/held"]);
    cluster.api.create(&held, "").unwrap();
    cluster.api.delete(SETTING).unwrap();
    stub.calls();
    // As controllers do: what was read goes back whole, with its deletionTimestamp.
    let mut held = cluster.setting().unwrap();
    held["value"] = "b".into();
    let mut held = cluster.api.replace(&held, "").unwrap();
    held["value"] = "c".into();
    held["metadata"]["finalizers"] = json!([]);
    cluster.api.replace(&held, "").unwrap();
    assert_eq!(cluster.setting().map_err(|refusal| refusal.code), Err(404), "it is gone");
    assert_eq!(paths(&stub.calls()), [""; 0]);
}

#[test]
fn other_settings_are_never_sent() {
    let (cluster, stub) = registered();
    let other = |metadata: Value| json!({"apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting", "metadata": metadata, "value": "v", "default": "d"});
    cluster.api.create(&other(json!({"name": "storage-network"})), "").unwrap();
    // Its name is not yet known when the conditions are asked.
    let made = cluster.api.create(&other(json!({"generateName": "vm-migration-network"})), "").unwrap();
    assert!(made["metadata"]["name"].as_str().unwrap().starts_with("vm-migration-network"));
    let mut changed = other(json!({"name": "storage-network"}));
    changed["value"] = "w".into();
    cluster.api.replace(&changed, "").unwrap();
    cluster.api.delete(SETTINGS).unwrap();
    assert_eq!(paths(&stub.calls()), [""; 0]);
}
