use super::*;

fn wrong(field: &str, expected: &'static str) -> Unreadable {
    Unreadable::WrongType { field: field.to_owned(), expected }
}

#[test]
fn reads_what_harvester_writes() {
    let text =
        r#" {"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24","exclude":["192.168.1.100/32"]} "#;
    let config = NetworkConfig {
        cluster_network: "vm-migration".into(),
        vlan: 100,
        exclusive_vlan: false,
        range: "192.168.1.0/24".into(),
        exclude: vec!["192.168.1.100/32".into()],
        is_dual_stack: false,
    };
    assert_eq!(network_config(text), Ok(config.clone()));
    let rwx = format!(r#"{{"share-storage-network":false,"network":{text}}}"#);
    assert_eq!(rwx_network(&rwx), Ok(RwxNetwork { share_storage_network: false, network: config }));
}

#[test]
fn keys_fold_their_case_and_the_last_one_wins() {
    let vlans = [
        (r#"{"VLAN":7}"#, 7),
        (r#"{"vl\u0061n":7}"#, 7),
        (r#"{"vlan":7,"Vlan":8}"#, 8),
        (r#"{"Vlan":8,"vlan":7}"#, 7),
        (r#"{"vlan":7,"vlan":null}"#, 7),
        (r#"{"vlan":null}"#, 0),
        (r#"{"vlan":65535}"#, 65535),
        (r#"{"vlan":0}"#, 0),
        (r#"{"vlan ":7}"#, 0),
        (r#"{"vla":7,"vlann":7,"":7}"#, 0),
        ("null", 0),
        (" null\n", 0),
        ("{}", 0),
        (r#"{"unknown":[1e999,{"vlan":{}},"\ud800"]}"#, 0),
    ];
    for (text, vlan) in vlans {
        assert_eq!(network_config(text), Ok(NetworkConfig { vlan, ..NetworkConfig::default() }), "{text}");
    }
    let long_s = network_config("{\"clu\u{17f}terNetwor\u{212a}\":\"a\",\"EXCLU\\u017fIVEVLAN\":true}").unwrap();
    assert_eq!((&*long_s.cluster_network, long_s.exclusive_vlan), ("a", true));
    let not_folded = network_config("{\"cluster\u{f1}etwork\":\"a\",\"v\u{13a}an\":1}").unwrap();
    assert_eq!(not_folded, NetworkConfig::default());
}

#[test]
fn strings_decode_as_in_go() {
    let ranges = [
        (r#""a\"\\\/\b\f\n\r\t\u00e9""#, "a\"\\/\u{8}\u{c}\n\r\t\u{e9}"),
        (r#""\ud83d\ude00""#, "\u{1f600}"),
        (r#""\ud800""#, "\u{fffd}"),
        (r#""\udc00x""#, "\u{fffd}x"),
        (r#""\ud800\u0041""#, "\u{fffd}A"),
        (r#""\ud800\n""#, "\u{fffd}\n"),
        (r#""\ud800\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
        (r#""\ud800\ud800\ud800""#, "\u{fffd}\u{fffd}\u{fffd}"),
        (r#""\ufffd\udbff\udfff""#, "\u{fffd}\u{10ffff}"),
        ("\"\u{7f}\u{2028}\"", "\u{7f}\u{2028}"),
        // In UTF-8 they begin as half a pair does in WTF-8.
        ("\"\\ud800\u{d000}\u{d7ff}\"", "\u{fffd}\u{d000}\u{d7ff}"),
    ];
    for (literal, range) in ranges {
        let text = format!("{{\"range\":{literal}}}");
        assert_eq!(network_config(&text).unwrap().range, range, "{literal}");
    }
}

#[test]
fn arrays_read_over_what_stood_before() {
    let excludes: [(&str, &[&str]); 11] = [
        (r#"{"exclude":["a","b"]}"#, &["a", "b"]),
        (r#"{"exclude":["a",null]}"#, &["a", ""]),
        (r#"{"exclude":["a","b"],"exclude":["c"]}"#, &["c"]),
        (r#"{"exclude":["a","b"],"EXCLUDE":[null,"c"]}"#, &["a", "c"]),
        (r#"{"exclude":["a"],"exclude":[null,null]}"#, &["a", ""]),
        (r#"{"exclude":["a","b"],"exclude":["c"],"exclude":[null,null,null]}"#, &["c", "b", ""]),
        (r#"{"exclude":["a"],"exclude":null}"#, &[]),
        (r#"{"exclude":["a"],"exclude":null,"exclude":[null]}"#, &[""]),
        (r#"{"exclude":["a"],"exclude":[],"exclude":[null]}"#, &[""]),
        (r#"{"exclude":[]}"#, &[]),
        (r#"{"exclude":null}"#, &[]),
    ];
    for (text, exclude) in excludes {
        assert_eq!(network_config(text).unwrap().exclude, exclude, "{text}");
    }
}

#[test]
fn a_wrong_type_anywhere_is_unreadable() {
    let (uint, array) = ("an integer from 0 to 65535", "an array of strings");
    for vlan in ["100.0", "1e2", "-0", "-1", "65536", "99999999999999999999", "\"100\"", "true", "[]", "{}"] {
        let text = format!(r#"{{"vlan":{vlan},"vlan":1}}"#);
        assert_eq!(network_config(&text), Err(wrong("vlan", uint)), "{text}");
    }
    let cases = [
        (r#"{"range":1}"#, wrong("range", "a string")),
        (r#"{"clusternetwork":["a"]}"#, wrong("clusterNetwork", "a string")),
        (r#"{"exclusiveVlan":"true"}"#, wrong("exclusiveVlan", "true or false")),
        (r#"{"exclude":"a"}"#, wrong("exclude", array)),
        (r#"{"exclude":{"0":"a"}}"#, wrong("exclude", array)),
        (r#"{"exclude":["a",1]}"#, wrong("exclude[1]", "a string")),
        ("[]", wrong("", "an object")),
        ("\"a\"", wrong("", "an object")),
        ("1", wrong("", "an object")),
        ("true", wrong("", "an object")),
    ];
    for (text, error) in cases {
        assert_eq!(network_config(text), Err(error), "{text}");
    }
    let nested = r#"{"network":{"exclude":["a","b",{}]}}"#;
    assert_eq!(rwx_network(nested), Err(wrong("network.exclude[2]", "a string")));
    assert_eq!(rwx_network(r#"{"network":[]}"#), Err(wrong("network", "an object")));
    assert_eq!(rwx_network(r#"{"share-storage-network":0}"#), Err(wrong("share-storage-network", "true or false")));
}

#[test]
fn the_whole_text_must_be_json() {
    let texts = [
        "",
        " ",
        "{",
        "{}x",
        "{}{}",
        "\u{feff}{}",
        "{\"vlan\":1,}",
        "{'vlan':1}",
        "{\"vlan\":01}",
        "{\"vlan\":+1}",
        "{\"vlan\":.5}",
        "{\"x\":NaN}",
        "{\"x\":\"\t\"}",
        "{\"x\":\"\\x41\"}",
        "{\"x\":\"\\u12\"}",
        "{\"x\":[1 2]}",
        "{\"x\"}",
        "{1:2}",
        "\u{a0}{}",
        "nul",
        "{\"x\":1}//",
    ];
    for text in texts {
        assert_eq!(network_config(text), Err(Unreadable::Syntax), "{text:?}");
    }
    assert_eq!(network_config("{\"vlan\":\"wrong\",\"x\":}"), Err(Unreadable::Syntax));
}

#[test]
fn duplicate_networks_merge() {
    let text =
        r#"{"network":{"vlan":5,"exclude":["a"]},"Network":null,"NETWOR\u212a":{"range":"r","exclude":[null,"b"]}}"#;
    let read = rwx_network(text).unwrap().network;
    assert_eq!((read.vlan, &*read.range), (5, "r"));
    assert_eq!(read.exclude, ["a", "b"]);
    assert_eq!(rwx_network("null"), Ok(RwxNetwork::default()));
    let null_keeps = r#"{"share-storage-network":true,"share-storage-network":null}"#;
    assert!(rwx_network(null_keeps).unwrap().share_storage_network);
    assert!(rwx_network("{\"Share-\u{17f}torage-networ\u{212a}\":true}").unwrap().share_storage_network);
}

#[test]
fn newer_keys_for_ipv6_count_where_they_say_something() {
    for (members, expected) in [
        (r#""rangeV6":"fd00::/64""#, true),
        (r#""RANGEv6":"x""#, true),
        (r#""r\u0061ngev6":"x","rangeV6":null"#, true),
        (r#""rangeV6":"","rangev6":"x""#, true),
        (r#""rangeV6":"x","rangev6":"""#, false),
        (r#""rangeV6":"""#, false),
        (r#""rangeV6":null,"rangeV6Start":null,"rangeV6End":"fd00::1""#, false),
        (r#""rangeV6":5"#, true),
        (r#""rangeV6Start":[]"#, true),
        (r#""RANGEV6END":true"#, true),
        (r#""rangeV6Anything":5,"rangeV":"x""#, false),
    ] {
        assert_eq!(network_config(&format!("{{{members}}}")).unwrap().is_dual_stack, expected, "{members}");
    }
}

#[test]
fn depth_is_bounded_as_in_go_and_never_overflows_the_stack() {
    let nested = |depth: usize| format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(network_config(&nested(MAX_DEPTH - 1)), Ok(NetworkConfig::default()));
    assert_eq!(network_config(&nested(MAX_DEPTH)), Err(Unreadable::TooDeep));
    assert_eq!(network_config(&nested(1_000_000)), Err(Unreadable::TooDeep));
    for bracket in ["[", "]"] {
        let brackets_in_a_string = format!("{{\"x\":\"\\\"{}\"}}", bracket.repeat(MAX_DEPTH + 1));
        assert_eq!(network_config(&brackets_in_a_string), Ok(NetworkConfig::default()));
    }
}

#[test]
fn hundreds_of_thousands_of_duplicate_keys_are_read_in_one_pass() {
    let mut text = String::from("{");
    for _ in 0..100_000 {
        text.push_str("\"vlan\":1,\"x\":[],\"exclude\":[\"a\"],");
    }
    text.push_str("\"vlan\":2}");
    let read = network_config(&text).unwrap();
    assert_eq!((read.vlan, read.exclude), (2, vec![Cow::Borrowed("a")]));
}

#[test]
fn the_reason_names_the_field_and_never_quotes() {
    assert_eq!(Unreadable::Syntax.to_string(), "it is not JSON");
    assert_eq!(Unreadable::TooDeep.to_string(), "it nests deeper than 10000 levels");
    assert_eq!(wrong("", "an object").to_string(), "it is not an object");
    assert_eq!(wrong("network.exclude[2]", "a string").to_string(), "network.exclude[2] is not a string");
}
