use std::path::Path;

use proptest::prelude::*;

use super::*;

/// The file with the `value` of every object in it replaced: of each document, or of each item of a List.
fn rewritten(name: &str, text: &str, new: &str) -> Result<String, String> {
    let file = ManifestFile::new(Path::new(name), text.to_owned());
    let origin = Origin { path: Path::new(name).into(), line: 1, item: None };
    let documents = document::read(&file).unwrap();
    let mut targets = Vec::new();
    for document in &documents {
        let value = match &document.content {
            DocumentContent::Json(json) => serde_json::from_str(json.get()).unwrap(),
            DocumentContent::Yaml(value) => value.clone(),
        };
        let items = value["items"].as_array().map_or(0, Vec::len);
        let pointers = if items == 0 {
            vec!["/value".to_owned()]
        } else {
            (0..items).map(|i| format!("/items/{i}/value")).collect()
        };
        targets.extend(pointers.into_iter().map(|pointer| (document.start, pointer)));
    }
    let changes: Vec<_> = targets
        .iter()
        .map(|(document, pointer)| ValueChange {
            origin: &origin,
            document: *document,
            pointer: pointer.clone(),
            value: new,
        })
        .collect();
    rewrite(&file, &changes).map_err(|error| error.to_string())
}

#[test]
fn a_value_is_replaced_as_it_is_written() {
    let new = r#"{"a":"it's"}"#;
    for (old, expected) in [
        ("value: '{ }'\n", "value: '{\"a\":\"it''s\"}'\n"),
        (
            "value:   \"{ \\n}\"\t# why\r\nb: \"\\x41\"\r\n",
            "value:   \"{\\\"a\\\":\\\"it's\\\"}\"\t# why\r\nb: \"\\x41\"\r\n",
        ),
        ("\u{feff}{value: '{ }', b: [1,  2]} # c", "\u{feff}{value: '{\"a\":\"it''s\"}', b: [1,  2]} # c"),
        ("value: |\n  { }\n# after\nb: 1", "value: |-\n  {\"a\":\"it's\"}\n# after\nb: 1"),
        (
            "value: >- # why\r\n    {\r\n\r\n    }\r\n\r\n# after\r\n",
            "value: >- # why\r\n    {\"a\":\"it's\"}\r\n\r\n# after\r\n",
        ),
        (
            "value: # a | b\n  !!str # c > d\n  |2+\n\n    { }\n\n\n---\nvalue: ''",
            "value: # a | b\n  !!str # c > d\n  |2-\n  {\"a\":\"it's\"}\n\n\n---\nvalue: '{\"a\":\"it''s\"}'",
        ),
        ("value: |-2\n   { }", "value: |-2\n  {\"a\":\"it's\"}"),
        ("? value\n: >\n  {\n  }\n", "? value\n: >-\n  {\"a\":\"it's\"}\n"),
        ("value: !!str 'x\n\n  y'\nb: &b c\nd: *b\n", "value: !!str '{\"a\":\"it''s\"}'\nb: &b c\nd: *b\n"),
        (
            "items:\n- b: 'value'\n  value: ' '\n-   value: |\n      {}\n    b: 1\n",
            "items:\n- b: 'value'\n  value: '{\"a\":\"it''s\"}'\n-   value: |-\n      {\"a\":\"it's\"}\n    b: 1\n",
        ),
        (
            "value: x\nspec: {value: y, items: [{value: z}]}\n",
            "value: '{\"a\":\"it''s\"}'\nspec: {value: y, items: [{value: z}]}\n",
        ),
    ] {
        assert_eq!(rewritten("a.yaml", old, new).as_deref(), Ok(expected), "{old}");
    }
    for (old, expected) in [
        ("{\n\t\"value\" :\"{ }\" ,\"b\":1}\n", "{\n\t\"value\" :\"{\\\"a\\\":\\\"it's\\\"}\" ,\"b\":1}\n"),
        (
            "{\"value\":\"\"} {\"value\":\"\\/\"}",
            "{\"value\":\"{\\\"a\\\":\\\"it's\\\"}\"} {\"value\":\"{\\\"a\\\":\\\"it's\\\"}\"}",
        ),
    ] {
        assert_eq!(rewritten("a.json", old, new).as_deref(), Ok(expected), "{old}");
    }
}

