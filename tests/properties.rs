//! What holds for every value and every request, whatever they are.

#![expect(clippy::unwrap_used, reason = "a test asserts by panicking, in its helpers too")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::LazyLock;

use ipnet::Ipv4Net;
use migration_network_webhook::admission::{
    Decision, MatchedWebhook, Mutation, Phase, Policy, Request, Review, Setting, Verdict, answer, decide,
    matched_webhook,
};
use migration_network_webhook::cluster::files;
use migration_network_webhook::setting::Facts;
use proptest::prelude::*;
use serde_json::{Value, json};

static READY: LazyLock<Facts> = LazyLock::new(|| cluster("ready"));
static BROKEN: LazyLock<Facts> = LazyLock::new(|| cluster("broken-everything"));

fn cluster(name: &str) -> Facts {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/clusters/{name}.yaml"));
    files::load(&[path]).unwrap().facts
}

/// A network, before it is spelled.
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "the fields have the names of the keys")]
struct Network {
    cluster_network: &'static str,
    vlan: u16,
    range: Ipv4Net,
    exclude: Vec<Ipv4Net>,
}

impl Network {
    /// The canonical text, from its definition.
    fn canonical(&self) -> String {
        let mut exclude: Vec<_> = self.exclude.iter().map(|net| (net.network(), net.prefix_len())).collect();
        exclude.sort_unstable();
        exclude.dedup();
        let exclude: Vec<_> = exclude.iter().map(|(address, prefix)| format!("\"{address}/{prefix}\"")).collect();
        let exclude = if exclude.is_empty() { String::new() } else { format!(",\"exclude\":[{}]", exclude.join(",")) };
        format!(
            r#"{{"clusterNetwork":"{}","vlan":{},"range":"{}"{exclude}}}"#,
            self.cluster_network, self.vlan, self.range
        )
    }

    /// The same network, spelled as the tape has it; by an empty tape in the plainest way.
    fn spelled(&self, tape: &[u8]) -> String {
        let mut tape = Tape(tape.iter());
        let mut exclude: Vec<String> = Vec::new();
        for net in &self.exclude {
            for _ in 0..=tape.below(2) {
                let hosts = u32::from(net.hostmask());
                let host_bits = tape.next() | tape.next() << 8;
                let address = Ipv4Addr::from(u32::from(net.network()) | (host_bits & hosts));
                exclude.push(tape.string(&format!("{address}/{}", net.prefix_len())));
            }
        }
        tape.shuffle(&mut exclude);
        let mut members = vec![
            ("clusterNetwork", tape.string(self.cluster_network)),
            ("vlan", if self.vlan <= 1 { tape.below(2).to_string() } else { self.vlan.to_string() }),
            ("range", tape.string(&self.range.to_string())),
        ];
        if !exclude.is_empty() || tape.below(2) == 1 {
            let null = exclude.is_empty() && tape.below(2) == 1;
            let joined: Vec<_> =
                exclude.iter().map(|entry| format!("{}{entry}{}", tape.blank(), tape.blank())).collect();
            members.push(("exclude", if null { "null".to_owned() } else { format!("[{}]", joined.join(",")) }));
        }
        tape.shuffle(&mut members);
        let members: Vec<_> = members
            .iter()
            .map(|(key, value)| {
                let key = tape.string(key);
                format!("{}{key}{}:{}{value}{}", tape.blank(), tape.blank(), tape.blank(), tape.blank())
            })
            .collect();
        format!("{}{{{}}}{}", tape.blank(), members.join(","), tape.blank())
    }
}

/// The canonical text of a network in this spelling: 0 and 1 are one VLAN, but are stored as they were written.
fn canonical_of(network: &Network, spelled: &str) -> String {
    let vlan = serde_json::from_str::<Value>(spelled).unwrap()["vlan"].as_u64().unwrap();
    Network { vlan: u16::try_from(vlan).unwrap(), ..network.clone() }.canonical()
}

/// Choices one after the other: zeros once it has run out.
struct Tape<'t>(std::slice::Iter<'t, u8>);

