//! The JSON Schema, held against suites by a reader of the few keywords that it uses.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::Dir;

/// Keywords that say nothing about validity.
const SILENT: [&str; 6] = ["$schema", "title", "description", "definitions", "format", "examples"];

/// Whether a value is valid. Keywords that are not known here are an error: nothing may be passed over.
fn valid(root: &Value, schema: &Value, value: &Value) -> bool {
    let Value::Object(keywords) = schema else { return schema == &json!(true) };
    keywords.iter().all(|(keyword, wanted)| match keyword.as_str() {
        "$ref" => valid(root, root.pointer(wanted.as_str().unwrap().strip_prefix('#').unwrap()).unwrap(), value),
        "type" => match wanted.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_u64() || value.is_i64(),
            other => panic!("type {other}"),
        },
        "properties" => value.as_object().is_none_or(|object| {
            object.iter().all(|(key, value)| wanted.get(key).is_none_or(|schema| valid(root, schema, value)))
        }),
        "additionalProperties" => value.as_object().is_none_or(|object| {
            let known = |key: &String| schema["properties"].get(key).is_some();
            object.iter().all(|(key, value)| known(key) || valid(root, wanted, value))
        }),
        "required" => value.as_object().is_none_or(|object| {
            wanted.as_array().unwrap().iter().all(|key| object.contains_key(key.as_str().unwrap()))
        }),
        "items" => value.as_array().is_none_or(|items| items.iter().all(|item| valid(root, wanted, item))),
        "enum" => wanted.as_array().unwrap().contains(value),
        "const" => wanted == value,
        "anyOf" => wanted.as_array().unwrap().iter().any(|schema| valid(root, schema, value)),
        "oneOf" => wanted.as_array().unwrap().iter().filter(|schema| valid(root, schema, value)).count() == 1,
        "allOf" => wanted.as_array().unwrap().iter().all(|schema| valid(root, schema, value)),
        "minimum" => value.as_f64().is_none_or(|value| value >= wanted.as_f64().unwrap()),
        "maximum" => value.as_f64().is_none_or(|value| value <= wanted.as_f64().unwrap()),
        silent => SILENT.contains(&silent) || panic!("keyword {silent}"),
    })
}

fn schema() -> Value {
    let run = Dir::new().run(&["schema", "suite"]);
    assert_eq!(run.code, 0);
    serde_json::from_str(&run.out).unwrap()
}

#[test]
fn the_project_s_own_suites_are_valid() {
    let schema = schema();
    let mut suites = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suites")).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().ends_with(".suite.yaml") {
            let suite: Value = serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            assert!(valid(&schema, &schema, &suite), "{}", path.display());
            suites += 1;
        }
    }
    assert!(suites > 10);
}

#[test]
fn what_the_reader_refuses_is_not_valid() {
    let schema = schema();
    let case = |key: &str, value: Value| {
        let mut case = json!({"name": "x", "value": "", "expect": "allowed"});
        case[key] = value;
        json!({"cluster": ["a.yaml", {"kind": "Node"}], "cases": [case]})
    };
    assert!(valid(&schema, &schema, &case("old", json!(""))));
    let whole = json!({"verdict": "refused", "code": 422, "causes": {"including": [{"rule": "vlan-range", "field": "value.vlan"}]}});
    assert!(valid(&schema, &schema, &case("expect", whole.clone())));
    let but = |path: &str, value: Value| {
        let mut whole = whole.clone();
        *whole.pointer_mut(path).unwrap() = value;
        case("expect", whole)
    };
    let mut without = case("old", json!(""));
    without["cases"][0].as_object_mut().unwrap().remove("expect");
    for wrong in [
        json!([]),
        json!({"cluster": []}),
        json!({"cluster": [7], "cases": []}),
        json!({"cluster": [], "cases": [], "more": 1}),
        without,
        case("vlaue", json!("")),
        case("value", json!(7)),
        case("value", json!(null)),
        case("operation", json!("PATCH")),
        case("without", json!([{"kind": "Nodes"}])),
        case("without", json!([{"name": "a"}])),
        case("expect", json!("maybe")),
        case("expect", json!({"causes": []})),
        but("/code", json!("422")),
        but("/code", json!(70000)),
        but("/causes/including/0/rule", json!("vlan-rang")),
        but("/causes/including/0", json!({"rule": "vlan-range"})),
        but("/causes", json!({"including": [], "exactly": []})),
    ] {
        assert!(!valid(&schema, &schema, &wrong), "{wrong}");
    }
}

#[test]
fn every_key_is_described() {
    fn described(path: &str, schema: &Value) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(property["description"].is_string(), "{path}.{key}");
        }
    }
    let schema = schema();
    described("", &schema);
    for (name, definition) in schema["definitions"].as_object().unwrap() {
        described(name, definition);
    }
}
