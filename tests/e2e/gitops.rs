//! What the operator's page tells Argo CD and Fleet to leave alone is all that the server writes.

use std::fs;

use serde_json::{Value, json};

use crate::harness::api::path;
use crate::harness::assets::repository;
use crate::harness::install::is_configuration;
use crate::harness::manifests::documents;
use crate::harness::webhook::Replica;
use crate::harness::{Cluster, PATIENCE, eventually, world};
use crate::own_ca;

/// The YAML of the page's section that has this key at its root.
fn of_page(key: &str) -> Value {
    let page = fs::read_to_string(repository().join("docs/operations.md")).unwrap();
    let blocks = page.split("```yaml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    let found = blocks.flat_map(documents).find(|document| document.pointer(key).is_some());
    found.unwrap_or_else(|| panic!("no block of YAML has {key}")).pointer(key).unwrap().clone()
}

fn is(rule: &Value, object: &Value) -> bool {
    let version = object["apiVersion"].as_str().unwrap();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let same_group = match (&rule["apiVersion"], &rule["group"]) {
        (Value::Null, rule) => rule.as_str().unwrap_or_default() == group,
        (rule, _) => rule == version,
    };
    same_group && rule["kind"] == object["kind"] && rule["name"] == object["metadata"]["name"]
}

/// The page's rules for this object.
fn rules(key: &str, object: &Value) -> Vec<Value> {
    let mut rules = of_page(key);
    let rules = std::mem::take(rules.as_array_mut().unwrap());
    rules.into_iter().filter(|rule| is(rule, object)).collect()
}

fn remove(object: &mut Value, pointer: &str) {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let parent = object.pointer_mut(parent).unwrap_or_else(|| panic!("no {pointer}"));
    assert!(parent.as_object_mut().unwrap().remove(last).is_some(), "no {pointer}");
}

/// As Fleet takes what is at a path away.
fn fleet(object: &mut Value) {
    for rule in rules("/diff/comparePatches", object) {
        for operation in rule["operations"].as_array().unwrap() {
            assert_eq!(operation["op"], "remove");
            remove(object, operation["path"].as_str().unwrap());
        }
    }
}

/// As Argo CD does.
fn argo(object: &mut Value) {
    for rule in rules("/spec/ignoreDifferences", object) {
        for pointer in rule["jsonPointers"].as_array().into_iter().flatten() {
            remove(object, pointer.as_str().unwrap());
        }
        if let Some(expressions) = rule.get("jqPathExpressions") {
            assert_eq!(*expressions, json!([".webhooks[]?.clientConfig.caBundle"]));
            for index in 0..object["webhooks"].as_array().unwrap().len() {
                remove(object, &format!("/webhooks/{index}/clientConfig/caBundle"));
            }
        }
    }
}

#[test]
fn with_the_pages_rules_no_tool_sees_a_difference() {
    let cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    let installed = cluster.install("harvester");
    let replica = Replica::of(&cluster, &installed).ready();
    own_ca::configure(&cluster, &installed, replica.port);
    let written: Vec<&Value> =
        installed.objects.iter().filter(|object| is_configuration(object) || object["kind"] == "Secret").collect();
    assert_eq!(written.len(), 3);
    for shipped in written {
        let live = eventually("the server has written", PATIENCE, || {
            let live = cluster.api.get(&path(shipped)).unwrap();
            let filled = live.pointer("/webhooks/0/clientConfig/caBundle").or(live.get("data")).is_some();
            if filled { Ok(live) } else { Err(live) }
        });
        for (tool, apply) in [("Fleet", fleet as fn(&mut Value)), ("Argo CD", argo)] {
            let mut seen = live.clone();
            apply(&mut seen);
            for entry in seen.get_mut("webhooks").and_then(Value::as_array_mut).into_iter().flatten() {
                // The port of the server under test.
                entry["clientConfig"]["service"]["port"] = 443.into();
            }
            // Whatever is shipped is still there and the same.
            for (key, value) in shipped.as_object().unwrap().iter().filter(|(key, _)| *key != "metadata") {
                assert_eq!(seen[key], *value, "{tool}: {key} of {}", shipped["kind"]);
            }
            let extra: Vec<&String> =
                seen.as_object().unwrap().keys().filter(|key| shipped.get(key).is_none()).collect();
            assert_eq!(extra, Vec::<&String>::new(), "{tool}, {}", shipped["kind"]);
            for (key, value) in shipped["metadata"]["labels"].as_object().unwrap() {
                assert_eq!(seen["metadata"]["labels"][key], *value, "{tool}");
            }
        }
    }
}
