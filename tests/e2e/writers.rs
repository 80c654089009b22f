//! Those who write to Settings and know nothing of us: Harvester itself, above all. They are never stopped, whether we
//! are there and the cluster is broken, or we are not there at all.

use serde_json::{Value, json};

use crate::harness::api::{Answer, Patch};
use crate::harness::cluster::SETTING;
use crate::harness::{Cluster, Guarded, Plane, world};

/// Stored before we were there: no rule would let it in today.
const INVALID: &str = r#"{"clusterNetwork":"nowhere","vlan":9999,"range":"10.52.0.1/31","exclude":["all"]}"#;

fn metadata(patch: &Value) -> Value {
    json!({"metadata": patch})
}

/// What Harvester's controllers write to the Setting while its value stays: through the object itself, since Settings
/// have no status of their own.
fn controllers_write(cluster: &Plane) {
    let annotations = json!({"annotations": {
        "vm-migration-network.settings.harvesterhci.io/hash": "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33",
        "vm-migration-network.settings.harvesterhci.io/net-attach-def": "harvester-system/vm-migration-network-6flk7",
    }});
    cluster.api.patch(SETTING, Patch::Merge, &metadata(&annotations)).unwrap();
    let status = json!({"status": {"conditions": [{"type": "configured", "status": "True"}]}});
    cluster.api.patch(SETTING, Patch::Merge, &status).unwrap();
    cluster.api.patch(SETTING, Patch::Merge, &metadata(&json!({"labels": {"a": "b"}}))).unwrap();
    cluster.api.patch(SETTING, Patch::Merge, &metadata(&json!({"finalizers": ["example.com/held"]}))).unwrap();
    cluster.api.patch(SETTING, Patch::Merge, &metadata(&json!({"finalizers": []}))).unwrap();
    // As client-go's Update sends it: whole, every field.
    let mut whole = cluster.setting().unwrap();
    whole["status"]["conditions"][0]["status"] = "False".into();
    whole["metadata"]["annotations"]["vm-migration-network.settings.harvesterhci.io/hash"] = "".into();
    let stored = cluster.api.replace(&whole, "").unwrap();
    assert_eq!(stored["status"], whole["status"]);
}

/// The same through kubectl, whose exit code a script would look at.
fn users_annotate(cluster: &Plane) {
    let setting = "settings.harvesterhci.io/vm-migration-network";
    cluster.kubectl(["annotate", "--overwrite", setting, "note=one"]).ok();
    cluster.kubectl(["label", "--overwrite", setting, "note=two"]).ok();
}

/// Harvester at its start: the Setting is there, or it is made; its default is put back.
fn harvester_starts(cluster: &Plane) {
    if cluster.setting().is_ok() {
        cluster.api.patch(SETTING, Patch::Merge, &json!({"default": ""})).unwrap();
    } else {
        cluster.api.create(&world::ours(""), "?dryRun=All").unwrap();
        let mut without = world::ours("");
        without.as_object_mut().unwrap().remove("value");
        cluster.api.create(&without, "").unwrap();
    }
    assert_eq!(cluster.setting().unwrap()["default"], "");
}

/// Every other Setting, whatever is done to it.
fn others_are_written(cluster: &Plane) {
    for name in ["storage-network", "rwx-network", "vm-migration-network-2"] {
        let settings = "/apis/harvesterhci.io/v1beta1/settings";
        let path = format!("{settings}/{name}");
        let _ = cluster.api.delete(&path);
        cluster.api.create(&world::setting(name, "no JSON", "neither"), "").unwrap();
        cluster.api.patch(&path, Patch::Merge, &json!({"value": "still none", "default": ""})).unwrap();
        cluster.api.delete(&path).unwrap();
    }
    let mut generated = world::setting("", "no JSON", "neither");
    generated["metadata"] = json!({"generateName": "vm-migration-network"});
    cluster.api.create(&generated, "").unwrap();
}

/// `value` becomes empty, in every spelling of nothing.
fn it_is_disabled(cluster: &Plane, before: &Value) {
    for patch in [json!({"value": ""}), json!({"value": null})] {
        let disabled = cluster.api.patch(&format!("{SETTING}?dryRun=All"), Patch::Merge, &patch);
        let disabled = disabled.unwrap();
        assert_eq!(disabled["value"].as_str().unwrap_or_default(), "");
    }
    let run = cluster.kubectl(["apply", "-f", "-"]).stdin(world::manifest("")).run();
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(cluster.setting().unwrap()["value"], "");
    assert_ne!(before["value"], "");
}

fn all_writers(cluster: &Plane) {
    let before = cluster.setting().unwrap();
    harvester_starts(cluster);
    controllers_write(cluster);
    users_annotate(cluster);
    others_are_written(cluster);
    let after = cluster.setting().unwrap();
    assert_eq!(after["value"], before["value"]);
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);
}

