use serde_json::{Value, json};

use super::*;
use crate::setting::SETTING;

fn review(request: &Value) -> Value {
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
}

fn request(operation: &str, object: &Value, old_object: &Value) -> Value {
    json!({
        "uid": "u", "operation": operation, "name": SETTING, "userInfo": {"username": "admin", "groups": ["a"]},
        "kind": {"group": "harvesterhci.io", "version": "v1beta1", "kind": "Setting"},
        "resource": {"group": "harvesterhci.io", "version": "v1beta1", "resource": "settings"},
        "object": object, "oldObject": old_object, "dryRun": false, "options": null,
    })
}

fn named(value: &str) -> Value {
    json!({"metadata": {"name": SETTING, "managedFields": [{"a": [1, {}]}]}, "value": value, "default": ""})
}

/// What was read in short, or why not: `400` where there is no uid to answer to.
fn read(body: &str) -> String {
    match Review::read(body.as_bytes()) {
        Err(why) => format!("400 {why}"),
        Ok(Review { request: Err(why), uid, .. }) => format!("{uid}: {why}"),
        Ok(Review { request: Ok(request), uid, .. }) => {
            let what = match request {
                Request::NotOurs => "not ours".to_owned(),
                Request::Delete => "delete".to_owned(),
                Request::Create(new) => format!("create {:?}", new.value.bytes()),
                Request::Update { old, new } => format!("update {:?} {:?}", old.value.bytes(), new.value.bytes()),
            };
            format!("{uid}: {what}")
        }
    }
}

fn read_json(review: &Value) -> String {
    read(&review.to_string())
}

#[test]
fn a_request_is_read_by_its_operation() {
    for (operation, new, old, expected) in [
        ("CREATE", named("a"), Value::Null, "u: create Some(\"a\")"),
        ("UPDATE", named("b"), named("a"), "u: update Some(\"a\") Some(\"b\")"),
        ("DELETE", Value::Null, named("a"), "u: delete"),
        ("DELETE", Value::Null, Value::Null, "u: delete"),
        ("CREATE", Value::Null, Value::Null, "u: a CREATE must carry the object"),
        ("UPDATE", named("b"), Value::Null, "u: an UPDATE must carry the object and the old object"),
        ("UPDATE", Value::Null, named("b"), "u: an UPDATE must carry the object and the old object"),
        ("CONNECT", named("b"), named("a"), "u: operation \"CONNECT\" is not judged, only CREATE, UPDATE and DELETE"),
        ("create", named("b"), Value::Null, "u: operation \"create\" is not judged, only CREATE, UPDATE and DELETE"),
        ("", named("b"), Value::Null, "u: operation \"\" is not judged, only CREATE, UPDATE and DELETE"),
    ] {
        assert_eq!(read_json(&review(&request(operation, &new, &old))), expected, "{operation}");
    }
    let whole = review(&request("UPDATE", &named("b"), &named("a"))).to_string();
    let read = Review::read(whole.as_bytes()).unwrap();
    assert_eq!((&*read.user, read.operation), ("admin", "UPDATE"));
}

#[test]
fn the_setting_is_known_by_any_of_its_names() {
    let with = |name: Value, object: Value, old_object: Value, operation: &str| {
        let mut request = request(operation, &object, &old_object);
        request["name"] = name;
        read_json(&review(&request))
    };
    let other = || json!({"metadata": {"name": "other"}, "value": ""});
    assert_eq!(with("".into(), Value::Null, named("a"), "DELETE"), "u: delete");
    assert_eq!(with(Value::Null, Value::Null, named("a"), "DELETE"), "u: delete");
    assert_eq!(with("".into(), Value::Null, other(), "DELETE"), "u: not ours");
    assert_eq!(with("".into(), Value::Null, Value::Null, "DELETE"), "u: a DELETE must carry a name or the old object");
    assert_eq!(with("other".into(), other(), Value::Null, "CREATE"), "u: not ours");
    assert_eq!(with("".into(), json!({"metadata": {"generateName": SETTING}}), Value::Null, "CREATE"), "u: not ours");
    assert_eq!(with("".into(), named(""), Value::Null, "CREATE"), "u: create Some(\"\")");
    assert_eq!(with("other".into(), other(), named("a"), "UPDATE"), "u: update Some(\"a\") Some(\"\")");
    assert_eq!(with(SETTING.into(), json!({}), Value::Null, "CREATE"), "u: create Some(\"\")");
}

