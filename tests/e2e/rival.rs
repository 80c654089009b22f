//! Other webhooks beside ours: one that refuses faster, as Harvester's own validator does, and one that rewrites.

use data_encoding::BASE64;
use serde_json::json;

use crate::harness::api::Patch;
use crate::harness::cluster::SETTING;
use crate::harness::stub::Stub;
use crate::harness::wait::{PATIENCE, eventually};
use crate::harness::{Guarded, Run, world};

const RIVAL: &str = "the rival's text";

/// A validating webhook for all Settings, without a thought about any.
fn register_rival(cluster: &Guarded) -> Stub {
    let rival = Stub::start(
        &["127.0.0.1"],
        |_| json!({"allowed": false, "status": {"code": 422, "reason": "Invalid", "message": RIVAL}}),
    );
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        // Before ours by name as well.
        "metadata": {"name": "a-rival"},
        "webhooks": [{
            "name": "rival.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "clientConfig": {"url": format!("https://127.0.0.1:{}/", rival.port), "caBundle": Stub::ca_bundle()},
            "rules": [{
                "apiGroups": ["harvesterhci.io"], "apiVersions": ["*"], "resources": ["settings"],
                "operations": ["CREATE", "UPDATE", "DELETE"],
            }],
        }]
    });
    cluster.api.apply(&configuration);
    eventually("the rival is in effect", PATIENCE, || {
        match cluster.api.create(&world::setting("another", "", ""), "?dryRun=All") {
            Err(refusal) if refusal.message.contains(RIVAL) => Ok(()),
            other => Err(other),
        }
    });
    rival
}

#[test]
fn users_see_our_refusal_and_not_the_rivals() {
    let cluster = Guarded::new(&world::healthy(), Some(&world::ours(world::CANONICAL)));
    let rival = register_rival(&cluster);
    let apply = |value: &str| cluster.kubectl(["apply", "-f", "-"]).stdin(world::manifest(value)).run();
    let told = |run: Run| {
        assert_eq!(run.code, 1, "{run}");
        run.stderr.lines().filter(|line| !line.starts_with("Warning: resource ")).map(str::to_owned).collect::<Vec<_>>()
    };
    for attempt in 0..12 {
        rival.calls();
        let refused = told(apply(r#"{"clusterNetwork":"vm-migration","vlan":4095,"range":"192.168.1.0/24"}"#));
        assert_eq!(
            refused,
            [
                "The Setting \"vm-migration-network\" is invalid: value.vlan: Invalid value: 4095: must be between 0 and 4094 \
                 (2 to 4094 are tagged, 0 and 1 untagged)"
            ],
            "attempt {attempt}"
        );
        let refused = told(cluster.kubectl(["delete", "settings.harvesterhci.io", "vm-migration-network"]).run());
        assert_eq!(refused.len(), 1);
        assert!(refused[0].contains("check.vm-migration-network.setting"), "{refused:?}");
        assert_eq!(rival.calls().len(), 0, "what is refused while mutating never gets to those who validate");
    }
    // What we have nothing against still meets the rival.
    let refused = told(apply(r#"{"clusterNetwork":"vm-migration","vlan":101,"range":"192.168.1.0/24"}"#));
    assert!(refused.iter().any(|line| line.contains(RIVAL)), "{refused:?}");
}

/// A mutating webhook that puts `value` in whatever comes by, before ours or after it.
fn register_mutator(cluster: &Guarded, name: &str, value: &str) -> Stub {
    let replace = json!([{"op": "replace", "path": "/value", "value": value}]).to_string();
    let mutator = Stub::start(&["127.0.0.1"], move |call| {
        if call.request["name"] == "vm-migration-network" {
            json!({"allowed": true, "patchType": "JSONPatch", "patch": BASE64.encode(replace.as_bytes())})
        } else {
            json!({"allowed": false, "status": {"message": RIVAL}})
        }
    });
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        // They are called in the order of these names.
        "metadata": {"name": name},
        "webhooks": [{
            "name": "mutator.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "clientConfig": {"url": format!("https://127.0.0.1:{}/", mutator.port), "caBundle": Stub::ca_bundle()},
            "rules": [{
                "apiGroups": ["harvesterhci.io"], "apiVersions": ["*"], "resources": ["settings"],
                "operations": ["CREATE", "UPDATE"],
            }],
        }]
    });
    cluster.api.apply(&configuration);
    eventually("the mutator is in effect", PATIENCE, || {
        match cluster.api.create(&world::setting("another", "", ""), "?dryRun=All") {
            Err(refusal) if refusal.message.contains(RIVAL) => Ok(()),
            other => Err(other),
        }
    });
    mutator
}

/// Ours is called again after it, and puts the stored bytes back.
#[test]
fn another_mutator_does_not_move_the_bytes() {
    for name in ["a-mutator", "z-mutator"] {
        let cluster = Guarded::new(&world::healthy(), Some(&world::plain(world::CANONICAL)));
        let before = cluster.setting().unwrap();
        let _mutator = register_mutator(&cluster, name, world::DOCUMENTED);
        let patch = json!({"value": world::DOCUMENTED.replace("100,", "100 ,")});
        let after = cluster.api.patch(SETTING, Patch::Merge, &patch).unwrap();
        assert_eq!(after["value"], world::CANONICAL, "{name}");
        assert_eq!(after["metadata"]["generation"], before["metadata"]["generation"], "{name}");
    }
}

/// What nobody asked us about when the user sent it is judged as it is to be stored.
#[test]
fn what_a_later_mutator_breaks_is_refused() {
    let cluster = Guarded::new(&world::healthy(), Some(&world::ours(world::CANONICAL)));
    let before = cluster.setting().unwrap();
    let broken = r#"{"clusterNetwork":"vm-migration","vlan":4095,"range":"192.168.1.0/24"}"#;
    let _mutator = register_mutator(&cluster, "z-mutator", broken);
    let note = json!({"metadata": {"annotations": {"note": "the value is as it was"}}});
    let refusal = cluster.api.patch(SETTING, Patch::Merge, &note).unwrap_err();
    assert!(refusal.message.contains("\"recheck.vm-migration-network.setting\" denied"), "{refusal:?}");
    assert_eq!(refusal.status["details"]["causes"][0]["field"], "value.vlan");
    assert_eq!(cluster.setting().unwrap(), before);
}
