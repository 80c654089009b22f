//! Another webhook that refuses, faster than ours: Harvester's own validator is one.

use serde_json::json;

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