#[test]
fn what_yaml_gives_no_character_for_is_escaped() {
    let new = "{\"a\":\"\u{7f}\u{85}\u{2028}\u{feff}\u{1f600}\"}";
    let escaped = r#""{\"a\":\"\u007f\u0085\u2028\ufeff😀\"}""#;
    assert_eq!(rewritten("a.yaml", "value: ' '", new), Ok(format!("value: {escaped}")));
    assert_eq!(rewritten("a.json", r#"{"value":" "}"#, new), Ok(format!("{{\"value\":{escaped}}}")));
    assert_eq!(
        rewritten("a.yaml", "value: |\n {}", new).unwrap_err(),
        "\"a.yaml\" line 1: its value can't be rewritten in place: the block scalar can't be taken apart; edit it by hand"
    );
}

#[test]
fn a_blank_block_becomes_an_empty_string() {
    assert_eq!(rewritten("a.yaml", "value: |+ # c\n\n\nb: 1\n", "").as_deref(), Ok("value: '' # c\n\n\nb: 1\n"));
    assert_eq!(rewritten("a.yaml", "value: |1\n   \n\nb: 1\n", "").as_deref(), Ok("value: ''\n   \n\nb: 1\n"));
}

#[test]
fn what_is_shared_or_ambiguous_is_left_alone() {
    for (name, text, why) in [
        (
            "a.yaml",
            "value: &v 'x'\nb: *v\n",
            "it is anchored, alone or with what is around it, so an alias may repeat it",
        ),
        ("a.yaml", "&o\nvalue: 'x'\n", "it is anchored, alone or with what is around it, so an alias may repeat it"),
        ("a.yaml", "b: &v 'x'\nvalue: *v\n", "it is no string of its own"),
        ("a.yaml", "value: {a: b}\n", "it is no string of its own"),
        ("a.yaml", "value: !!binary eA==\n", "it has a tag"),
        ("a.yaml", "b: &b\n  value: 'x'\n<<: *b\n", "it comes from elsewhere in the file, by an alias or a merge key"),
        ("a.json", "{\"value\":\"x\",\"value\":\"y\"}", "the key stands twice"),
    ] {
        let expected = format!("\"{name}\" line 1: its value can't be rewritten in place: {why}; edit it by hand");
        assert_eq!(rewritten(name, text, "z"), Err(expected), "{text}");
    }
}

/// One way to write a value: the old text of it, and the new one.
#[derive(Clone, Debug)]
struct Written {
    old: String,
    new: String,
}

fn value() -> impl Strategy<Value = String> {
    "[ \\t]{0,2}\\{[ a-z'\":,/é😀0-9\\\\#|>&*!-]{0,40}\\}[ ]{0,2}"
}

fn quoted(new: &'static str) -> impl Strategy<Value = Written> {
    let single = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let double = |text: &str| Value::from(text).to_string();
    prop_oneof![
        value().prop_map(move |old| Written { old: single(&old), new: single(new) }),
        value().prop_map(move |old| Written { old: double(&old), new: double(new) }),
    ]
}

fn block(new: &'static str, indent: usize, eol: &'static str) -> impl Strategy<Value = Written> {
    let lines = prop::collection::vec("[{}a-z'\":,é😀#|>&*-][ a-z'\":,é😀#|>&*-]{0,20}", 1..4);
    (lines, "[|>]", "[+-]?", 0..3_usize, "( # [a-z|>-]{0,5})?").prop_map(move |(lines, kind, chomp, extra, comment)| {
        let indentation = " ".repeat(indent + 1 + extra);
        let old: Vec<_> = lines.iter().map(|line| format!("{indentation}{}", line.trim_end())).collect();
        Written {
            old: format!("{kind}{chomp}{comment}{eol}{}", old.join(eol)),
            new: format!("{kind}-{comment}{eol}{indentation}{new}"),
        }
    })
}

fn file(new: &'static str) -> impl Strategy<Value = (String, String)> {
    let document = move |eol: &'static str| {
        let before = prop_oneof![
            Just(""),
            Just("# value: '{}'"),
            Just("spec: {value: [1,  0x2]}"),
            Just("a: &a !t \"\\x41\"\\nb: *a")
        ];
        let after =
            prop_oneof![Just(""), Just("# end"), Just("metadata:  { name: 'x' }"), Just("z: |\n  value: '{}'\n\n")];
        let scalar = prop_oneof![quoted(new), block(new, 0, eol)];
        (before, scalar, " {1,3}", after).prop_map(move |(before, scalar, gap, after)| {
            let text = |scalar: &str| {
                let lines = |text: &str| text.replace("\\n", "\n").replace('\n', eol);
                format!("{}{eol}value:{gap}{scalar}{eol}{}{eol}", lines(before), lines(after))
            };
            (text(&scalar.old), text(&scalar.new))
        })
    };
    prop_oneof![Just("\n"), Just("\r\n")].prop_flat_map(move |eol| {
        (prop::collection::vec(document(eol), 1..4), prop_oneof![Just(""), Just("\u{feff}")]).prop_map(
            move |(documents, mark)| {
                let join = |texts: Vec<&str>| format!("{mark}{}", texts.join(&format!("---{eol}")));
                let old = join(documents.iter().map(|(old, _)| old.as_str()).collect());
                (old, join(documents.iter().map(|(_, new)| new.as_str()).collect()))
            },
        )
    })
}

const NEW: &str = r#"{"clusterNetwork":"it's","vlan":0,"range":"10.0.0.0/24"}"#;

proptest! {
    #[test]
    fn every_other_byte_is_kept((old, new) in file(NEW)) {
        prop_assert_eq!(rewritten("a.yaml", &old, NEW), Ok(new.clone()));
        // What was written is found and read back: writing it again changes nothing.
        prop_assert_eq!(rewritten("a.yaml", &new, NEW), Ok(new.clone()));
    }
}