impl Tape<'_> {
    fn next(&mut self) -> u32 {
        self.0.next().copied().map_or(0, u32::from)
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.next() % limit
    }

    fn blank(&mut self) -> String {
        let count = self.below(8).saturating_sub(5);
        (0..count).map(|_| [' ', '\t', '\n', '\r'][self.below(4) as usize]).collect()
    }

    /// A JSON string, some of its characters escaped.
    fn string(&mut self, text: &str) -> String {
        let mut json = String::from('"');
        for char in text.chars() {
            match self.below(16) {
                15 => write!(json, "\\u{:04x}", u32::from(char)).unwrap(),
                14 => write!(json, "\\u{:04X}", u32::from(char)).unwrap(),
                13 if char == '/' => json.push_str("\\/"),
                _ => json.push(char),
            }
        }
        json.push('"');
        json
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, at - self.next() as usize % (at + 1));
        }
    }
}

prop_compose! {
    fn networks()(
        cluster_network in prop::sample::select(vec!["mgmt", "vm-migration", "elsewhere"]),
        vlan in 0_u16..=4094,
        base in prop::sample::select(vec![[192, 168, 0, 0], [172, 16, 0, 0], [10, 44, 0, 0], [10, 115, 0, 0]]),
        prefix in 16_u8..=32,
        within in any::<u32>(),
        holes in prop::collection::vec((any::<u32>(), 17_u8..=32), 0..6),
    ) -> Network {
        let inside = |outer: Ipv4Net, address: u32, prefix: u8| {
            let address = u32::from(outer.network()) | (address & u32::from(outer.hostmask()));
            Ipv4Net::new(Ipv4Addr::from(address), prefix).unwrap().trunc()
        };
        let range = inside(Ipv4Net::new(Ipv4Addr::from(base), 16).unwrap(), within, prefix);
        let mut exclude: Vec<Ipv4Net> = Vec::new();
        for (address, length) in holes {
            let hole = inside(range, address, length.max(prefix + 1).min(32));
            let apart = exclude.iter().all(|other| !other.contains(&hole) && !hole.contains(other));
            if apart && hole.prefix_len() > prefix {
                exclude.push(hole);
            }
        }
        Network { cluster_network, vlan, range, exclude }
    }
}

/// Faults, at most one of each kind, each with the rule and field that must refuse it. By 0 there is none.
#[derive(Clone, Copy, Debug)]
struct Faults {
    vlan: usize,
    cluster_network: usize,
    range: usize,
    exclude: usize,
    key: usize,
}

type Refused = Option<(&'static str, &'static str)>;

impl Faults {
    /// The value, and what must refuse it.
    fn value(self, network: Ipv4Net) -> (String, BTreeSet<(String, String)>) {
        let address = network.network();
        let (vlan, by_vlan): (&str, Refused) = [
            ("100", None),
            ("4095", Some(("vlan-range", "value.vlan"))),
            ("-1", Some(("vlan-range", "value.vlan"))),
            ("\"100\"", Some(("value-syntax", "value.vlan"))),
            ("1e2", Some(("value-syntax", "value.vlan"))),
        ][self.vlan];
        let (cluster_network, by_cluster_network): (&str, Refused) = [
            ("vm-migration", None),
            ("nowhere", Some(("cluster-network-missing", "value.clusterNetwork"))),
            ("", Some(("value-syntax", "value.clusterNetwork"))),
        ][self.cluster_network];
        let (range, by_range): (String, Refused) = [
            (network.to_string(), None),
            (format!("{}/24", Ipv4Addr::from(u32::from(address) + 1)), Some(("range-not-ipv4-network", "value.range"))),
            (address.to_string(), Some(("range-not-ipv4-network", "value.range"))),
            ("172.16.0.0/15".to_owned(), Some(("range-not-ipv4-network", "value.range"))),
            ("10.53.7.0/24".to_owned(), Some(("range-reserved", "value.range"))),
            ("224.1.0.0/16".to_owned(), Some(("range-reserved", "value.range"))),
            ("10.115.0.0/24".to_owned(), Some(("range-contains-node-address", "value.range"))),
            (format!("{address}/31"), Some(("range-too-small", "value.range"))),
        ][self.range]
            .clone();
        // Where the range is at fault too, excludes are not held against it.
        let (exclude, by_exclude): (String, Refused) = [
            (String::new(), None),
            ("\"192.168.0.0/30\"".to_owned(), Some(("exclude-invalid", "value.exclude[0]"))),
            (format!("\"{network}\""), Some(("exclude-invalid", "value.exclude[0]"))),
            (format!("\"{address}/26\",\"{address}/27\""), Some(("exclude-invalid", "value.exclude[1]"))),
            ("7".to_owned(), Some(("value-syntax", "value.exclude[0]"))),
        ][if self.range == 0 { self.exclude } else { 0 }]
        .clone();
        let (key, by_key): (&str, Refused) = [
            ("", None),
            (",\"gateway\":\"x\"", Some(("value-syntax", "value.gateway"))),
            (",\"Vlan\":1", Some(("value-syntax", "value.Vlan"))),
        ][self.key];
        let value = format!(
            r#"{{"clusterNetwork":"{cluster_network}","vlan":{vlan},"range":"{range}","exclude":[{exclude}]{key}}}"#
        );
        let refused = [by_vlan, by_cluster_network, by_range, by_exclude, by_key].into_iter().flatten();
        (value, refused.map(|(rule, field)| (rule.to_owned(), field.to_owned())).collect())
    }
}

