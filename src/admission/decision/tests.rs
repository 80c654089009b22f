use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::setting::RuleId;
use crate::setting::facts::{CrdState, MatchedNodes, Node, Nodes, ObjectName, VlanConfigFact};

mod migration_override;
mod unjudged;

/// One node; the cluster network `net` spans it; every rule can pass.
fn ready() -> Facts {
    let names = || BTreeSet::from(["node-0".to_owned()]);
    Facts {
        nodes: Ok(Arc::new(Nodes::new([Node { name: "node-0".into(), ..Node::default() }]))),
        cluster_networks: Ok(Arc::new(BTreeSet::from(["net".to_owned()]))),
        vlan_configs: Ok(Arc::new(vec![VlanConfigFact {
            name: "net-all".to_owned(),
            label: Some("net".to_owned()),
            cluster_network: Some("net".to_owned()),
            matched: MatchedNodes::Nodes(names()),
        }])),
        vlan_statuses: Ok(Arc::new(BTreeMap::from([("net".to_owned(), names())]))),
        host_networks: Ok(Arc::default()),
        migrations: Ok(Arc::default()),
        whereabouts_crd: Ok(Arc::new(CrdState::Established)),
        service_cidrs: Ok(Arc::default()),
        networks: Ok(Arc::default()),
    }
}

/// The same while a virtual machine migrates and Whereabouts is gone.
fn migrating() -> Facts {
    let migration = ObjectName { namespace: "ns".into(), name: "m".into() };
    Facts {
        migrations: Ok(Arc::new(BTreeSet::from([migration]))),
        whereabouts_crd: Ok(Arc::new(CrdState::Absent)),
        ..ready()
    }
}

/// A view of which nothing is known.
fn unknown() -> Facts {
    Facts::unknown("not listed yet")
}

const GOOD: &str = r#"{"clusterNetwork":"net","vlan":100,"range":"192.168.1.0/24","exclude":["192.168.1.1/32"]}"#;

const REWRITABLE: &str = r#"{"vlan":101, "clusterNetwork":"net","range":"192.168.1.0/24"}"#;

const REWRITTEN: &str = r#"{"clusterNetwork":"net","vlan":101,"range":"192.168.1.0/24"}"#;

const BAD: &str = r#"{"clusterNetwork":"net","vlan":5000,"range":"192.168.1.0/24"}"#;

fn setting(object: &serde_json::Value) -> Setting<'static> {
    let text = object.to_string().leak();
    serde_json::from_str(text).unwrap()
}

fn create(new: &serde_json::Value) -> Request<'static> {
    Request::Create(setting(new))
}

fn update(old: &serde_json::Value, new: &serde_json::Value) -> Request<'static> {
    Request::Update { old: setting(old), new: setting(new) }
}

/// A decision in short: what is stored, or what is broken.
fn verdict(decision: &Decision) -> String {
    match &decision.verdict {
        Verdict::Allowed => {
            let text = |mutation: &Mutation| match mutation.replacement() {
                None => mutation.name().to_owned(),
                Some(text) => format!("{} {text}", mutation.name()),
            };
            format!("{} / {}", text(&decision.value), text(&decision.default))
        }
        Verdict::NotDeletable => "not deletable".to_owned(),
        Verdict::Invalid(violations) => {
            let listed = violations.listed().iter().map(|it| format!("{} {}", it.rule(), it.field));
            listed.collect::<Vec<_>>().join(", ")
        }
        Verdict::FactsMissing(missing) => {
            let kinds: Vec<_> = missing.iter().map(|missing| missing.kind.resource()).collect();
            format!("missing {}", kinds.join(", "))
        }
    }
}

fn mutated(request: &Request<'_>, facts: &Facts) -> String {
    verdict(&decide(Phase::Mutate, request, facts, &Policy::default()))
}

fn validated(request: &Request<'_>, facts: &Facts) -> String {
    verdict(&decide(Phase::Validate, request, facts, &Policy::default()))
}

const UNTOUCHED: &str = "kept / kept";