#[test]
fn another_resource_is_not_ours_whatever_it_holds() {
    for resource in [
        json!({"group": "management.cattle.io", "version": "v3", "resource": "settings"}),
        json!({"group": "harvesterhci.io", "version": "v1beta1", "resource": "upgrades"}),
        json!({"group": "", "version": "v1", "resource": "settings"}),
        json!({"group": 5, "resource": "settings"}),
        json!({}),
    ] {
        let mut request = request("UPDATE", &named("b"), &named("a"));
        request["resource"] = resource;
        request["object"]["value"] = json!({"a": [1]});
        assert_eq!(read_json(&review(&request)), "u: not ours");
    }
    let mut request = request("UPDATE", &named("b"), &named("a"));
    request["resource"] = Value::Null;
    assert_eq!(read_json(&review(&request)), "u: request.resource is missing");
}

#[test]
fn another_version_is_refused_by_name() {
    let with = |api_version: Value, kind: Value| {
        let mut review = review(&request("DELETE", &Value::Null, &named("a")));
        review["apiVersion"] = api_version;
        review["kind"] = kind;
        read_json(&review)
    };
    let only = "is not answered, only admission.k8s.io/v1 AdmissionReview";
    for (api_version, kind, seen) in [
        (json!("admission.k8s.io/v1beta1"), json!(KIND), "\"admission.k8s.io/v1beta1\" \"AdmissionReview\""),
        (json!("v1"), json!("Setting\n"), "\"v1\" \"Setting\\n\""),
        (Value::Null, json!(KIND), "\"\" \"AdmissionReview\""),
        (json!(1), json!(KIND), "\"not a string\" \"AdmissionReview\""),
    ] {
        assert_eq!(with(api_version, kind), format!("u: {seen} {only}"));
    }
}

#[test]
fn without_a_uid_there_is_nobody_to_answer() {
    let with = |uid: Value| {
        let mut request = request("DELETE", &Value::Null, &named("a"));
        request["uid"] = uid;
        read_json(&review(&request))
    };
    let wanted = "400 request.uid must be a string of 1 to 256 bytes";
    for uid in [Value::Null, json!(""), json!(7), json!({"a": 1}), json!("x".repeat(257))] {
        assert_eq!(with(uid), wanted);
    }
    assert_eq!(with(json!("x".repeat(256))), format!("{}: delete", "x".repeat(256)));
    for body in [
        "",
        "null",
        "7",
        "[]",
        "{",
        "{}",
        r#"{"request":null}"#,
        r#"{"request":[]}"#,
        r#"{"request":{"uid":"u"}} x"#,
        "\u{feff}{}",
    ] {
        assert!(read(body).starts_with("400 "), "{body}: {}", read(body));
    }
    assert!(Review::read(b"{\"request\":{\"uid\":\"\xff\"}}").is_err());
}

#[test]
fn bytes_that_are_no_text_are_refused_wherever_they_are() {
    let body = review(&request("UPDATE", &named("b"), &named("a"))).to_string();
    let (before, after) = body.split_once("managedFields").unwrap();
    let body = [before.as_bytes(), b"\xff", after.as_bytes()].concat();
    let read = Review::read(&body).unwrap();
    assert_eq!(read.uid, "u");
    let why = format!("invalid utf-8 sequence of 1 bytes from index {}", before.len());
    let expected = format!("not an admission.k8s.io/v1 AdmissionReview that can be read: \"{why}\"");
    assert_eq!(read.request, Err(expected));
}