prop_compose! {
    fn faults()(
        vlan in 0..5_usize, cluster_network in 0..3_usize, range in 0..8_usize, exclude in 0..5_usize, key in 0..3_usize,
        kept in any::<[bool; 5]>(),
    ) -> Faults {
        let [a, b, c, d, e] = [vlan, cluster_network, range, exclude, key];
        let chosen = |at: usize, fault: usize| if kept[at] { fault } else { 0 };
        Faults {
            vlan: chosen(0, a),
            cluster_network: chosen(1, b),
            range: chosen(2, c),
            exclude: chosen(3, d),
            key: chosen(4, e),
        }
    }
}

fn tapes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..400)
}

/// A string of the Setting: a spelled network, one with a fault, or something else.
fn strings() -> impl Strategy<Value = Value> {
    let spelled = || (networks(), tapes()).prop_map(|(network, tape)| network.spelled(&tape));
    prop_oneof![
        1 => Just(Value::Null),
        1 => Just(json!("")),
        1 => "[ \t\r\n]{1,3}".prop_map(Value::from),
        4 => spelled().prop_map(Value::from),
        4 => (spelled(), any::<prop::sample::Index>(), any::<char>()).prop_map(|(mut text, at, char)| {
            let at = text.floor_char_boundary(at.index(text.len()));
            text.replace_range(at..=at, &char.to_string());
            Value::from(text)
        }),
        1 => any::<String>().prop_map(Value::from),
    ]
}

fn objects() -> impl Strategy<Value = Value> {
    (strings(), strings(), 0..8_u8, any::<bool>()).prop_map(|(value, default, absent, goes)| {
        let mut object = json!({"metadata": {"name": "vm-migration-network"}, "value": value, "default": default});
        for (bit, key) in [(1, "value"), (2, "default")] {
            if absent & bit != 0 {
                object.as_object_mut().unwrap().remove(key);
            }
        }
        if absent == 7 && goes {
            object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
        }
        object
    })
}

/// A request's two objects: mostly an UPDATE, often one that repeats a string.
fn pairs() -> impl Strategy<Value = (Option<Value>, Value)> {
    (objects(), objects(), 0..12_u8).prop_map(|(mut old, mut new, how)| {
        // What is being deleted stays so: the API server lets nobody write that field.
        if let Some(at) = old["metadata"].get("deletionTimestamp") {
            new["metadata"]["deletionTimestamp"] = at.clone();
        } else if let Some(metadata) = new["metadata"].as_object_mut() {
            metadata.remove("deletionTimestamp");
        }
        for (bit, key) in [(1, "value"), (2, "default")] {
            if how & bit != 0 {
                old[key] = new[key].clone();
            }
        }
        ((how < 10).then_some(old), new)
    })
}