#[test]
fn a_new_value_is_judged_and_stored_in_canonical_form() {
    for request in
        [create(&json!({"value": REWRITABLE})), update(&json!({"value": GOOD}), &json!({"value": REWRITABLE}))]
    {
        assert_eq!(mutated(&request, &ready()), format!("rewritten {REWRITTEN} / kept"));
        assert_eq!(validated(&request, &ready()), UNTOUCHED);
        for phase in [mutated, validated] {
            assert_eq!(phase(&request, &migrating()), "migration-in-progress value, whereabouts-crd-missing value");
        }
    }
    // Those who compare with what a suite expects ask for the rules that were judged.
    let refused = decide(Phase::Mutate, &create(&json!({"value": GOOD})), &migrating(), &Policy::default());
    assert!(refused.verdict != Verdict::Allowed && refused.judged.contains(RuleId::VlanRange), "{refused:?}");
    // Also in a way out of trouble: what is stored can't be read.
    let repair = update(&json!({"value": "{not json"}), &json!({"value": GOOD}));
    assert_eq!(mutated(&repair, &ready()), UNTOUCHED);
    let escaped =
        json!({"value": r#"{"clusterNetwork":"n\u0065t","vlan":0,"range":"10.0.0.0/24","exclude":["10.0.0.7/29"]}"#});
    assert_eq!(
        mutated(&create(&escaped), &ready()),
        r#"rewritten {"clusterNetwork":"net","vlan":0,"range":"10.0.0.0/24","exclude":["10.0.0.0/29"]} / kept"#
    );
}

#[test]
fn an_equal_value_gets_the_stored_bytes_back_whatever_the_cluster() {
    let spaced = GOOD.replace(',', ", ");
    let request = update(&json!({"value": spaced}), &json!({"value": GOOD}));
    for facts in [ready(), migrating(), unknown()] {
        assert_eq!(mutated(&request, &facts), format!("restored {spaced} / kept"));
    }
    // On its own, the validating half judges bytes: they would reconfigure the cluster.
    assert_eq!(validated(&request, &migrating()), "migration-in-progress value, whereabouts-crd-missing value");

    // Equal although a rule would refuse it as new: vlan, range, exclude.
    for (from, to) in [("100", "5000"), ("192.168.1.0/24", "192.168.1.9/024"), ("192.168.1.1/32", "8.8.8.8")] {
        let (stored, submitted) = (spaced.replace(from, to), GOOD.replace(from, to));
        let request = update(&json!({"value": stored}), &json!({"value": submitted}));
        assert_eq!(mutated(&request, &unknown()), format!("restored {stored} / kept"));
        let from_scratch = create(&json!({"value": submitted}));
        assert!(!mutated(&from_scratch, &ready()).contains("kept"), "{submitted}");
    }
    // But not where the syntax is broken.
    let unknown_key = spaced.replace('}', ",\"gateway\":1}");
    let request = update(&json!({"value": unknown_key}), &json!({"value": GOOD.replace('}', ",\"gateway\":1}")}));
    assert_eq!(mutated(&request, &ready()), "value-syntax value.gateway");
}

#[test]
fn default_is_treated_as_value_is() {
    for (old, new, facts, expected) in [
        (json!({}), json!({"default": REWRITABLE}), ready(), format!("kept / rewritten {REWRITTEN}")),
        (
            json!({}),
            json!({"default": BAD}),
            migrating(),
            "vlan-range default.vlan, migration-in-progress default, whereabouts-crd-missing default".to_owned(),
        ),
        (
            json!({"default": GOOD.replace(',', ", ")}),
            json!({"default": GOOD}),
            unknown(),
            format!("kept / restored {}", GOOD.replace(',', ", ")),
        ),
        // Both at once: each by itself, and what is said of the cluster once for each.
        (
            json!({}),
            json!({"value": GOOD, "default": BAD}),
            migrating(),
            "migration-in-progress value, whereabouts-crd-missing value, vlan-range default.vlan, \
             migration-in-progress default, whereabouts-crd-missing default"
                .to_owned(),
        ),
        (
            json!({"value": GOOD}),
            json!({"value": GOOD.replace(',', " ,"), "default": REWRITABLE}),
            ready(),
            format!("restored {GOOD} / rewritten {REWRITTEN}"),
        ),
        (
            json!({"value": GOOD}),
            json!({"value": REWRITABLE, "default": ""}),
            ready(),
            format!("rewritten {REWRITTEN} / kept"),
        ),
        // A value that goes and a default that comes.
        (
            json!({"value": GOOD}),
            json!({"default": GOOD}),
            migrating(),
            "migration-in-progress value, migration-in-progress default, whereabouts-crd-missing default".to_owned(),
        ),
        // A default that goes is nothing to Harvester; the value is judged alone.
        (
            json!({"value": GOOD, "default": GOOD}),
            json!({"value": ""}),
            migrating(),
            "migration-in-progress value".to_owned(),
        ),
        // An unchanged value is not judged beside a new default.
        (json!({"value": BAD}), json!({"value": BAD, "default": GOOD}), ready(), UNTOUCHED.to_owned()),
        (
            json!({"value": GOOD, "default": BAD}),
            json!({"value": REWRITTEN, "default": BAD}),
            ready(),
            UNTOUCHED.to_owned(),
        ),
    ] {
        assert_eq!(mutated(&update(&old, &new), &facts), expected, "{old} {new}");
    }
}

#[test]
fn a_refused_value_is_left_as_it_was_written() {
    let request = update(&json!({"default": GOOD}), &json!({"value": BAD, "default": GOOD.replace(',', ", ")}));
    let decision = decide(Phase::Mutate, &request, &ready(), &Policy::default());
    assert_eq!(verdict(&decision), "vlan-range value.vlan");
    assert_eq!((&decision.value, &decision.default), (&Mutation::Unchanged, &Mutation::Unchanged));
    assert_eq!((decision.warnings.as_slice(), decision.config_hash), (&[] as &[Warning], None));
}

#[test]
fn missing_facts_refuse_only_what_depends_on_them() {
    let on_mgmt = GOOD.replace("net\"", "mgmt\"");
    let request = create(&json!({"value": on_mgmt}));
    let facts = Facts { cluster_networks: unknown().cluster_networks, vlan_configs: unknown().vlan_configs, ..ready() };
    assert_eq!(mutated(&request, &facts), UNTOUCHED);
    assert_eq!(
        mutated(&create(&json!({"value": GOOD})), &facts),
        "missing clusternetworks.network.harvesterhci.io, vlanconfigs.network.harvesterhci.io"
    );
    assert_eq!(mutated(&create(&json!({"value": BAD})), &unknown()), "vlan-range value.vlan");
    // Each kind once, though both strings ask for it.
    let both = create(&json!({"value": on_mgmt, "default": on_mgmt}));
    assert_eq!(mutated(&both, &Facts { nodes: unknown().nodes, ..ready() }), "missing nodes");
}

#[test]
fn what_is_no_string_is_refused_as_such() {
    for value in [json!(5), json!({"vlan": 1}), json!(["a"]), json!(true), json!(1.5), json!(-1)] {
        assert_eq!(mutated(&create(&json!({"value": value})), &ready()), "value-syntax value");
        assert_eq!(mutated(&update(&json!({}), &json!({"default": value})), &ready()), "value-syntax default");
        // As what is stored it is merely not the same.
        assert_eq!(mutated(&update(&json!({"value": value}), &json!({"value": GOOD})), &ready()), UNTOUCHED);
    }
}

#[test]
fn an_admitted_change_is_hashed_as_it_will_be_stored() {
    let config_hash = |phase, request: &Request<'_>| decide(phase, request, &ready(), &Policy::default()).config_hash;
    let request = update(&json!({"value": GOOD}), &json!({"value": REWRITABLE}));
    assert_eq!(config_hash(Phase::Mutate, &request), Some(hash(REWRITTEN)));
    assert_eq!(config_hash(Phase::Validate, &request), Some(hash(REWRITABLE)));
    assert_eq!(config_hash(Phase::Mutate, &update(&json!({"value": GOOD}), &json!({"value": " "}))), Some(hash("")));
    assert_eq!(config_hash(Phase::Mutate, &Request::Delete), None);
    assert_eq!(config_hash(Phase::Mutate, &Request::NotOurs), None);
}

#[test]
fn a_rewrite_or_a_restoration_is_said_once() {
    let warnings = |old: serde_json::Value, new: serde_json::Value| {
        let decision = decide(Phase::Mutate, &update(&old, &new), &ready(), &Policy::default());
        assert_eq!(decision.verdict, Verdict::Allowed);
        decision.warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let rewritten = "rewritten in canonical form; for Git: migration-network-webhook canonicalize FILE";
    let restored = "restored: same meaning, other bytes; for Git: migration-network-webhook canonicalize --kube FILE";
    let (spaced, other) = (GOOD.replace(',', ", "), REWRITABLE);
    for (old, new, expected) in [
        (json!({}), json!({"value": other}), vec![format!("value {rewritten}")]),
        (json!({}), json!({"value": other, "default": other}), vec![format!("value and default {rewritten}")]),
        (json!({}), json!({"value": " ", "default": other}), vec![format!("value and default {rewritten}")]),
        (json!({"value": GOOD}), json!({"value": spaced}), vec![format!("value {restored}")]),
        (
            json!({"value": GOOD, "default": GOOD}),
            json!({"value": spaced, "default": spaced}),
            vec![format!("value and default {restored}")],
        ),
        (
            json!({"value": GOOD}),
            json!({"value": spaced, "default": other}),
            vec![format!("default {rewritten}"), format!("value {restored}")],
        ),
        (json!({}), json!({"value": GOOD}), vec![]),
    ] {
        let seen = warnings(old, new);
        assert_eq!(seen, expected);
        for warning in seen {
            assert!(warning.chars().count() <= 120 && !warning.chars().any(char::is_control), "{warning}");
        }
    }
}

#[test]
fn a_rule_on_trial_is_told_of_refused_changes_too() {
    let policy =
        Policy { warn: [crate::setting::RuleId::WhereaboutsCrdMissing].into_iter().collect(), ..Policy::default() };
    let decision = decide(Phase::Mutate, &create(&json!({"value": REWRITABLE})), &migrating(), &policy);
    assert_eq!(verdict(&decision), "migration-in-progress value");
    let kinds: Vec<_> = decision.warnings.iter().map(Warning::kind).collect();
    assert_eq!(kinds, ["whereabouts-crd-missing"]);
}

#[test]
fn what_the_form_adds_at_every_save_is_nothing_to_tell() {
    let stored = r#"{"clusterNetwork":"net","vlan":100,"range":"192.168.1.0/24"}"#;
    let by_form = stored.replace('}', r#","exclude":[]}"#);
    for (submitted, kinds) in [
        (by_form.clone(), vec![]),
        (by_form.replace("[]", "[ ]"), vec!["restored"]),
        (format!("{by_form} "), vec!["restored"]),
        (stored.replace(",\"vlan\"", ", \"vlan\""), vec!["restored"]),
    ] {
        let request = update(&json!({"value": stored}), &json!({"value": submitted}));
        let decision = decide(Phase::Mutate, &request, &unknown(), &Policy::default());
        assert_eq!(decision.value, Mutation::Restored(stored.to_owned()), "{submitted}");
        assert_eq!(decision.warnings.iter().map(Warning::kind).collect::<Vec<_>>(), kinds, "{submitted}");
    }
    let decision = decide(Phase::Mutate, &create(&json!({"value": by_form})), &ready(), &Policy::default());
    assert_eq!((decision.value, decision.warnings), (Mutation::Rewritten(stored.to_owned()), vec![]));
}

#[test]
fn what_was_submitted_is_of_the_new_object() {
    let object = |value: &str, default: &str| setting(&json!({ "value": value, "default": default }));
    let update = Request::Update { old: object("a", "b"), new: object("c", "d") };
    for (request, submitted) in [
        (update, [Some("c"), Some("d")]),
        (Request::Create(object("", "e")), [Some(""), Some("e")]),
        (Request::Create(setting(&json!({ "value": 7 }))), [None, Some("")]),
        (Request::Delete, [None, None]),
        (Request::NotOurs, [None, None]),
    ] {
        assert_eq!([StringField::Value, StringField::Default].map(|string| request.submitted(string)), submitted);
    }
}
