//! What the API server's audit log keeps of our decisions.

use serde_json::{Value, json};

use crate::harness::api::Patch;
use crate::harness::cluster::SETTING;
use crate::harness::wait::{PATIENCE, eventually};
use crate::harness::{Guarded, world};

/// Our annotations of the last event about this path that has some.
fn annotations(cluster: &Guarded, verb: &str) -> Value {
    eventually("the event is written", PATIENCE, || {
        let events = cluster.servers.audit();
        let of_ours =
            events.iter().rev().filter(|event| event["verb"] == verb && event["objectRef"]["resource"] == "settings");
        let annotations = of_ours.filter_map(|event| event["annotations"].as_object()).map(|all| {
            let ours = all.iter().filter(|(key, _)| key.contains("vm-migration-network.setting/"));
            ours.map(|(key, value)| (key.clone(), value.clone())).collect::<serde_json::Map<_, _>>()
        });
        annotations.into_iter().find(|ours| !ours.is_empty()).map(Value::from).ok_or(events.len())
    })
}

#[test]
fn decisions_are_told_to_the_audit_log() {
    let cluster = Guarded::new(&world::healthy(), Some(&world::ours("")));
    let patch = |value: &str| cluster.api.patch(SETTING, Patch::Merge, &json!({"value": value}));

    patch(r#"{"clusterNetwork":"nowhere","vlan":4095,"range":"192.168.1.0/24"}"#).unwrap_err();
    assert_eq!(
        annotations(&cluster, "patch"),
        json!({
            "check.vm-migration-network.setting/decision": "refused",
            "check.vm-migration-network.setting/rules": "vlan-range,cluster-network-missing",
        })
    );

    patch(world::DOCUMENTED).unwrap();
    // The sha1 that Harvester's controller will note of the stored bytes.
    let hash = "d7c14fba1722f49b3bfd47193964e7cc239c1f5d";
    assert_eq!(
        annotations(&cluster, "patch"),
        json!({
            "check.vm-migration-network.setting/decision": "allowed",
            "check.vm-migration-network.setting/config-hash": hash,
            "recheck.vm-migration-network.setting/decision": "allowed",
            "recheck.vm-migration-network.setting/config-hash": hash,
        })
    );

    cluster.api.delete(SETTING).unwrap_err();
    assert_eq!(annotations(&cluster, "delete"), json!({"check.vm-migration-network.setting/decision": "refused"}));
}

/// Who went ahead in spite of a migration can be found afterwards.
#[test]
fn the_override_is_in_the_audit_log() {
    let mut objects = world::healthy();
    objects.push(world::migration("stuck", "Running"));
    let cluster = Guarded::new(&objects, Some(&world::ours(world::CANONICAL)));
    let way_out = "migration-network-webhook/allow-during-migration";
    let annotations_and_value = json!({
        "metadata": {"annotations": {way_out: "d7c14fba1722f49b3bfd47193964e7cc239c1f5d"}},
        "value": "",
    });
    cluster.api.patch(SETTING, Patch::Merge, &annotations_and_value).unwrap();
    assert_eq!(
        annotations(&cluster, "patch"),
        json!({
            "disable.vm-migration-network.setting/decision": "allowed",
            "disable.vm-migration-network.setting/allow-during-migration": "used",
            // Of no bytes at all.
            "disable.vm-migration-network.setting/config-hash": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        })
    );
}