fn with_request<T>(old: Option<&Value>, new: &Value, then: impl FnOnce(&Request<'_>) -> T) -> T {
    let (old, new) = (old.map(ToString::to_string), new.to_string());
    let setting = |text: &'_ str| -> Setting<'static> { serde_json::from_str(text.to_owned().leak()).unwrap() };
    then(&match &old {
        None => Request::Create(setting(&new)),
        Some(old) => Request::Update { old: setting(old), new: setting(&new) },
    })
}

fn mutated(old: Option<&Value>, new: &Value, facts: &Facts) -> Decision {
    with_request(old, new, |request| decide(Phase::Mutate, request, facts, &Policy::default()))
}

fn applied(new: &Value, decision: &Decision) -> Value {
    let mut result = new.clone();
    for (key, mutation) in [("value", &decision.value), ("default", &decision.default)] {
        if let Some(text) = mutation.replacement() {
            result[key] = text.into();
        }
    }
    result
}

/// The mutation of `value` where nothing but the value alone could refuse it.
fn mutation(old: &str, new: &str) -> Mutation {
    let everything_known_and_on_trial =
        Policy { warn: migration_network_webhook::setting::RuleId::ALL.into_iter().collect(), ..Policy::default() };
    with_request(Some(&json!({"value": old})), &json!({"value": new}), |request| {
        let decision = decide(Phase::Mutate, request, &READY, &everything_known_and_on_trial);
        assert_eq!(decision.verdict, Verdict::Allowed, "{new}");
        decision.value
    })
}

fn review(operation: &str, old: Option<&Value>, new: Option<&Value>) -> String {
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "operation": operation, "name": "vm-migration-network", "userInfo": {"username": "admin"},
        "resource": {"group": "harvesterhci.io", "version": "v1beta1", "resource": "settings"},
        "object": new, "oldObject": old}});
    review.to_string()
}

