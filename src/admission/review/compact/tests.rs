use proptest::prelude::*;
use serde_json::{Deserializer, Value};

use super::*;
use crate::admission::review::whole;

fn usual(text: &str) -> Option<WireReview<'_>> {
    whole(Deserializer::from_str(text)).ok()
}

fn compact(text: &str) -> Option<WireReview<'_>> {
    read(text.as_bytes())
}

const REVIEW: &str = r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u\"\\\/\b\f\n\r\t","kind":{"group":"g","version":"v"},"resource":{"group":"harvesterhci.io","version":"v1beta1","resource":"settings"},"name":"é","operation":"UPDATE","userInfo":{"username":"admin","groups":["a","b"],"extra":{"n":[0,-1,120,[],{},[{"a":{"b":[null,true,false,"]}"]}}]]}},"object":{"kind":"Setting","metadata":{"name":"é","labels":{"ab":"\"c\\\\\u00e9"},"annotations":{"migration-network-webhook/allow-during-migration":"0","b":"\u0041"},"deletionTimestamp":"2026-01-01T00:00:00Z","managedFields":[{"fieldsV1":{"f:value":{},"f:metadata":{".":{}}}}]},"value":"{\"vlan\": 1, \"range\": \"\"}","default":null,"status":{}},"oldObject":null,"dryRun":false,"options":null}}"#;

#[test]
fn what_api_servers_write_is_read_as_usual() {
    for text in [
        REVIEW.to_owned(),
        REVIEW.to_owned() + "\n",
        REVIEW.replace("Object\":null", "Object\":{}"),
        REVIEW.replace("settings", "x"),
    ] {
        let read = compact(&text);
        assert!(read.is_some(), "{text}");
        assert_eq!(read, usual(&text));
    }
    assert_eq!(compact(r#"{"request":{}}"#), usual(r#"{"request":{}}"#));
    let read = compact(REVIEW).unwrap().request;
    assert_eq!(read.uid.bytes(), Some("u\"\\/\u{8}\u{c}\n\r\t"));
    let object = read.object.unwrap();
    assert_eq!(object.value.bytes(), Some(r#"{"vlan": 1, "range": ""}"#));
    assert_eq!(object.metadata.annotations.allow_during_migration.bytes(), Some("0"));
}

#[test]
fn it_gives_up_on_what_it_does_not_know_and_on_what_is_wrong() {
    let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
    // In the place of a value that is passed over.
    for value in [
        " 1",
        "1 ",
        "1.5",
        "1e3",
        "-",
        "01",
        "tru",
        "nul",
        "{",
        "[}",
        "{]",
        "[1}",
        "[1,]",
        "[,1]",
        r#"{"b":1,}"#,
        "{1:1}",
        r#"{"b"}"#,
        r#"{"b":}"#,
        r#"{"b" :1}"#,
        r#"{"\n":1}"#,
        r#""\x""#,
        r#""\u00g0""#,
        r#""\u00""#,
        r#""\""#,
        "\"\t\"",
        "'b'",
        "",
        "1,",
        "1}",
        &deep,
    ] {
        assert_eq!(compact(&format!(r#"{{"request":{{}},"a":{value}}}"#)), None, "{value}");
    }
    // In the place of the uid.
    for value in [r#""\u0041""#, r#""\ud800""#, r#""\x""#, "\"\t\"", "1", "true", "{}", "[]", "\"a", "nul"] {
        assert_eq!(compact(&format!(r#"{{"request":{{"uid":{value}}}}}"#)), None, "{value}");
    }
    for text in [
        "",
        "{",
        "{}",
        "[]",
        "null",
        "{}}",
        r#"{"request":null}"#,
        r#"{"request":[]}"#,
        r#"{"request":{}}}"#,
        r#"{"request":{}"#,
        r#"{"request":{},}"#,
        r#"{,"request":{}}"#,
        r#"{"request":{}"kind":""}"#,
        "{\"request\":{}}\n\n",
        r#"{"request":{},"request":{}}"#,
        r#"{"request":{"uid":"a","uid":"b"}}"#,
        r#"{"request":{"object":null,"object":{}}}"#,
        r#"{"request":{"object":{"metadata":{"annotations":[]}}}}"#,
        r#"{"request":{"object":{"metadata":"m"}}}"#,
    ] {
        assert_eq!(compact(text), None, "{text}");
    }
    assert!(read(b"{\"request\":{},\"a\":\"\xff\"}").is_none());
}

#[test]
fn what_is_passed_over_takes_no_stack() {
    let with = |value: &str| format!(r#"{{"request":{{}},"a":{value}}}"#);
    assert_eq!(compact(&with(&"[".repeat(1 << 20))), None);
    let [long, deepest] = [format!("[{}0]", "[{}],".repeat(1 << 16)), format!("{}{}", "[".repeat(64), "]".repeat(64))]
        .map(|it| with(&it));
    for text in [long, deepest] {
        assert!(compact(&text).is_some());
        assert_eq!(compact(&text), usual(&text));
    }
}

/// Where a string ends does not depend on where in it the sixteen bytes begin that are looked at.
#[test]
fn strings_of_every_length_end_where_they_end() {
    for length in 0..70 {
        let name = "n".repeat(length);
        for (written, meant) in [(name.clone(), name.clone()), (format!("{name}\\\"é"), format!("{name}\"é"))] {
            let text = format!(r#"{{"{name}":"{written}","request":{{"name":"{written}"}}}}"#);
            assert_eq!(compact(&text).unwrap().request.name.bytes(), Some(&*meant), "{text}");
            assert_eq!(compact(&text), usual(&text));
        }
        assert_eq!(compact(&format!("{{\"request\":{{}},\"a\":\"{name}\u{1f}\"}}")), None);
    }
}

/// A tree of JSON as text, without white space.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|it| it.to_string()),
        any::<i32>().prop_map(|it| it.to_string()),
        ".{0,20}".prop_map(|it| Value::from(it).to_string()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let known = prop::sample::select(vec!["uid", "object", "metadata", "annotations", "value", "name", "resource"]);
        let member = (prop_oneof![known.prop_map(str::to_owned), ".{0,4}"], inner.clone());
        let members = prop::collection::vec(member, 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            members.prop_map(|members| {
                let member = |(key, value): &(String, String)| format!("{}:{value}", Value::from(key.as_str()));
                format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// The one thing that must never be otherwise: what is read here, the usual reader reads too, and to the same end.
    #[test]
    fn nothing_is_read_that_is_not_read_as_usual(
        tree in json(),
        slips in prop::collection::vec((any::<prop::sample::Index>(), r#"[\[\]{}",:\\0-9a-u \-.]"#, any::<bool>()), 0..4),
    ) {
        for mut text in [format!(r#"{{"request":{tree}}}"#), format!(r#"{{"a":{tree},"request":{{}}}}"#), REVIEW.to_owned()] {
            for (place, with, instead) in &slips {
                let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
                let at = places[place.index(places.len())];
                let after = text[at..].chars().next().map_or(0, char::len_utf8);
                text.replace_range(at..at + if *instead { after } else { 0 }, with);
            }
            if let Some(review) = compact(&text) {
                prop_assert_eq!(Some(review), usual(&text), "{}", text);
            }
        }
    }
}
