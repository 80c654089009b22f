//! The words: every problem, every warning and whole refusals, as users read them.

#![expect(clippy::unwrap_used, reason = "a test asserts by panicking, in its helpers too")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use migration_network_webhook::admission::response::Status;
use migration_network_webhook::admission::{Decision, Phase, Policy, Request, Setting, Verdict, answer, decide};
use migration_network_webhook::cluster::files;
use migration_network_webhook::setting::facts::{
    CrdState, Facts, HostNetwork, MatchedNodes, Node, Nodes, ObjectName, ServiceCidr, SettingNetwork, VlanConfigFact,
};
use migration_network_webhook::setting::range::AddressRange;
use migration_network_webhook::setting::vlan::VlanId;
use migration_network_webhook::setting::{RuleId, Warning};
use serde_json::{Value, json};

fn ready() -> Facts {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/clusters/ready.yaml");
    files::load(&[path]).unwrap().facts
}

fn setting(object: &Value) -> Setting<'static> {
    serde_json::from_str(object.to_string().leak()).unwrap()
}

fn decided(old: &Value, new: &Value, facts: &Facts, policy: &Policy) -> Decision {
    decide(Phase::Mutate, &Request::Update { old: setting(old), new: setting(new) }, facts, policy)
}

fn value(cluster_network: &str, vlan: &str, range: &str, exclude: &[&str]) -> Value {
    format!(r#"{{"clusterNetwork":"{cluster_network}","vlan":{vlan},"range":"{range}","exclude":{exclude:?}}}"#).into()
}

#[expect(clippy::unnecessary_wraps, reason = "facts are wrapped")]
fn known<T>(fact: T) -> Result<Arc<T>, migration_network_webhook::setting::facts::Missing> {
    Ok(Arc::new(fact))
}

fn migrations(count: usize) -> BTreeSet<ObjectName> {
    (0..count).map(|index| ObjectName { namespace: "tenant".into(), name: format!("vm-{index}").into() }).collect()
}

fn nodes(count: u8, internal: [u8; 3]) -> Nodes {
    let [a, b, c] = internal;
    Nodes::new((0..count).map(|index| Node {
        name: format!("node-{index}").into(),
        internal_ips: Box::new([std::net::Ipv4Addr::new(a, b, c, 10 + index)]),
        pod_cidrs: Box::new([format!("10.52.{index}.0/24").parse().unwrap()]),
        ..Node::default()
    }))
}

fn storage(network: SettingNetwork) -> Facts {
    Facts { networks: known(BTreeMap::from([("storage-network".to_owned(), network)])), ..ready() }
}

fn vlan_config(name: &str, matched: MatchedNodes) -> VlanConfigFact {
    let network = Some("vm-migration".to_owned());
    VlanConfigFact { name: name.to_owned(), label: network.clone(), cluster_network: network, matched }
}

/// Two `VlanConfig`s that name the cluster network but are not labelled with it.
fn stray(label: Option<&str>, matched: &MatchedNodes) -> Facts {
    let stray = |name| VlanConfigFact { label: label.map(str::to_owned), ..vlan_config(name, matched.clone()) };
    Facts { vlan_configs: known(vec![stray("one"), stray("two")]), ..ready() }
}

fn coverage(covered: &[&str], unreadable: &[&str]) -> Facts {
    let unreadable = unreadable
        .iter()
        .map(|annotation| vlan_config("vm-migration-all", MatchedNodes::Unreadable((*annotation).to_owned())));
    let covered = MatchedNodes::Nodes(covered.iter().map(|node| (*node).to_owned()).collect());
    let vlan_configs = unreadable.chain([vlan_config("vm-migration-some", covered)]).collect();
    Facts { vlan_configs: known(vlan_configs), ..ready() }
}

/// A submitted value and the cluster it is held against: each is refused for one reason, unless it says otherwise.
#[expect(clippy::too_many_lines, reason = "a table")]
fn refusals() -> Vec<(Value, Facts)> {
    const RANGE: &str = "192.168.1.0/24";
    let plain = || value("vm-migration", "100", RANGE, &[]);
    let with = |members: &str| -> Value {
        format!(r#"{{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24",{members}}}"#).into()
    };
    let range = |range: &str| value("vm-migration", "100", range, &[]);
    let exclude = |exclude: &[&str]| value("vm-migration", "100", RANGE, exclude);
    let mut all = Vec::new();
    for submitted in [
        json!(5),
        json!({"clusterNetwork": "vm-migration"}),
        json!("{not json"),
        json!("\u{feff}{}"),
        json!("{'vlan':1}"),
        json!("null"),
        json!("[\"::error::\\u202e\u{202e}\"]"),
        with(r#""gateway":"192.168.1.1""#),
        with(r#""excludes":[]"#),
        with(r#""rangeV6Start":"fd00::1""#),
        with(r#""\u001b[31m":1"#),
        with(&format!(r#""{}":1"#, "x".repeat(1000))),
        with(r#""\ud800":1"#),
        json!(r#"{"clusterNetwork":"vm-migration","range":"192.168.1.0/24"}"#),
        json!(r#"{"clusterNetwork":"vm-migration","vlan":null,"range":"192.168.1.0/24"}"#),
        json!(r#"{"vlan":100,"range":"192.168.1.0/24"}"#),
        json!(r#"{"clusterNetwork":"vm-migration","vlan":100}"#),
        with(r#""vl\u0061n":101"#),
        value("", "100", RANGE, &[]),
        value("vm-migration", "\"100\"", RANGE, &[]),
        value("vm-migration", "1e2", RANGE, &[]),
        json!(r#"{"clusterNetwork":["vm-migration"],"vlan":100,"range":"192.168.1.0/24"}"#),
        json!(r#"{"clusterNetwork":"vm-migration","vlan":100,"range":{"a":1}}"#),
        with(r#""exclude":"192.168.1.1/32""#),
        json!(r#"{"clusterNetwork":"vm\udc00migration","vlan":100,"range":"192.168.1.0/24"}"#),
        with(r#""exclude":["\ud800"]"#),
        with(r#""exclude":[null]"#),
        value("vm-migration", "4095", RANGE, &[]),
        value("vm-migration", "-1", RANGE, &[]),
        value("vm-migration", &"9".repeat(500), RANGE, &[]),
        value("mgmt", "1", RANGE, &[]),
        range("not-a-range"),
        range("192.168.1.0"),
        range("192.168.1.0/33"),
        range("192.168.1.0/024"),
        range("192.168.001.0/24"),
        range("010.168.1.0/24"),
        range("192.168.1.0/255.255.255.0"),
        range(" 192.168.1.0/24"),
        range("fd00::/64"),
        range("::ffff:192.168.1.0/120"),
        range("192.168.1.7/24"),
        range("10.0.0.0/8"),
        range("10.42.7.0/24"),
        range("127.0.0.0/16"),
        exclude(&["192.168.1.1"]),
        exclude(&["192.168.1.1-192.168.1.9"]),
        exclude(&["192.168.2.1/32"]),
        exclude(&["192.168.1.9/24"]),
        exclude(&["192.168.0.0/16"]),
        exclude(&["192.168.1.0/28", "192.168.1.9/32"]),
        exclude(&vec!["192.168.1.1/32"; 10_001]),
        range("192.168.1.0/31"),
        value("vm-migration-br", "100", RANGE, &[]),
        value("vm-migratoin", "100", RANGE, &[]),
        value("elsewhere", "100", RANGE, &[]),
        value("vm-migration/status?limit=1\n", "100", RANGE, &[]),
    ] {
        all.push((submitted, ready()));
    }
    let range_of = |range: &str| AddressRange::new(range.parse().unwrap(), &[]);
    let on = |vlan: u16, exclusive_vlan, range| SettingNetwork::On { vlan: VlanId::from(vlan), exclusive_vlan, range };
    let service = ServiceCidr { name: "kubernetes".to_owned(), cidr: "172.30.0.0/16".parse().unwrap() };
    let host_network = HostNetwork {
        name: "storage-hosts".to_owned(),
        cluster_network: "vm-migration".to_owned(),
        vlan: VlanId::Tagged(100),
        dhcp: false,
        addresses: Ok(BTreeSet::from([("node-0".to_owned(), "192.168.1.10".parse().unwrap())])),
    };
    all.extend([
        (range("172.30.4.0/24"), Facts { service_cidrs: known(vec![service]), ..ready() }),
        (
            range("10.51.0.0/16"),
            Facts {
                nodes: known(Nodes::new(
                    nodes(2, [10, 115, 0])
                        .iter()
                        .map(|node| Node { pod_cidrs: Box::new(["10.51.3.0/24".parse().unwrap()]), ..node.clone() }),
                )),
                ..ready()
            },
        ),
        (range("10.115.0.0/24"), ready()),
        (plain(), Facts { host_networks: known(vec![host_network]), ..ready() }),
        (
            range("192.168.1.0/29"),
            Facts {
                nodes: known(nodes(7, [10, 115, 0])),
                ..coverage(&["node-0", "node-1", "node-2", "node-3", "node-4", "node-5", "node-6"], &[])
            },
        ),
        (plain(), Facts { migrations: known(migrations(1)), ..ready() }),
        (plain(), Facts { migrations: known(migrations(12)), ..ready() }),
        (plain(), Facts { vlan_configs: known(Vec::new()), ..ready() }),
        (plain(), stray(None, &MatchedNodes::Nodes(BTreeSet::new()))),
        (plain(), stray(Some("other"), &MatchedNodes::Absent)),
        (plain(), stray(None, &MatchedNodes::Absent)),
        (plain(), Facts { vlan_configs: known(vec![vlan_config("all", MatchedNodes::Absent)]), ..ready() }),
        (plain(), coverage(&["node-0"], &[])),
        (plain(), coverage(&["node-0", "node-1"], &["[\"node-0\",]\u{7}"])),
        (
            plain(),
            Facts {
                vlan_statuses: known(BTreeMap::from([(
                    "vm-migration".to_owned(),
                    BTreeSet::from(["node-1".to_owned()]),
                )])),
                ..ready()
            },
        ),
        (plain(), Facts { whereabouts_crd: known(CrdState::Absent), ..ready() }),
        (plain(), Facts { whereabouts_crd: known(CrdState::NotEstablished), ..ready() }),
        (range("192.168.0.0/16"), storage(on(7, false, Ok(Some(range_of("192.168.50.0/24")))))),
        (plain(), storage(SettingNetwork::Unreadable("value: it is not JSON".to_owned()))),
        (plain(), storage(on(7, false, Err("value.range holds \"x\", which is not a CIDR".to_owned())))),
        (plain(), storage(on(100, true, Ok(None)))),
    ]);
    all
}

#[test]
fn every_problem_has_its_words() {
    let (mut text, mut seen) = (String::new(), BTreeSet::new());
    for (submitted, facts) in refusals() {
        let decision = decided(&json!({}), &json!({"value": submitted}), &facts, &Policy::default());
        let Verdict::Invalid(violations) = &decision.verdict else { panic!("{submitted}: {decision:?}") };
        for violation in violations.listed() {
            let message = violation.to_string();
            assert!(!message.chars().any(char::is_control) && message.len() < 600, "{message}");
            let reason = violation.reason();
            writeln!(text, "[{}] {} {reason}\n    {message}", violation.rule(), violation.field).unwrap();
            seen.insert(violation.rule());
        }
    }
    assert_eq!(seen, RuleId::ALL.into_iter().collect());
    insta::assert_snapshot!(text);
}

#[test]
fn every_warning_has_its_words() {
    let plain = value("vm-migration", "100", "192.168.1.0/24", &[]);
    let canonical = r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24"}"#;
    let way_out = json!({"annotations": {
        "migration-network-webhook/allow-during-migration": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}});
    let unknown = Facts { networks: Facts::unknown("not listed yet").networks, ..ready() };
    let by_dhcp = HostNetwork {
        name: "hosts".to_owned(),
        cluster_network: "vm-migration".to_owned(),
        vlan: VlanId::Tagged(100),
        dhcp: true,
        addresses: Ok(BTreeSet::new()),
    };
    let on_trial = |rule| Policy { warn: [rule].into_iter().collect(), ..Policy::default() };
    let mut text = String::new();
    let mut seen = BTreeSet::new();
    for (old, new, facts, policy) in [
        (
            json!({}),
            json!({"value": value("vm-migration", "100", "192.168.1.0/24", &["192.168.1.9/30"])}),
            ready(),
            Policy::default(),
        ),
        (json!({"value": plain}), json!({"value": canonical}), ready(), Policy::default()),
        (json!({}), json!({"value": canonical.replace("vm-migration", "mgmt")}), ready(), Policy::default()),
        (json!({}), json!({"default": canonical.replace("/24", "/30")}), ready(), Policy::default()),
        (
            json!({}),
            json!({"value": canonical}),
            Facts { host_networks: known(vec![by_dhcp]), ..ready() },
            Policy::default(),
        ),
        (
            json!({}),
            json!({"value": canonical.replace("/24", "/29")}),
            Facts {
                nodes: known(nodes(5, [10, 115, 0])),
                ..coverage(&["node-0", "node-1", "node-2", "node-3", "node-4"], &[])
            },
            on_trial(RuleId::VlanStatusNotReady),
        ),
        (
            json!({}),
            json!({"value": r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24","exclude":["192.168.1.8/29"]}"#}),
            Facts { nodes: known(nodes(1, [192, 168, 1])), ..ready() },
            Policy::default(),
        ),
        (
            json!({}),
            json!({"value": canonical, "metadata": way_out}),
            Facts { migrations: known(migrations(5)), ..ready() },
            Policy::default(),
        ),
        (
            json!({}),
            json!({"value": canonical, "metadata": way_out}),
            Facts { migrations: Facts::unknown("not listed yet").migrations, ..ready() },
            Policy::default(),
        ),
        (
            json!({}),
            json!({"value": canonical}),
            Facts { whereabouts_crd: known(CrdState::Absent), ..ready() },
            on_trial(RuleId::WhereaboutsCrdMissing),
        ),
        (
            json!({}),
            json!({"value": canonical}),
            unknown,
            Policy { warn: [RuleId::NetworkOverlap, RuleId::VlanExclusive].into_iter().collect(), ..Policy::default() },
        ),
    ] {
        let decision = decided(&old, &new, &facts, &policy);
        assert_eq!(decision.verdict, Verdict::Allowed, "{new}");
        for warning in &decision.warnings {
            let shown = warning.to_string();
            assert!(!shown.chars().any(char::is_control), "{shown}");
            writeln!(text, "[{}] {} characters\n    {shown}", warning.kind(), shown.chars().count()).unwrap();
            seen.insert(warning.kind());
        }
    }
    let on_trial = [RuleId::VlanStatusNotReady, RuleId::WhereaboutsCrdMissing].map(RuleId::as_str);
    assert_eq!(seen, Warning::KINDS.into_iter().chain(on_trial).collect());
    insta::assert_snapshot!(text);
}

fn update(uid: &str, old: &Value, new: &Value) -> Vec<u8> {
    let object = |object: &Value| {
        let mut object = object.clone();
        object["metadata"]["name"] = "vm-migration-network".into();
        object
    };
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": uid, "operation": "UPDATE", "name": "vm-migration-network", "userInfo": {"username": "admin"},
        "resource": {"group": "harvesterhci.io", "version": "v1beta1", "resource": "settings"},
        "object": object(new), "oldObject": object(old)}});
    review.to_string().into_bytes()
}

/// The answer to one UPDATE, as it goes over the wire.
fn answered(old: &Value, new: &Value, facts: &Facts, policy: &Policy) -> String {
    let answer = answer(Phase::Mutate, &update("705ab4f5-6393-11e8-b7cc-42010a800002", old, new), facts, policy);
    assert_eq!(answer.http_status, 200);
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    serde_json::to_string_pretty(&answer).unwrap()
}

#[test]
fn a_refusal_for_five_reasons_is_one_answer() {
    let submitted =
        r#"{"clusterNetwork":"vm-migraton","vlan":4095,"range":"192.168.1.7/24","exclude":["192.168.1.100"]}"#;
    let facts = Facts { migrations: known(migrations(2)), ..ready() };
    let old = json!({"value": r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24"}"#});
    insta::assert_snapshot!(answered(&old, &json!({"value": submitted}), &facts, &Policy::default()));
}

#[test]
fn a_thoroughly_bad_value_is_refused_once_with_everything_that_is_wrong() {
    // In value what is wrong with the range hides that it is reserved; default has the sound part of it.
    let bad = r#"{"clusterNetwork":"vm-migration","vlan":"100","range":"10.42.0.9/24","exclude":["10.42.0.1","8.8.8.8/33"],"gateway":"10.42.0.1"}"#;
    let reserved = r#"{"clusterNetwork":"vm-migration","vlan":5000,"range":"10.42.0.0/24","exclude":["10.42.0.1","8.8.8.8/32"],"excludes":[]}"#;
    let facts = Facts { migrations: known(migrations(1)), ..ready() };
    let decision = decided(&json!({}), &json!({"value": bad, "default": reserved}), &facts, &Policy::default());
    let Verdict::Invalid(violations) = &decision.verdict else { panic!("{decision:?}") };
    let fields: Vec<_> = violations.listed().iter().map(|it| format!("{} {}", it.rule(), it.field)).collect();
    assert_eq!(
        fields,
        [
            "value-syntax value.vlan",
            "value-syntax value.gateway",
            "range-not-ipv4-network value.range",
            "exclude-invalid value.exclude[0]",
            "exclude-invalid value.exclude[1]",
            "migration-in-progress value",
            "value-syntax default.excludes",
            "vlan-range default.vlan",
            "range-reserved default.range",
            "exclude-invalid default.exclude[0]",
            "exclude-invalid default.exclude[1]",
            "migration-in-progress default",
        ]
    );
    let status = Status::of(&decision).unwrap();
    assert_eq!((status.code, status.reason, status.causes.len()), (422, "Invalid", 12));
    // Each problem is a line of the message as well, with its field.
    let lines: Vec<&str> = status.message.lines().collect();
    assert_eq!(lines[0], "vm-migration-network is refused, 12 problems:");
    let problems: Vec<_> = lines.iter().filter(|line| line.starts_with("* ")).collect();
    assert_eq!(problems.len(), 12);
    for (line, cause) in problems.into_iter().zip(&status.causes) {
        let whole = format!("* {}: {}", cause.field, cause.message);
        // Commands stand on lines of their own, below.
        assert!(*line == whole || line.ends_with(':') && whole.starts_with(line), "{line}");
    }
    assert_eq!(lines.iter().filter(|line| line.starts_with("    ")).count(), 6);
    assert_eq!(lines.len(), 23);
}

#[test]
fn other_answers_are_whole_as_well() {
    let plain = json!({"value": value("vm-migration", "100", "192.168.1.0/24", &["192.168.1.9/30"])});
    let rewritten = answered(&json!({}), &plain, &ready(), &Policy::default());
    let unavailable = answered(&json!({}), &plain, &Facts::unknown("not listed yet"), &Policy::default());
    let on_trial = Policy { warn: [RuleId::WhereaboutsCrdMissing].into_iter().collect(), ..Policy::default() };
    let facts = Facts { whereabouts_crd: known(CrdState::Absent), ..ready() };
    let warned =
        answered(&plain, &json!({"value": value("vm-migration", "101", "192.168.1.0/24", &[])}), &facts, &on_trial);
    insta::assert_snapshot!([rewritten, unavailable, warned].join("\n"));
}