proptest! {
    #[test]
    fn a_network_has_one_canonical_form(network in networks(), tape in tapes()) {
        let spelled = network.spelled(&tape);
        let canonical = canonical_of(&network, &spelled);
        let expected = if spelled == canonical { Mutation::Unchanged } else { Mutation::Rewritten(canonical.clone()) };
        prop_assert_eq!(mutation("", &spelled), expected);
        prop_assert_eq!(mutation("", &canonical), Mutation::Unchanged);
    }

    #[test]
    fn a_network_equals_itself_however_it_is_spelled(network in networks(), one in tapes(), other in tapes()) {
        let (stored, submitted) = (network.spelled(&one), network.spelled(&other));
        let expected = if stored == submitted { Mutation::Unchanged } else { Mutation::Restored(stored.clone()) };
        prop_assert_eq!(mutation(&stored, &submitted), expected);
    }

    #[test]
    fn another_network_is_stored_anew(one in networks(), other in networks(), tapes in (tapes(), tapes())) {
        prop_assume!(one.canonical() != other.canonical() && !(one.vlan <= 1 && other.vlan <= 1));
        let submitted = other.spelled(&tapes.1);
        let canonical = canonical_of(&other, &submitted);
        let expected = if submitted == canonical { Mutation::Unchanged } else { Mutation::Rewritten(canonical) };
        prop_assert_eq!(mutation(&one.spelled(&tapes.0), &submitted), expected);
    }

    #[test]
    fn each_fault_is_refused_by_its_rule_at_its_field_and_nothing_else_is(faults in faults(), third in 0..=255_u8) {
        let (value, expected) = faults.value(Ipv4Net::new(Ipv4Addr::new(172, 16, third, 0), 24).unwrap());
        let decision = mutated(Some(&json!({"value": ""})), &json!({"value": value}), &READY);
        let seen: BTreeSet<(String, String)> = match &decision.verdict {
            Verdict::Allowed => BTreeSet::new(),
            Verdict::Invalid(violations) => {
                violations.listed().iter().map(|it| (it.rule().to_string(), it.field.to_string())).collect()
            }
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(seen, expected, "{}", value);
    }

    #[test]
    fn mutating_twice_changes_nothing((old, new) in pairs()) {
        for facts in [&READY, &BROKEN] {
            let first = mutated(old.as_ref(), &new, facts);
            let result = applied(&new, &first);
            let second = mutated(old.as_ref(), &result, facts);
            prop_assert_eq!((second.value.name(), second.default.name()), ("kept", "kept"));
            prop_assert_eq!(&second.verdict, &first.verdict);
            // What was let pass is let pass again by the other half.
            let validated = with_request(old.as_ref(), &result, |request| {
                decide(Phase::Validate, request, facts, &Policy::default())
            });
            prop_assert_eq!(&validated.verdict, &first.verdict);
        }
    }

    #[test]
    fn what_is_never_sent_would_be_allowed_and_left_alone((old, new) in pairs()) {
        let unknown = Facts::unknown("not listed yet");
        with_request(old.as_ref(), &new, |request| {
            let being_deleted = old.as_ref().is_some_and(|old| old["metadata"].get("deletionTimestamp").is_some());
            if matched_webhook(request) == MatchedWebhook::None {
                for phase in [Phase::Mutate, Phase::Validate] {
                    let decision = decide(phase, request, &unknown, &Policy::default());
                    prop_assert_eq!(&decision.verdict, &Verdict::Allowed);
                    // What is on its way out may be stored as it likes: it configures nothing.
                    prop_assert!(being_deleted || (decision.value.name(), decision.default.name()) == ("kept", "kept"));
                }
            }
            if matched_webhook(request) == MatchedWebhook::Disable {
                // Nothing but a running migration speaks against it, and there is nothing to rewrite.
                let decision = decide(Phase::Mutate, request, &READY, &Policy::default());
                prop_assert_eq!(&decision.verdict, &Verdict::Allowed);
                prop_assert_eq!((decision.value.name(), decision.default.replacement()), ("kept", None));
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_refusal_never_carries_a_patch((old, new) in pairs(), on_trial in any::<bool>()) {
        let warn = migration_network_webhook::setting::RuleId::ALL.into_iter().filter(|_| on_trial).collect();
        let policy = Policy { warn, ..Policy::default() };
        let operation = if old.is_some() { "UPDATE" } else { "CREATE" };
        let body = review(operation, old.as_ref(), Some(&new));
        for (facts, phase) in [(&READY, Phase::Mutate), (&BROKEN, Phase::Mutate), (&READY, Phase::Validate)] {
            let answer = answer(phase, body.as_bytes(), facts, &policy);
            let response: Value = serde_json::from_slice(&answer.body).unwrap();
            let response = &response["response"];
            let allowed = response["allowed"] == true;
            prop_assert_eq!(allowed, response.get("status").is_none());
            prop_assert!(response.get("patch").is_none() || (allowed && phase == Phase::Mutate));
            prop_assert_eq!(response.get("patch").is_some(), response.get("patchType").is_some());
            prop_assert_eq!(allowed, answer.record.verdict == "allowed");
            if let Some(message) = response["status"]["message"].as_str() {
                prop_assert!(message.len() <= 16 << 10);
                prop_assert!(message.chars().all(|char| char == '\n' || !char.is_control()));
            }
        }
    }

    #[test]
    fn any_bytes_are_answered(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let answer = answer(Phase::Mutate, &body, &READY, &Policy::default());
        prop_assert!(answer.http_status == 400 || answer.http_status == 200);
    }

    #[test]
    fn a_damaged_review_is_answered_and_never_misread_as_allowed(
        (old, new) in pairs(),
        operation in prop::sample::select(vec!["CREATE", "UPDATE", "DELETE"]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..6),
    ) {
        let mut body = review(operation, old.as_ref(), Some(&new)).into_bytes();
        for (at, how, byte) in damage {
            let at = at.index(body.len());
            match how {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                2 if body.len() > 1 => { body.remove(at); }
                _ => body.truncate(at.max(1)),
            }
        }
        for phase in [Phase::Mutate, Phase::Validate] {
            let answer = answer(phase, &body, &BROKEN, &Policy::default());
            if answer.http_status == 200 {
                let response: Value = serde_json::from_slice(&answer.body).unwrap();
                let review = Review::read(&body).unwrap();
                prop_assert_eq!(&response["response"]["uid"], &*review.uid);
                if review.request.is_err() {
                    prop_assert_eq!(&response["response"]["allowed"], false);
                }
            } else {
                prop_assert_eq!(answer.http_status, 400);
                prop_assert!(Review::read(&body).is_err());
            }
        }
    }
}
