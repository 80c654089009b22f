use std::path::Path;

use serde_json::json;

use super::*;
use crate::admission::Request;

const REVIEW: &str = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u"}}"#;

fn file(name: &str, text: &str) -> ManifestFile {
    ManifestFile::new(Path::new(name), text.to_owned())
}

fn setting(value: &str) -> String {
    format!(
        "apiVersion: harvesterhci.io/v1beta1\nkind: Setting\nmetadata: {{name: vm-migration-network}}\nvalue: {value}\n"
    )
}

fn read(name: &str, text: &str) -> (Vec<Input>, Ignored) {
    Reader::default().read(&file(name, text)).unwrap()
}

/// The bodies of what a file holds, and what was passed over.
fn bodies(name: &str, text: &str) -> (Vec<String>, String) {
    let (inputs, ignored) = read(name, text);
    (
        inputs.into_iter().map(|input| String::from_utf8(input.json().unwrap().to_vec()).unwrap()).collect(),
        ignored.to_string(),
    )
}

#[test]
fn a_json_review_is_its_very_bytes() {
    // With a key twice, which a reader into a tree would lose, and nesting that it would refuse.
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    let odd = format!(r#"{{"kind" : "AdmissionReview", "a":1,"a":2, "x":{deep}, "request": {{"uid":"\ud800"}} }}"#);
    let stream = format!("\u{feff} {odd}\n\n{REVIEW} {{\"request\":{{}}}}");
    assert_eq!(
        bodies("a.json", &stream),
        (vec![odd, REVIEW.to_owned(), r#"{"request":{}}"#.to_owned()], String::new())
    );
}

#[test]
fn a_yaml_review_is_the_same_json() {
    let text = "kind: AdmissionReview\napiVersion: admission.k8s.io/v1\nrequest:\n  uid: u\n";
    let (found, _) = bodies("a.yaml", &format!("{text}---\n# none\n---\n{REVIEW}"));
    assert_eq!(found.len(), 2);
    for body in found {
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), serde_json::from_str::<Value>(REVIEW).unwrap());
    }
}

#[test]
fn a_bare_request_gets_its_review_and_a_uid_where_it_has_none() {
    let with = r#"{"uid":"u","operation":"DELETE"}"#;
    let without = "{\n\"kind\":{\"kind\":\"Setting\"},\"operation\":\"DELETE\"}";
    let head = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":"#;
    let (found, _) = bodies("a.json", &format!("{with}{without}{without}"));
    let rest = "\n\"kind\":{\"kind\":\"Setting\"},\"operation\":\"DELETE\"}}";
    let uid = |n| format!("{head}{{\"uid\":\"00000000-0000-4000-8000-00000000000{n}\",{rest}");
    assert_eq!(found, [format!("{head}{with}}}"), uid(1), uid(2)]);
}

#[test]
fn a_manifest_updates_what_is_stored_or_is_new() {
    let new = file("a.yaml", &setting("'{}'"));
    let (inputs, _) = Reader::default().read(&new).unwrap();
    let review = inputs[0].review().unwrap();
    assert_eq!((&*review.uid, review.operation), ("00000000-0000-4000-8000-000000000001", "CREATE"));
    assert!(matches!(inputs[0].form, Form::Manifest { old: None, .. }));

    let old = json!({"metadata": {"name": "vm-migration-network"}, "value": "old"});
    let (inputs, _) = Reader::new(Some(Stored { setting: old, from: OldSide::Cluster })).read(&new).unwrap();
    let review = inputs[0].review().unwrap();
    let Ok(Request::Update { old, new }) = review.request else { panic!("{review:?}") };
    assert_eq!((old.value.bytes(), new.value.bytes()), (Some("old"), Some("{}")));
    assert!(matches!(inputs[0].form, Form::Manifest { old: Some(OldSide::Cluster), .. }));
}

#[test]
fn only_the_one_setting_of_harvester_is_a_manifest() {
    let text = [
        setting("a"),
        setting("b").replace("harvesterhci.io", "longhorn.io"),
        setting("c").replace("vm-migration-network", "storage-network"),
        setting("d").replace("kind: Setting", "kind: Config"),
        setting("e").replace("v1beta1", "v2"),
        "apiVersion: v1\nkind: ConfigMap\ndata: {kind: Setting}\n".to_owned(),
        "resources: [a.yaml]\n".to_owned(),
        "- just\n- a list\n".to_owned(),
        "text\n".to_owned(),
    ]
    .join("---\n");
    let (inputs, ignored) = read("a.yaml", &text);
    let values: Vec<_> = inputs
        .iter()
        .map(|input| match &input.form {
            Form::Manifest { setting, .. } => {
                (input.origin.line, input.place.document, setting["value"].as_str().unwrap().to_owned())
            }
            _ => panic!("{input:?}"),
        })
        .collect();
    assert_eq!(values, [(1, 0, "a".to_owned()), (21, 4, "e".to_owned())]);
    assert_eq!(
        ignored.to_string(),
        "1 Config.harvesterhci.io, 1 ConfigMap, 1 Setting.harvesterhci.io, 1 Setting.longhorn.io, \
         3 that are no Kubernetes objects"
    );
}

#[test]
fn lists_are_opened_and_their_items_may_leave_out_their_kind() {
    let list = "apiVersion: harvesterhci.io/v1beta1\nkind: SettingList\nitems:\n- metadata: {name: storage-network}\n- \
                metadata: {name: vm-migration-network}\n  value: x\n---\napiVersion: v1\nkind: List\nitems:\n- kind: List\n  \
                apiVersion: v1\n  items:\n  - 1\n  - {apiVersion: harvesterhci.io/v1beta1, kind: Setting, metadata: {name: \
                vm-migration-network}}\n---\nkind: AllowList\napiVersion: v1\n---\nkind: List\napiVersion: v1\nitems:\n";
    let (inputs, ignored) = read("a.yaml", list);
    let seen: Vec<_> = inputs
        .iter()
        .map(|input| match &input.form {
            Form::Manifest { .. } => (input.origin.to_string(), input.place.value()),
            _ => panic!("{input:?}"),
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("\"a.yaml\" line 1 items[1]".to_owned(), "/items/1/value".to_owned()),
            ("\"a.yaml\" line 8 items[1]".to_owned(), "/items/0/items/1/value".to_owned())
        ]
    );
    assert_eq!(ignored.to_string(), "1 AllowList, 1 Setting.harvesterhci.io, 1 that is no Kubernetes object");
}

#[test]
fn what_is_neither_yaml_nor_json_is_an_error_with_its_file() {
    for (name, text, expected) in [
        ("a.yaml", "a: [", "\"a.yaml\" is not valid YAML: "),
        (
            "a.json",
            "{\"kind\":\"AdmissionReview\"",
            "\"a.json\" is not valid JSON: EOF while parsing an object at line 1 column 25",
        ),
        (
            "a.json",
            "{}\n{\"kind\":\"Setting\",\"value\":\"\\ud800\"}",
            "\"a.json\" is not valid JSON: unexpected end of hex escape at line 1 column 34 of the document in line 2",
        ),
    ] {
        let error = Reader::default().read(&file(name, text)).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    assert_eq!(read("empty.yaml", "").0.len(), 0);
    assert_eq!(read("empty.yaml", "# nothing\n---\n").1, Ignored::default());
}

#[test]
fn the_strings_of_an_object_are_found_where_it_stands() {
    let list = "kind: List\napiVersion: v1\nitems:\n- 1\n- ";
    let text = format!(
        "{}---\n{list}{}---\nkind: AdmissionReview\nrequest:\n  object:\n    value: c\n---\noperation: DELETE\nobject:\n  value: d\n",
        setting("a"),
        setting("b").trim_end().replace('\n', "\n  ") + "\n"
    );
    let file = file("a.yaml", &text);
    let (inputs, _) = Reader::default().read(&file).unwrap();
    let found: Vec<_> = inputs.iter().map(|input| input.strings.value.as_ref().unwrap().start.line).collect();
    assert_eq!(found, [4, 13, 18, 22]);
}

#[test]
fn what_is_odd_about_a_manifest_is_named_with_its_place() {
    let odd = |text: &str, old: Option<&str>| -> Vec<_> {
        let stored = old.map(|value| Stored { setting: json!({"value": value}), from: OldSide::File });
        let (inputs, _) = Reader::new(stored).read(&file("a.yaml", text)).unwrap();
        let warnings = inputs.iter().flat_map(|input| &input.warnings);
        warnings.map(|warning| (warning.kind, warning.at.map(|at| (at.line, at.column)))).collect()
    };
    let misplaced = setting("x").replace("\nvalue: x", "\nspec:\n  value: x");
    assert_eq!(odd(&misplaced, None), [("unknown-key", Some((4, 1)))]);
    assert_eq!(odd(&misplaced, Some("{}")), [("unknown-key", Some((4, 1))), ("no-value", None)]);
    assert_eq!(odd(&misplaced, Some(" ")).len(), 1, "nothing is disabled");
    assert_eq!(odd(&setting("''"), Some("{}")), [], "it says so");
    let list = format!("kind: List\napiVersion: v1\nitems:\n- {}", setting("x").trim_end().replace('\n', "\n  "));
    let list = list.replace("v1beta1", "v1").replace("value:", "Value:");
    assert_eq!(odd(&list, None), [("unserved-version", Some((4, 3))), ("unknown-key", Some((7, 3)))]);
}

#[test]
fn the_installer_s_file_holds_a_setting() {
    for key in ["system_settings", "systemSettings"] {
        let text = format!("os: {{}}\n{key}:\n  ntp-servers: ''\n  vm-migration-network: 'x'\n");
        let (inputs, ignored) = read("config.yaml", &text);
        assert_eq!((inputs.len(), ignored.is_empty()), (1, true));
        assert_eq!(inputs[0].place.value(), format!("/{key}/vm-migration-network"));
        assert_eq!(inputs[0].strings.value.as_ref().unwrap().start.line, 4);
        let Ok(Request::Create(new)) = inputs[0].review().unwrap().request else { panic!("{inputs:?}") };
        assert_eq!(new.value.bytes(), Some("x"));
    }
    assert_eq!(read("config.yaml", "system_settings: {ntp-servers: ''}\n").0.len(), 0);
}

#[test]
fn a_capture_is_no_submission() {
    let captured = format!("\u{feff}{} 0.1.0\n---\n{}", crate::manifest::CAPTURE_MARK, setting("x"));
    let (inputs, ignored) = read("a.yaml", &captured);
    assert_eq!((inputs.len(), ignored), (0, Ignored::default()));
}