/// A migration runs, nothing is ready, the siblings are unreadable and a `VlanStatus` is, Whereabouts is gone: as on a bad
/// day.
pub fn broken(stored: Option<&Value>) -> Guarded {
    let cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    cluster.apply_all(&world::breakage());
    let mut unreadable = world::vlan_status("test-1", "node-0", "True");
    unreadable["status"] = json!({"conditions": "none"});
    cluster.api.apply(&unreadable);
    cluster.kubectl(["delete", "crd", "ippools.whereabouts.cni.cncf.io"]).ok();
    if let Some(setting) = stored {
        cluster.store(setting);
    }
    Guarded::of(cluster)
}

#[test]
fn writers_pass_while_the_cluster_is_broken() {
    for value in [world::CANONICAL, INVALID, "no JSON", ""] {
        let mut stored = world::ours(value);
        stored["default"] = world::CANONICAL.into();
        let cluster = broken(Some(&stored));
        all_writers(&cluster);
    }
}

#[test]
fn harvester_can_make_the_empty_setting_while_a_migration_runs() {
    let cluster = broken(None);
    harvester_starts(&cluster);
    all_writers(&cluster);
}

/// Only a migration keeps it from being disabled.
#[test]
fn it_can_be_disabled_while_the_cluster_is_broken() {
    for value in [world::CANONICAL, INVALID, "no JSON"] {
        let cluster = broken(Some(&world::ours(value)));
        let before = cluster.setting().unwrap();
        let refused = cluster.api.patch(SETTING, Patch::Merge, &json!({"value": ""})).unwrap_err();
        assert_eq!(refused.status["details"]["causes"][0]["field"], "value");
        assert!(refused.message.contains("live migration in progress: default/running"), "{refused:?}");
        cluster.api.apply(&world::migration("running", "Succeeded"));
        cluster.eventually_admitted(&json!({"value": ""}));
        it_is_disabled(&cluster, &before);
    }
}

#[test]
fn writers_pass_while_no_replica_runs() {
    for value in [world::CANONICAL, INVALID, ""] {
        let mut stored = world::ours(value);
        stored["default"] = world::CANONICAL.into();
        let mut cluster = broken(Some(&stored));
        cluster.stop_webhook();
        all_writers(&cluster);
        let before = cluster.setting().unwrap();
        if !value.is_empty() {
            it_is_disabled(&cluster, &before);
        }
    }
    let mut cluster = broken(None);
    cluster.stop_webhook();
    harvester_starts(&cluster);
    all_writers(&cluster);
}

/// And this is the whole of what an outage stops.
#[test]
fn no_replica_means_no_change_and_no_deletion() {
    let mut cluster = Guarded::new(&world::healthy(), Some(&world::ours(world::CANONICAL)));
    cluster.stop_webhook();
    let before = cluster.setting().unwrap();
    let changed = r#"{"clusterNetwork":"vm-migration","vlan":101,"range":"192.168.1.0/24"}"#;
    let update = cluster.kubectl(["replace", "-f", "-"]).stdin(world::manifest(changed)).run();
    // It would have kept the bytes; without it nobody can.
    let reformatted = cluster.kubectl(["replace", "-f", "-"]).stdin(world::manifest(world::DOCUMENTED)).run();
    let delete = cluster.kubectl(["delete", "settings.harvesterhci.io", "vm-migration-network"]).run();
    let told = format!("# another value\n{update}\n# another spelling\n{reformatted}\n# delete\n{delete}");
    insta::with_settings!({
        prepend_module_to_snapshot => false,
        omit_expression => true,
        filters => [(r"127\.0\.0\.1:\d+|\[::1\]:\d+", "[address]"), (r":\d{4,5}/", ":[port]/")],
    }, {
        insta::assert_snapshot!("no-replica", told);
    });
    assert_eq!(cluster.setting().unwrap(), before);

    let unanswered = |what: &str, answer: Answer| {
        let refusal = answer.expect_err(what);
        assert_eq!(refusal.code, 500, "{what}: {refusal:?}");
        let told = "failed calling webhook \"check.vm-migration-network.setting\"";
        assert!(refusal.message.contains(told), "{what}: {refusal:?}");
    };
    unanswered("a collection", cluster.api.delete("/apis/harvesterhci.io/v1beta1/settings?dryRun=All"));
    let patch = |patch: Value| cluster.api.patch(SETTING, Patch::Merge, &patch);
    unanswered("another default", patch(json!({"default": changed})));
    unanswered("another default while it is disabled", patch(json!({"value": "", "default": changed})));
    assert_eq!(cluster.setting().unwrap(), before);

    let mut none = Guarded::new(&world::healthy(), None);
    none.stop_webhook();
    unanswered("made enabled", none.api.create(&world::ours(changed), ""));
    unanswered("made with a default", none.api.create(&world::setting("vm-migration-network", "", changed), ""));
    assert_eq!(none.setting().map_err(|refusal| refusal.code), Err(404));
}