#[test]
fn with_a_uid_the_refusal_is_an_answer() {
    let why = |body: &str| {
        let read = read(body);
        read.strip_prefix("u: not an admission.k8s.io/v1 AdmissionReview that can be read: ")
            .unwrap_or(&read)
            .to_owned()
    };
    let of = |object: Value| {
        let mut request = request("UPDATE", &named("b"), &named("a"));
        request["object"] = object;
        why(&review(&request).to_string())
    };
    // An array is no other way to write an object, neither here nor there.
    for (object, seen) in [
        (json!(["metadata", "value", "default"]), "\"invalid type: sequence, expected an object at line 1"),
        (json!("a"), "\"invalid type: string \\\"a\\\", expected an object at line 1"),
        (json!({"metadata": [SETTING]}), "\"invalid type: sequence, expected an object at line 1"),
        (
            json!({"metadata": {"annotations": ["a"]}}),
            "\"invalid type: sequence, expected annotations: an object of str",
        ),
    ] {
        let told = of(object);
        assert!(told.starts_with(seen), "{told}");
    }
    let mut resource = request("DELETE", &Value::Null, &named("a"));
    resource["resource"] = json!(["harvesterhci.io", "settings"]);
    assert!(why(&review(&resource).to_string()).starts_with("\"invalid type: sequence, expected an object"));

    let whole =
        r#"{"request":["u",{"group":"harvesterhci.io","resource":"settings"},"vm-migration-network","DELETE"]}"#;
    assert!(read(whole).starts_with("400 "));
    assert!(read(r#"["admission.k8s.io/v1","AdmissionReview",{"uid":"u"}]"#).starts_with("400 "));
}

/// The API server writes no key twice. Whoever does may mean either, so neither is taken.
#[test]
fn keys_that_stand_twice_are_refused() {
    let whole = review(&request("UPDATE", &named("b"), &named("a"))).to_string();
    for (one, two) in [
        (r#""value":"b""#, r#""value":"b","value":"c""#),
        (r#""value":"a""#, r#""value":"a","value":"b""#),
        (r#""operation":"UPDATE""#, r#""operation":"UPDATE","operation":"DELETE""#),
        (r#""default":"""#, r#""default":"","default":"x""#),
        (r#""resource":"settings""#, r#""resource":"settings","resource":"pods""#),
        (r#""kind":"AdmissionReview""#, r#""kind":"AdmissionReview","kind":"AdmissionReview""#),
        (r#""username":"admin""#, r#""username":"admin","username":"root""#),
    ] {
        let twice = whole.replacen(one, two, 1);
        assert_ne!(twice, whole, "{one}");
        assert!(
            read(&twice)
                .starts_with("u: not an admission.k8s.io/v1 AdmissionReview that can be read: \"duplicate field"),
            "{}",
            read(&twice)
        );
    }
    for (one, two) in
        [(r#""uid":"u""#, r#""uid":"u","uid":"v""#), (r#""request":{"#, r#""request":{"uid":"u"},"request":{"#)]
    {
        let twice = whole.replacen(one, two, 1);
        assert_ne!(twice, whole, "{one}");
        assert!(read(&twice).starts_with("400 "), "{}", read(&twice));
    }
}

#[test]
fn what_is_passed_over_may_be_as_deep_as_it_likes() {
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let whole = review(&request("UPDATE", &named("b"), &named("a"))).to_string();
    for (at, with) in [
        (r#""managedFields":["#, format!(r#""managedFields":[{deep},"#)),
        (r#""options":null"#, format!(r#""options":{deep}"#)),
        (r#""metadata":{"#, format!(r#""metadata":{{"labels":{deep},"#)),
    ] {
        let body = whole.replacen(at, &with, 1);
        assert_ne!(body, whole, "{at}");
        assert_eq!(read(&body), "u: update Some(\"a\") Some(\"b\")", "{at}");
    }
    // Where a string should stand it is read no further either.
    let body = whole.replacen(r#""value":"b""#, &format!(r#""value":{deep}"#), 1);
    assert_eq!(read(&body), "u: update Some(\"a\") None");
}

#[test]
fn escapes_are_read_and_half_a_character_is_not() {
    let whole = review(&request("UPDATE", &named("b"), &named("a"))).to_string();
    let read_with = |value: &str| read(&whole.replacen(r#""value":"b""#, value, 1));
    assert_eq!(read_with(r#""v\u0061lue":"\u0062\n""#), "u: update Some(\"a\") Some(\"b\\n\")");
    assert!(
        read_with(r#""value":"\ud800""#).starts_with("u: not an admission.k8s.io/v1 AdmissionReview that can be read")
    );
}
