//! A large cluster.

use std::thread;

use anyhow::Result;
use serde_json::{Value, json};

use crate::etcd::Etcd;
use crate::harness::api::Api;
use crate::harness::world;

/// How many write to the API server at one time.
const WRITERS: usize = 8;
/// The first of them are there before, see [`world::healthy`].
const THERE: usize = world::NODES.len();

/// Nodes up to this number, by the API: they are not stored as JSON.
pub fn nodes(api: &Api, count: usize) {
    let write = |first: usize| {
        for index in (THERE + first..count).step_by(WRITERS) {
            let mut node = world::node(&format!("node-{index}"), 0);
            let (high, low) = (index / 256, index % 256);
            let pods = format!("10.{}.{low}.0/24", 64 + high);
            node["spec"] = json!({"podCIDR": pods, "podCIDRs": [pods]});
            node["status"]["addresses"][0]["address"] = format!("10.115.{high}.{low}").into();
            api.apply(&node);
        }
    };
    thread::scope(|scope| {
        for first in 0..WRITERS {
            scope.spawn(move || write(first));
        }
    });
    let names: Vec<String> = (0..count).map(|index| format!("node-{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    api.apply(&world::vlan_config("vm-migration", "all", &names));
}

/// A `VlanStatus` of each node.
pub fn vlan_statuses(etcd: &Etcd, count: usize) -> Result<()> {
    etcd.put((THERE..count).map(|index| vlan_status("vm-migration", index, 0)))
}

/// That of a node, as it is after so many changes.
pub fn vlan_status(network: &str, index: usize, change: usize) -> (String, Value) {
    let ready = if change.is_multiple_of(2) { "True" } else { "False" };
    let mut object = world::vlan_status(network, &format!("node-{index}"), ready);
    complete(&mut object, 3, index, change);
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    (format!("network.harvesterhci.io/vlanstatuses/{name}"), object)
}

/// So many migrations that have ended.
pub fn migrations(etcd: &Etcd, count: usize) -> Result<()> {
    etcd.put((0..count).map(|index| migration(index, 0)))
}

/// One that has ended, as it is after so many changes and as large as `KubeVirt` leaves it.
pub fn migration(index: usize, change: usize) -> (String, Value) {
    let (name, vm) = (format!("kubevirt-evacuation-{index:06}"), format!("virtual-machine-{}", index % 2_000));
    let (source, target) = (format!("node-{}", index % 997), format!("node-{}", (index + 1) % 997));
    let mut object = world::migration(&name, "Succeeded");
    object["metadata"]["labels"] = json!({"kubevirt.io/vmi-name": vm});
    object["metadata"]["annotations"] = json!({
        "kubevirt.io/latest-observed-api-version": "v1",
        "kubevirt.io/storage-observed-api-version": "v1",
    });
    object["metadata"]["managedFields"] = json!([{
        "manager": "virt-controller", "operation": "Update", "apiVersion": "kubevirt.io/v1",
        "time": "2026-01-13T06:37:39Z", "subresource": "status", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:status": {
            ".": {}, "f:phase": {}, "f:phaseTransitionTimestamps": {},
            "f:migrationState": {".": {}, "f:completed": {}, "f:mode": {}, "f:migrationUid": {}, "f:sourceNode": {},
                "f:startTimestamp": {}, "f:endTimestamp": {}, "f:targetNode": {}, "f:targetPod": {}},
        }},
    }]);
    object["spec"] = json!({"vmiName": vm});
    object["status"]["migrationState"] = json!({
        "completed": true, "mode": "PreCopy", "migrationUid": uid(4, index),
        "sourceNode": source, "sourcePod": format!("virt-launcher-{vm}-7rxkp"),
        "targetNode": target, "targetNodeAddress": "10.52.3.84", "targetPod": format!("virt-launcher-{vm}-b2x9f"),
        "startTimestamp": "2026-01-13T06:36:41Z", "endTimestamp": "2026-01-13T06:37:38Z",
    });
    object["status"]["phaseTransitionTimestamps"] = ["Pending", "Scheduling", "Running", "Succeeded"]
        .iter()
        .map(|phase| json!({"phase": phase, "phaseTransitionTimestamp": "2026-01-13T06:36:39Z"}))
        .collect();
    complete(&mut object, 1, index, change);
    (format!("kubevirt.io/virtualmachineinstancemigrations/default/{name}"), object)
}

/// What the API server adds.
fn complete(object: &mut Value, kind: usize, index: usize, change: usize) {
    let metadata = &mut object["metadata"];
    metadata["uid"] = uid(kind, index).into();
    metadata["generation"] = (1 + change).into();
    metadata["creationTimestamp"] = "2026-01-13T06:36:39Z".into();
}

fn uid(kind: usize, index: usize) -> String {
    format!("0a1b2c3d-4e5f-4{kind:03}-8000-{index:012x}")
}
