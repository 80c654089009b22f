use std::collections::BTreeSet;
use std::sync::Arc;

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::wire::patch;
use super::*;
use crate::admission::{Mutation, Phase, Policy, Request, Setting, decide};
use crate::setting::facts::{FactKind, Facts, ObjectName};
use crate::setting::field::Field;
use crate::setting::{StringField, Warning};

fn decision(value: &str, facts: &Facts) -> Decision {
    let new = json!({"value": value}).to_string();
    let setting: Setting<'_> = serde_json::from_str(&new).unwrap();
    decide(Phase::Mutate, &Request::Create(setting), facts, &Policy::default())
}

fn refusal(value: &str) -> Status {
    Status::of(&decision(value, &Facts::unknown("not listed yet"))).unwrap()
}

fn unknown_keys(count: usize, key: impl Fn(usize) -> String) -> String {
    let members: Vec<_> = (0..count).map(|index| format!("\"{}\":{index}", key(index))).collect();
    format!(r#"{{"clusterNetwork":"net","vlan":1,"range":"10.0.0.0/24",{}}}"#, members.join(","))
}

#[test]
fn there_are_at_most_50_causes_and_the_last_says_how_many_more() {
    let keys = |count| refusal(&unknown_keys(count, |index| format!("k{index}")));
    for (count, listed, last) in [
        (1, 1, "\"k0\" is not a key of this setting; the keys are clusterNetwork, vlan, range, exclude"),
        (49, 49, "\"k48\" is not a key of this setting; the keys are clusterNetwork, vlan, range, exclude"),
        (50, 50, "\"k49\" is not a key of this setting; the keys are clusterNetwork, vlan, range, exclude"),
        (51, 50, "and 2 more problems"),
        (5000, 50, "and 4951 more problems"),
    ] {
        let status = keys(count);
        assert_eq!(status.causes.len(), listed);
        let shown = status.causes.last().unwrap();
        assert_eq!(shown.message.trim_start_matches("Forbidden: "), last);
        let problems = if count == 1 { "1 problem".to_owned() } else { format!("{count} problems") };
        let lines: Vec<_> = status.message.lines().collect();
        assert_eq!(lines[0], format!("vm-migration-network is refused, {problems}:"));
        assert_eq!(lines.len(), listed + 1);
        assert_eq!(lines[listed], format!("* {}: {}", shown.field, shown.message));
    }
}

#[test]
fn problems_of_every_rule_count_though_they_are_not_listed() {
    let excludes = vec!["\"x\""; 20_000].join(",");
    let value = format!(r#"{{"clusterNetwork":"mgmt","vlan":5000,"range":"10.0.0.0/24","exclude":[{excludes}]}}"#);
    let migration = ObjectName { namespace: "ns".into(), name: "m".into() };
    let facts = Facts { migrations: Ok(Arc::new(BTreeSet::from([migration]))), ..Facts::unknown("") };
    let decision = decision(&value, &facts);
    assert_eq!(rules(&decision).to_string(), "vlan-range,exclude-invalid,migration-in-progress");
    let status = Status::of(&decision).unwrap();
    // vlan, the number of excludes, each of them, and the migration.
    assert!(status.message.starts_with("vm-migration-network is refused, 20003 problems:\n"), "{}", status.message);
    assert_eq!(status.causes.last().unwrap().message, "and 19954 more problems");
}

#[test]
fn the_message_is_at_most_16_kib_and_ends_with_what_is_left_out() {
    // Each character is shown as twelve: as long as a problem can get.
    let value = unknown_keys(50, |index| format!("{}{index}", "\u{e0041}".repeat(70)));
    let status = refusal(&value);
    assert_eq!(status.causes.len(), 50);
    assert!(status.message.len() <= 16 << 10, "{}", status.message.len());
    let lines: Vec<_> = status.message.lines().collect();
    let left_out = 50 - (lines.len() - 2);
    assert_eq!(lines.last().unwrap(), &format!("and {left_out} more problems"));
    assert!(left_out > 0 && lines.len() > 15, "{left_out}");
}

#[test]
fn the_message_holds_what_leaves_room_for_its_last_line() {
    // The first two keys are shown in as many bytes as that: twelve a character, and one for each left over.
    let grown = |bytes: usize| "\u{e0041}".repeat(bytes / 12) + &"0".repeat(bytes % 12);
    let refused = |bytes: usize| {
        let status = refusal(&unknown_keys(50, |index| match index {
            0 => format!("\u{e0042}{}", grown(bytes.min(600))),
            1 => format!("\u{e0043}{}", grown(bytes.saturating_sub(600))),
            _ => format!("{}{index}", "\u{e0041}".repeat(70)),
        }));
        let (listed, _) = status.message.rsplit_once('\n').unwrap();
        (listed.len(), listed.lines().count())
    };
    let (length, lines) = refused(0);
    let room = LONGEST_MESSAGE - LAST_LINE - length;
    assert_eq!(refused(room), (LONGEST_MESSAGE - LAST_LINE, lines));
    assert_eq!(refused(room + 1).1, lines - 1);
}

#[test]
fn the_message_of_missing_facts_is_bounded_as_well() {
    let missing = |kind| Missing { kind, why: "é".repeat(3000).into() };
    let decision = Decision {
        verdict: Verdict::FactsMissing(FactKind::ALL.map(missing).to_vec()),
        ..decision("", &Facts::unknown(""))
    };
    let status = Status::of(&decision).unwrap();
    assert!(status.message.len() <= 16 << 10 && status.message.len() > 16_000);
    assert_eq!((status.code, status.reason), (503, "ServiceUnavailable"));
}

#[test]
fn text_from_a_stranger_never_reaches_a_message_raw() {
    let hostile = "::error::x\u{1b}[31m\u{202e}\n\u{85}\u{2028}";
    let value = json!({"clusterNetwork": hostile, "vlan": 1, "range": hostile, "exclude": [hostile], hostile: 1});
    let status = refusal(&value.to_string());
    assert!(!status.causes.is_empty());
    for cause in status.causes {
        for text in [cause.message, cause.field.to_string()] {
            assert!(
                !text.contains("::error") && !text.contains(['\u{1b}', '\u{202e}', '\n', '\u{85}', '\u{2028}']),
                "{text}"
            );
        }
    }
    let migration = ObjectName { namespace: "a;b".into(), name: "$(reboot)\n".into() };
    let facts = Facts { migrations: Ok(Arc::new(BTreeSet::from([migration]))), ..Facts::unknown("") };
    let status = Status::of(&decision(r#"{"clusterNetwork":"mgmt","vlan":2,"range":"10.0.0.0/24"}"#, &facts)).unwrap();
    assert_eq!(
        status.message,
        "vm-migration-network is refused, 1 problem:\n\
         * value: Forbidden: live migration in progress: a;b/$(reboot)\\n; retry when it has ended. One stuck for good:\n    \
         kubectl delete virtualmachineinstancemigrations.kubevirt.io -n NAMESPACE NAME\n  \
         An evacuation that makes new ones:\n    virtctl evacuate-cancel vmi -n NAMESPACE VMI"
    );
}

#[test]
fn a_deletion_is_refused_with_the_way_to_what_was_meant() {
    let body: Value = serde_json::from_slice(&write(
        "u",
        &Decision { verdict: Verdict::NotDeletable, ..decision("", &Facts::unknown("")) },
    ))
    .unwrap();
    let response = &body["response"];
    assert_eq!(response["status"]["code"], 405);
    assert_eq!(response["status"]["reason"], "MethodNotAllowed");
    assert_eq!(
        response["status"]["message"],
        "the Setting vm-migration-network is never deleted; to disable the network set value to \"\". \
         kubectl apply --force turns a refused update into a delete: if you used it, the new value was probably refused, \
         retry without --force to see why"
    );
    assert_eq!(response.get("patch"), None);
    assert_eq!(response["auditAnnotations"]["decision"], "refused");
}

#[test]
fn a_patch_replaces_what_changed_and_nothing_else() {
    let operations = |value: &Mutation, default: &Mutation| -> Value {
        let encoded = patch(value, default).unwrap();
        serde_json::from_slice(&BASE64.decode(encoded.as_bytes()).unwrap()).unwrap()
    };
    let replace = |path: &str, value: &str| json!({"op": "replace", "path": path, "value": value});
    assert_eq!(patch(&Mutation::Unchanged, &Mutation::Unchanged), None);
    assert_eq!(operations(&Mutation::Emptied, &Mutation::Unchanged), json!([replace("/value", "")]));
    assert_eq!(
        operations(&Mutation::Unchanged, &Mutation::Restored("a\"".into())),
        json!([replace("/default", "a\"")])
    );
    assert_eq!(
        operations(&Mutation::Rewritten("a".into()), &Mutation::Rewritten("b".into())),
        json!([replace("/value", "a"), replace("/default", "b")])
    );
}

#[test]
fn the_audit_log_is_told_that_the_way_out_was_used() {
    let told = |override_used| {
        let decision = Decision { override_used, ..decision("", &Facts::unknown("")) };
        let body: Value = serde_json::from_slice(&write("u", &decision)).unwrap();
        body["response"]["auditAnnotations"].clone()
    };
    let empty = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    assert_eq!(told(false), json!({"decision": "allowed", "config-hash": empty}));
    assert_eq!(told(true), json!({"decision": "allowed", "config-hash": empty, "allow-during-migration": "used"}));
}

#[test]
fn an_answer_is_this_json() {
    let body = |uid: &str, decision: &Decision| String::from_utf8(write(uid, decision)).unwrap();
    let allowed = Decision {
        verdict: Verdict::Allowed,
        value: Mutation::Rewritten("a".into()),
        warnings: [
            "value.clusterNetwork: migration traffic on mgmt shares the control plane's network",
            "value rewritten in canonical form; for Git: migration-network-webhook canonicalize FILE",
        ]
        .map(|text| Warning::new("mgmt", Field::whole(StringField::Value), text.to_owned()))
        .into(),
        config_hash: Some("5ba9".into()),
        override_used: true,
        ..decision("", &Facts::unknown(""))
    };
    assert_eq!(
        body("u\"é\n", &allowed),
        concat!(
            r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u\"é\n","allowed":true,"#,
            r#""patch":"W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii92YWx1ZSIsInZhbHVlIjoiYSJ9XQ==","patchType":"JSONPatch","#,
            r#""warnings":["value.clusterNetwork: migration traffic on mgmt shares the control plane's network","#,
            r#""value rewritten in canonical form; for Git: migration-network-webhook canonicalize FILE"],"#,
            r#""auditAnnotations":{"decision":"allowed","config-hash":"5ba9","allow-during-migration":"used"}}}"#
        )
    );
    let refused = decision(r#"{"clusterNetwork":"net","vlan":4095,"range":"x"}"#, &Facts::unknown(""));
    assert_eq!(
        body("u", &refused),
        concat!(
            r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u","allowed":false,"#,
            r#""status":{"status":"Failure","message":"vm-migration-network is refused, 2 problems:\n"#,
            r#"* value.vlan: Invalid value: 4095: must be between 0 and 4094 (2 to 4094 are tagged, 0 and 1 untagged)\n"#,
            r#"* value.range: Invalid value: \"x\": not in CIDR notation; must be an IPv4 network such as 192.168.1.0/24","#,
            r#""reason":"Invalid","#,
            r#""details":{"name":"vm-migration-network","group":"harvesterhci.io","kind":"Setting","causes":["#,
            r#"{"reason":"FieldValueInvalid","message":"Invalid value: 4095: must be between 0 and 4094 "#,
            r#"(2 to 4094 are tagged, 0 and 1 untagged)","field":"value.vlan"},"#,
            r#"{"reason":"FieldValueInvalid","message":"Invalid value: \"x\": not in CIDR notation; must be an IPv4 network "#,
            r#"such as 192.168.1.0/24","field":"value.range"}]},"code":422},"auditAnnotations":{"decision":"refused","rules":"vlan-range,range-not-ipv4-network"}}}"#
        )
    );
    let late = String::from_utf8(write_late("u", Duration::from_secs(1))).unwrap();
    assert_eq!(
        late,
        concat!(
            r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u","allowed":false,"#,
            r#""status":{"status":"Failure","message":"vm-migration-network was not judged within the 1s that this request "#,
            r#"was given, so the change is refused; nothing was found about it. Retry; if it stays so, look at the webhook's "#,
            r#"log and load","reason":"Timeout","#,
            r#""details":{"name":"vm-migration-network","group":"harvesterhci.io","kind":"Setting"},"code":504},"#,
            r#""auditAnnotations":{"decision":"late"}}}"#
        )
    );
    let malformed: Value = serde_json::from_slice(&write_malformed("u", "why")).unwrap();
    assert_eq!(malformed["response"]["auditAnnotations"], json!({"decision": "malformed"}));
}
