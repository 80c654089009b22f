use super::*;
use crate::setting::go_json;

/// Whether a submitted text means what a stored one does.
fn equal(stored: &str, submitted: &str) -> bool {
    let draft = ParsedValue::read(submitted);
    let Ok(stored) = go_json::network_config(stored) else { return false };
    Meaning::of_submitted(&draft).is_some_and(|submitted| Meaning::of_stored(&stored) == Some(submitted))
}

const STORED: &str =
    r#"{"clusterNetwork":"net","vlan":100,"range":"10.0.0.0/24","exclude":["10.0.0.16/28","10.0.0.1/32"]}"#;

#[test]
fn how_it_is_written_means_nothing() {
    for submitted in [
        STORED,
        " {\"exclude\" :\t[\"10.0.0.1\\/32\",\r\n\"10.0.0.16/28\"], \"range\":\"10.0.0.\\u0030/24\",\"vl\\u0061n\":100,\"clusterNetwork\":\"net\"}\n",
        r#"{"clusterNetwork":"net","vlan":100,"range":"10.0.0.0/24","exclude":["10.0.0.31/28","10.0.0.1/32","10.0.0.16/28"]}"#,
    ] {
        assert!(equal(STORED, submitted), "{submitted}");
    }
    let without = r#"{"clusterNetwork":"net","vlan":100,"range":"10.0.0.0/24"}"#;
    for submitted in [without.replace('}', ",\"exclude\":null}"), without.replace('}', ",\"exclude\":[]}")] {
        assert!(equal(without, &submitted) && equal(&submitted, without), "{submitted}");
    }
}

#[test]
fn what_makes_another_network_is_a_difference() {
    for (from, to) in [
        ("\"net\"", "\"nett\""),
        ("\"net\"", "\"Net\""),
        ("100", "101"),
        ("100", "0"),
        ("10.0.0.0/24", "10.0.0.0/25"),
        ("10.0.0.0/24", "10.0.0.0/024"),
        ("10.0.0.0/24", "10.0.0.1/24"),
        ("10.0.0.0/24", "10.0.0.0/24 "),
        (",\"10.0.0.1/32\"", ""),
        // The network address is never handed out, and two halves are not their whole: still another text in the end.
        ("\"10.0.0.1/32\"", "\"10.0.0.1/32\",\"10.0.0.0/32\""),
        ("\"10.0.0.16/28\"", "\"10.0.0.16/29\",\"10.0.0.24/29\""),
        ("10.0.0.16/28", "10.0.0.16/028"),
        ("10.0.0.1/32", "10.0.0.1"),
    ] {
        let other = STORED.replace(from, to);
        assert_ne!(other, STORED);
        assert!(!equal(STORED, &other) && !equal(&other, STORED), "{other}");
        // What is no strict CIDR is compared as text, and equals itself.
        assert!(equal(&other, &other), "{other}");
    }
}

#[test]
fn untagged_is_one_vlan() {
    let with = |vlan: &str| format!(r#"{{"clusterNetwork":"net",{vlan}"range":"10.0.0.0/24"}}"#);
    for (stored, submitted, expected) in [
        ("", "\"vlan\":0,", true),
        ("", "\"vlan\":1,", true),
        ("\"vlan\":0,", "\"vlan\":1,", true),
        ("\"vlan\":1,", "\"vlan\":0,", true),
        ("\"vlan\":null,", "\"vlan\":0,", true),
        ("\"vlan\":2,", "\"vlan\":1,", false),
        // A number that a later rule refuses is a number all the same, until it is none to Harvester.
        ("\"vlan\":5000,", "\"vlan\":5000,", true),
        ("\"vlan\":65535,", "\"vlan\":65535,", true),
        ("\"vlan\":65536,", "\"vlan\":65536,", false),
        ("\"vlan\":-1,", "\"vlan\":-1,", false),
        ("\"vlan\":0,", "", false),
    ] {
        assert_eq!(equal(&with(stored), &with(submitted)), expected, "{stored} {submitted}");
    }
}

#[test]
fn the_stored_side_is_read_as_harvester_reads_it() {
    let submitted = r#"{"clusterNetwork":"net","vlan":100,"range":"10.0.0.0/24","exclude":["10.0.0.1/32"]}"#;
    for (stored, expected) in [
        (r#"{"CLUSTERNETWORK":"net","VLAN":100,"Range":"10.0.0.0/24","eXclude":["10.0.0.1/32"]}"#, true),
        (
            "{\"clu\u{17f}terNetwor\u{212a}\":\"net\",\"vlan\":100,\"range\":\"10.0.0.0/24\",\"exclude\":[\"10.0.0.1/32\"]}",
            true,
        ),
        (
            r#"{"vlan":7,"clusterNetwork":"other","clusterNetwork":"net","range":"x","exclude":["x","y"],"vlan":100,"vlan":null,"RANGE":"10.0.0.0/24","exclude":["10.0.0.1/32"]}"#,
            true,
        ),
        (
            r#"{"clusterNetwork":"net","vlan":100,"range":"10.0.0.0/24","exclude":["10.0.0.1/32"],"exclude":null}"#,
            false,
        ),
        (
            r#"{"clusterNetwork":"net","vlan":100,"range":"10.0.0.0/24","exclude":["10.0.0.1/32"],"gateway":[1],"excludes":7}"#,
            true,
        ),
        (
            r#"{"clusterNetwork":"net","vlan":100,"range":"10.0.0.0/24","exclude":["10.0.0.1/32"],"exclusiveVlan":true}"#,
            true,
        ),
        // The struct has this field: another type is an error.
        (
            r#"{"clusterNetwork":"net","vlan":100,"range":"10.0.0.0/24","exclude":["10.0.0.1/32"],"exclusiveVlan":"x"}"#,
            false,
        ),
        (r#"{"clusterNetwork":"net","vlan":100.0,"range":"10.0.0.0/24","exclude":["10.0.0.1/32"]}"#, false),
        (r#"{"clusterNetwork":"net","vlan":1e2,"range":"10.0.0.0/24","exclude":["10.0.0.1/32"]}"#, false),
        (r#"{"clusterNetwork":"net","vlan":"100","range":"10.0.0.0/24","exclude":["10.0.0.1/32"]}"#, false),
        (r#"{"clusterNetwork":"net","vlan":100,"range":"10.0.0.0/24","exclude":["10.0.0.1/32"]} x"#, false),
        ("null", false),
        ("", false),
        ("{}", false),
    ] {
        assert_eq!(equal(stored, submitted), expected, "{stored}");
    }
}

#[test]
fn a_dual_stack_value_equals_nothing() {
    let plain = r#"{"clusterNetwork":"net","vlan":100,"range":"10.0.0.0/24"}"#;
    for (member, meant) in [
        (r#""rangeV6":"fd00::/64""#, false),
        (r#""rangev6":"fd00::/64""#, false),
        (r#""rangeV6Start":5"#, false),
        (r#""rangeV6":null"#, true),
        (r#""rangeV6":"","rangeV6End":"fd00::1""#, true),
    ] {
        let stored = plain.replace('}', &format!(",{member}}}"));
        assert!(go_json::network_config(&stored).is_ok());
        assert_eq!(equal(&stored, plain), meant, "{stored}");
    }
}
