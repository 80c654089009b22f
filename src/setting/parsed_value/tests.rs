use super::*;
use crate::setting::field::{Field, StringField};
use crate::setting::problem::MAX_LISTED;

/// Each problem as a user is told of it: field, then message.
fn told(value: &str) -> Vec<String> {
    let draft = ParsedValue::read(value);
    assert_eq!(draft.syntax.more(), 0);
    let told = |problem: &Problem| {
        let field = Field { string: StringField::Value, path: problem.path.clone() };
        format!("{field}: {}", problem.message)
    };
    draft.syntax.listed().iter().map(told).collect()
}

fn fields(value: &str) -> Vec<String> {
    told(value).iter().map(|it| it.split(':').next().unwrap().to_owned()).collect()
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_value_is_read_part_by_part() {
    let text = "\t{\"exclude\" : [\"a\\/\\u0062\",\"\"],\r\n \"vlan\":-7, \"ran\\u0067e\":\"\",\"clusterNetwork\":\"n\\u0000\"} ";
    let draft = ParsedValue::read(text);
    assert_eq!(told(text), NOTHING);
    assert_eq!(draft.cluster_network.as_deref(), Some("n\0"));
    assert_eq!(draft.vlan, Some("-7"));
    assert_eq!(draft.range.as_deref(), Some(""));
    let entries = draft.exclude.unwrap();
    assert_eq!(entries.items, [Some("a/b".into()), Some("".into())]);
    assert!(!entries.broken);
    for none in [
        r#"{"clusterNetwork":"n","vlan":1,"range":"r"}"#,
        r#"{"clusterNetwork":"n","vlan":1,"range":"r","exclude":null}"#,
        r#"{"clusterNetwork":"n","vlan":1,"range":"r","exclude":[ ]}"#,
    ] {
        assert_eq!(told(none), NOTHING);
        assert_eq!(ParsedValue::read(none).exclude.unwrap().items, []);
    }
}

#[test]
fn what_is_no_object_is_refused_as_a_whole() {
    for value in [
        "null",
        "true",
        "7",
        "\"{}\"",
        "[]",
        r#"[{"clusterNetwork":"n","vlan":1,"range":"r"}]"#,
        "{",
        "{}}",
        "{}x",
        "{} {}",
        "{},",
        "{}\0",
        "\u{feff}{}",
        "\u{a0}{}",
        "\u{b}{}",
        "\u{c}{}",
        "{\u{a0}}",
        "/* */{}",
        "# x\n{}",
        "{}//",
        "{'vlan':1}",
        "{vlan:1}",
        r#"{"vlan":1,}"#,
        r#"{"exclude":["a",]}"#,
        r#"{"vlan":01}"#,
        r#"{"vlan":+1}"#,
        r#"{"vlan":.5}"#,
        r#"{"vlan":1.}"#,
        r#"{"vlan":0x64}"#,
        r#"{"vlan":NaN}"#,
        r#"{"vlan":Infinity}"#,
        r#"{"vlan":1_000}"#,
        "{\"vlan\":\u{661}}",
        "{\"range\":\"a\nb\"}",
        "{\"range\":\"\u{0}\"}",
        r#"{"range":"\x41"}"#,
        r#"{"range":"\u12"}"#,
    ] {
        assert_eq!(fields(value), ["value"], "{value}");
    }
    assert_eq!(
        told("{\"vlan\":1,}"),
        [
            "value: Invalid value: \"{\\\"vlan\\\":1,}\": not JSON: trailing comma at line 1 column 11; accepted is one object \
          such as {\"clusterNetwork\":\"vm-migration\",\"vlan\":100,\"range\":\"192.168.1.0/24\"}"
        ]
    );
    assert_eq!(
        told("[1]"),
        ["value: Invalid value: \"[1]\": an array, not a JSON object such as \
          {\"clusterNetwork\":\"vm-migration\",\"vlan\":100,\"range\":\"192.168.1.0/24\"}"]
    );
}

#[test]
fn what_is_missing_or_null_is_required() {
    let all = ["value.clusterNetwork", "value.vlan", "value.range"];
    assert_eq!(fields("{}"), all);
    assert_eq!(fields(r#"{"clusterNetwork":null,"vlan":null,"range":null,"exclude":null}"#), all);
    assert_eq!(
        told(r#"{"vlan":1,"range":null,"clusterNetwork":""}"#),
        [
            "value.range: Required value: range is null; must be a string, an IPv4 network such as \"192.168.1.0/24\"",
            "value.clusterNetwork: Required value: clusterNetwork is empty; must be a string, the name of a ClusterNetwork",
        ]
    );
}

#[test]
fn each_key_has_its_type() {
    let of = |key: &str, written: &str| {
        let mut members = [("clusterNetwork", "\"n\""), ("vlan", "1"), ("range", "\"r\""), ("exclude", "[]")];
        members.iter_mut().find(|member| member.0 == key).unwrap().1 = written;
        let members: Vec<_> = members.iter().map(|(key, written)| format!("\"{key}\":{written}")).collect();
        told(&format!("{{{}}}", members.join(",")))
    };
    for (written, kind) in [
        ("true", "a boolean"),
        ("1", "a number"),
        ("1e999", "a number"),
        ("{\"a\":[1]}", "an object"),
        ("[\"a\"]", "an array"),
    ] {
        let seen = written.replace('"', "\\\"");
        assert_eq!(
            of("clusterNetwork", written),
            [format!(
                "value.clusterNetwork: Invalid value: \"{seen}\" is {kind}; must be a string, the name of a ClusterNetwork"
            )]
        );
        assert_eq!(
            of("range", written),
            [format!(
                "value.range: Invalid value: \"{seen}\" is {kind}; must be a string, an IPv4 network such as \"192.168.1.0/24\""
            )]
        );
        if kind != "an array" {
            assert_eq!(
                of("exclude", written),
                [format!(
                    "value.exclude: Invalid value: \"{seen}\" is {kind}; must be an array of strings such as [\"192.168.1.1/32\"]"
                )]
            );
        }
    }
    for written in ["\"100\"", "100.0", "1e2", "1E2", "-0", "-0.0", "1.5", "true", "[]", "{}"] {
        let told = of("vlan", written);
        assert_eq!(told.len(), 1, "{written}: {told:?}");
        assert!(told[0].starts_with("value.vlan: Invalid value: "), "{told:?}");
        assert!(
            told[0].ends_with("; must be an integer from 0 to 4094, without quotes, fraction or exponent"),
            "{told:?}"
        );
    }
    // Any other integer is for another rule.
    for written in ["0", "-1", "4095", "100000000000000000000000000000"] {
        assert_eq!(of("vlan", written), NOTHING, "{written}");
    }
}

#[test]
fn entries_of_exclude_are_judged_each_on_its_own() {
    let value = r#"{"clusterNetwork":"n","vlan":1,"range":"r","exclude":["a",null,5,["b"],{"c":1},true,"\ud800","d"]}"#;
    let item = |index: usize, seen: &str| {
        format!("value.exclude[{index}]: Invalid value: {seen}; each entry is a string such as \"192.168.1.1/32\"")
    };
    assert_eq!(
        told(value),
        [
            item(1, "\"null\" is null"),
            item(2, "\"5\" is a number"),
            item(3, "\"[\\\"b\\\"]\" is an array"),
            item(4, "\"{\\\"c\\\":1}\" is an object"),
            item(5, "\"true\" is a boolean"),
            "value.exclude[6]: Invalid value: \"\\\"\\\\ud800\\\"\": half a surrogate pair is no text".to_owned(),
        ]
    );
    let entries = ParsedValue::read(value).exclude.unwrap();
    let [first, .., last] = &entries.items[..] else { panic!("{entries:?}") };
    assert_eq!((first.as_deref(), last.as_deref(), entries.items.len()), (Some("a"), Some("d"), 8));
    assert!(entries.broken);
}

#[test]
fn half_a_surrogate_pair_is_no_text() {
    for half in [r"\ud800", r"\udc00", r"\ud800\u0041", r"\udc00\ud800", r"a\uDBFFb"] {
        let value =
            format!(r#"{{"clusterNetwork":"{half}","vlan":1,"range":"{half}","exclude":["{half}"],"{half}":1}}"#);
        assert_eq!(fields(&value), ["value.clusterNetwork", "value.range", "value.exclude[0]", "value"], "{half}");
    }
    assert_eq!(fields(r#"{"clusterNetwork":"\ud83d\ude00","vlan":1,"range":"r"}"#), NOTHING);
}

#[test]
fn a_key_stands_once_however_it_is_spelled() {
    let told = told(
        r#"{"vlan":1,"clusterNetwork":"n","vl\u0061n":2,"range":"a","range":"b","vlan":3,"exclude":[],"exclude":[]}"#,
    );
    let twice = |key: &str| format!("value.{key}: Duplicate value: the key {key} stands more than once; keep one");
    assert_eq!(told, [twice("vlan"), twice("range"), twice("exclude")]);
    let unknown = r#"{"clusterNetwork":"n","vlan":1,"range":"r","gateway":1,"g\u0061teway":2,"mtu":3,"gateway":4}"#;
    assert_eq!(fields(unknown), ["value.gateway", "value.mtu"]);
}

#[test]
fn an_unknown_key_is_named_where_it_is_plain() {
    let at = |key: &str| {
        let value = format!(r#"{{"clusterNetwork":"n","vlan":1,"range":"r",{key}:null}}"#);
        let fields = fields(&value);
        assert_eq!(fields.len(), 1, "{value}");
        fields[0].clone()
    };
    let longest = "k".repeat(64);
    assert_eq!(at(&format!("{longest:?}")), format!("value.{longest}"));
    assert_eq!(at(&format!("\"{longest}k\"")), "value");
    assert_eq!(at(r#""exclusive-Vlan_2""#), "value.exclusive-Vlan_2");
    assert_eq!(at(r#""g\u0061teway""#), "value.gateway");
    for odd in [r#""""#, r#""a b""#, r#""vlan ""#, r#""a.b""#, r#""a[0]""#, r#""ключ""#, r#""a\n""#, r#""\ud800""#]
    {
        assert_eq!(at(odd), "value", "{odd}");
    }
}

#[test]
fn the_nearest_known_key_is_said() {
    let hint = |key: &str| {
        let told = told(&format!(r#"{{"clusterNetwork":"n","vlan":1,"range":"r","exclude":[],"{key}":1}}"#));
        let (_, hint) = told[0].split_once("; ").unwrap();
        hint.to_owned()
    };
    for (key, nearest) in [
        ("Vlan", "vlan"),
        ("VLAN", "vlan"),
        ("vlna", "vlan"),
        ("vlanId", "vlan"),
        ("vla", "vlan"),
        ("valn", "vlan"),
        ("clusternetwork", "clusterNetwork"),
        ("clusterNetwor\u{212a}", "clusterNetwork"),
        ("ClusterNetworks", "clusterNetwork"),
        ("excludes", "exclude"),
        ("Exclude", "exclude"),
        ("rnage", "range"),
        ("Ranges", "range"),
    ] {
        assert_eq!(hint(key), format!("did you mean {nearest}?"), "{key}");
    }
    for key in ["gateway", "vlanIds", "cluster", "rangeStart", "", "x"] {
        assert_eq!(hint(key), "the keys are clusterNetwork, vlan, range, exclude", "{key}");
    }
    for key in ["rangeV6", "rangev6End", "RANGEV6START"] {
        let unsupported = "dual-stack ranges are not supported: Harvester would configure another network";
        assert_eq!(hint(key), unsupported, "{key}");
    }
}

#[test]
fn a_slip_is_one_mistake() {
    for (value, expected) in [
        (
            r#"{"ClusterNetwork":"n","Vlan":1,"rnage":"r"}"#,
            &["value.ClusterNetwork", "value.Vlan", "value.rnage"] as &[&str],
        ),
        (r#"{"clusterNetwork":"n","vlan":1,"rangeV6":"r"}"#, &["value.rangeV6"]),
        (r#"{"clusterNetwork":"n","vlan":1,"rangeV6End":"r"}"#, &["value.rangeV6End", "value.range"]),
        (r#"{"clusterNetwork":"n","VLAN":1,"vlans":1,"range":"r"}"#, &["value.VLAN", "value.vlans"]),
        (r#"{"clusterNetwork":"n","Exclude":1}"#, &["value.Exclude", "value.vlan", "value.range"]),
        // As near to vlan as to range, it stands for the one that is missed.
        (r#"{"clusterNetwork":"n","vlan":1,"lang":"r"}"#, &["value.lang"]),
        (r#"{"clusterNetwork":"n","range":"r","lang":1}"#, &["value.lang"]),
        (r#"{"clusterNetwork":"n","lang":1}"#, &["value.lang", "value.range"]),
        // Also where that shows only later.
        (r#"{"clusterNetwork":"n","lang":"r","vlan":1}"#, &["value.lang"]),
        (r#"{"ran":1,"range":"r","clusterNetwork":"n"}"#, &["value.ran"]),
        (r#"{"clusterNetwork":"n","lang":"r","vlna":1}"#, &["value.lang", "value.vlna"]),
        (r#"{"clusterNetwork":"n","lang":1,"ran":"r"}"#, &["value.lang", "value.ran"]),
    ] {
        assert_eq!(fields(value), expected, "{value}");
    }
    for (key, other) in [("range", "vlan"), ("vlan", "range")] {
        let values = [format!(r#""{other}":1,"lang":1"#), format!(r#""lang":1,"{other}":1"#)];
        for members in values {
            let told = told(&format!(r#"{{"clusterNetwork":"n",{members}}}"#));
            assert!(told.iter().any(|told| told.ends_with(&format!("; did you mean {key}?"))), "{members}: {told:?}");
        }
    }
}

#[test]
fn empty_dual_stack_keys_count_as_absent() {
    let with = |members: &str| fields(&format!(r#"{{"clusterNetwork":"n","vlan":1,"range":"r",{members}}}"#));
    for members in [r#""rangeV6":"","rangeV6Start":null,"rangeV6End":"""#, r#""rangeV6":"","r\u0061ngeV6":null"#] {
        assert_eq!(with(members), NOTHING, "{members}");
    }
    for (members, field) in [
        (r#""rangeV6":"fd00::/64""#, "value.rangeV6"),
        (r#""rangeV6Start":0"#, "value.rangeV6Start"),
        (r#""rangeV6End":[]"#, "value.rangeV6End"),
        (r#""rangeV6":" ""#, "value.rangeV6"),
        (r#""rangev6":"""#, "value.rangev6"),
        (r#""rangeV6Other":"""#, "value.rangeV6Other"),
    ] {
        assert_eq!(with(members), [field], "{members}");
    }
}

#[test]
fn of_a_key_that_stands_twice_nothing_else_is_said() {
    for members in [r#""vlan":"x","vlan":[]"#, r#""vlan":1,"vlan":[],"vlan":1"#, r#""vlan":null,"vlan":5000"#] {
        let text = format!(r#"{{"clusterNetwork":"n","range":"r",{members}}}"#);
        assert_eq!(fields(&text), ["value.vlan"], "{members}");
        assert_eq!(ParsedValue::read(&text).vlan, None);
    }
    let nulls = vec!["null"; 1000].join(",");
    let text = format!(r#"{{"exclude":[{nulls}],"clusterNetwork":"n","vlan":1,"range":"r","exclude":[5]}}"#);
    assert_eq!(fields(&text), ["value.exclude"]);
}

#[test]
fn a_flood_of_problems_is_counted_not_kept() {
    let nulls = vec!["null"; 1000].join(",");
    let text = format!(r#"{{"exclude":[{nulls}],"x":1,"vlan":"1"}}"#);
    let draft = ParsedValue::read(&text);
    assert_eq!(draft.syntax.listed().len(), MAX_LISTED);
    // The entries, x, vlan, and what is missing.
    assert_eq!(draft.syntax.listed().len() + draft.syntax.more(), 1000 + 1 + 1 + 2);
}

#[test]
fn neither_copy_of_a_key_counts() {
    let members = [r#""clusterNetwork":"n""#, r#""vlan":1"#, r#""range":"r""#, r#""exclude":["e"]"#];
    for (twice, member) in members.iter().enumerate() {
        let text = format!("{{{},{member}}}", members.join(","));
        let value = ParsedValue::read(&text);
        let read =
            [value.cluster_network.is_some(), value.vlan.is_some(), value.range.is_some(), value.exclude.is_some()];
        assert_eq!(read, [0, 1, 2, 3].map(|index| index != twice), "{text}");
    }
}

#[test]
fn unknown_keys_beyond_the_listed_ones_are_counted_each_time() {
    let unknown = |count: usize| (0..count).map(|index| format!(r#""k{index:02}":1"#)).collect::<Vec<_>>();
    let counted = |mut keys: Vec<String>, again: usize| {
        keys.push(keys[again].clone());
        keys.push(r#""vlan":1"#.to_owned());
        let text = format!("{{{}}}", keys.join(","));
        let syntax = ParsedValue::read(&text).syntax;
        // Less clusterNetwork and range, which are missing.
        syntax.listed().len() + syntax.more() - 2
    };
    assert_eq!(counted(unknown(53), 52), 53);
    assert_eq!(counted(unknown(54), 53), 55);
    assert_eq!(counted(unknown(100), 99), 101);
}
