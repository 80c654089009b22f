//! `value`: what the strict reader accepts, against `serde_json` and against Go's reading.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;
use serde_json::Value;

use super::assert_harmless;
use super::tree::Tree;
use crate::setting::equivalence::Meaning;
use crate::setting::json::is_blank;
use crate::setting::{ParsedValue, ValidatedValue, go_json};

/// Reads a submitted value.
pub fn value(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if is_blank(text) {
        return;
    }
    let parsed = ParsedValue::read(text);
    for problem in parsed.syntax.listed() {
        assert_harmless(&problem.message, false);
    }
    let validated = ValidatedValue::new(parsed.clone());
    if !parsed.syntax.is_empty() {
        assert!(validated.canonical().is_none(), "{text:?}");
        return;
    }
    // The syntax is sound: others agree that it is such an object.
    let seen: Value = serde_json::from_str(text).unwrap_or_else(|why| panic!("{text:?}: {why}"));
    let members = seen.as_object().unwrap();
    let known = ["clusterNetwork", "vlan", "range", "exclude", "rangeV6", "rangeV6Start", "rangeV6End"];
    assert!(members.keys().all(|key| known.contains(&&**key)), "{text:?}");
    // Dual-stack keys that are empty count as absent, however often they stand.
    let Tree::Object(mut members) = Tree::read(text).unwrap() else { panic!("{text:?}") };
    members.retain(|(key, _)| !key.starts_with("rangeV6"));
    assert!(!Tree::Object(members).has_duplicates(), "{text:?}");
    assert_eq!(parsed.cluster_network.as_deref(), seen["clusterNetwork"].as_str());
    assert_eq!(parsed.range.as_deref(), seen["range"].as_str());
    let exclude: Vec<&str> =
        seen["exclude"].as_array().into_iter().flatten().map(|entry| entry.as_str().unwrap()).collect();
    let entries = &parsed.exclude.as_ref().unwrap().items;
    assert_eq!(entries.iter().map(|entry| entry.as_deref().unwrap()).collect::<Vec<_>>(), exclude);

    // Where Go can read it, it means the same.
    let go = go_json::network_config(text);
    let meaning = Meaning::of_submitted(&parsed);
    assert_eq!(go.is_ok(), meaning.is_some(), "{text:?}: {go:?}");
    if let Ok(go) = &go {
        assert_eq!(Meaning::of_stored(go), meaning, "{text:?}");
    }

    let Some(canonical) = validated.canonical() else { return };
    let range: Ipv4Net = seen["range"].as_str().unwrap().parse().unwrap();
    assert_eq!((range, seen["vlan"].as_u64()), (range.trunc(), Some(u64::from(go.as_ref().unwrap().vlan))));
    let again = ParsedValue::read(&canonical);
    let reread = ValidatedValue::new(again.clone()).canonical().unwrap_or_else(|| panic!("{canonical}"));
    assert_eq!(reread, canonical);
    assert_eq!(Meaning::of_submitted(&again), meaning, "{text:?}, {canonical}");
    let written: Value = serde_json::from_str(&canonical).unwrap();
    let masked = |entry: &Value| entry.as_str().unwrap().parse::<Ipv4Net>().unwrap().trunc();
    let set = |value: &Value| value["exclude"].as_array().into_iter().flatten().map(masked).collect::<BTreeSet<_>>();
    assert_eq!(set(&written), set(&seen));
    for key in ["clusterNetwork", "vlan", "range"] {
        assert_eq!(written[key], seen[key]);
    }
}
