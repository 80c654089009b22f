//! What the benchmarks are about: values and reviews of every size, and the clusters they are held against.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::sync::Arc;

use ipnet::Ipv4Net;
use migration_network_webhook::cluster::index::Index;
use migration_network_webhook::setting::Facts;
use migration_network_webhook::setting::facts::{
    CrdState, FactKind, HostNetwork, MatchedNodes, Node, Nodes, ServiceCidr, SettingNetwork, VlanConfigFact,
};
use migration_network_webhook::setting::range::AddressRange;
use migration_network_webhook::setting::vlan::VlanId;
use serde_json::{Value, json};

/// Where the values are.
const CLUSTER_NETWORK: &str = "vm-migration";

/// A valid value as a user writes it: not in canonical order, its excludes the last first.
///
/// The range is a /16 or a /24. Every second address is excluded, as far as there are so many excludes.
pub(crate) fn value(prefix: u8, excludes: usize, vlan: u16) -> String {
    let base = u32::from(Ipv4Addr::new(172, 16, 0, 0));
    let mut text = format!(r#"{{ "vlan": {vlan}, "range": "172.16.0.0/{prefix}", "exclude": ["#);
    for index in (0..excludes).rev() {
        let separator = if index == 0 { "" } else { ", " };
        let address = Ipv4Addr::from(base + 2 * u32::try_from(index).unwrap_or_default());
        let _ = write!(text, "\"{address}/32\"{separator}");
    }
    let _ = write!(text, r#"], "clusterNetwork": "{CLUSTER_NETWORK}" }}"#);
    text
}

/// A value that breaks five rules, whatever the cluster.
pub(crate) fn bad_value() -> &'static str {
    r#"{"clusterNetwork":"mgmt","vlan":1,"range":"10.52.0.1/16","exclude":["10.52.0.9","10.52.1.0/33"],"gateway":"10.52.0.1"}"#
}

/// A cluster in which every rule passes, with this many nodes. Beside a /16 of the storage network lies a /24 of ours.
pub(crate) fn cluster(nodes: u32) -> Facts {
    let names: Vec<String> = (0..nodes).map(|index| format!("harvester-node-{index:05}")).collect();
    let node = |(index, name): (u32, &String)| Node {
        name: name.as_str().into(),
        witness: false,
        internal_ips: Box::new([Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 115, 0, 0)) + index)]),
        pod_cidrs: Box::new([net(Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 64, 0, 0)) + 256 * index), 24)]),
    };
    let covered = || names.iter().cloned().collect::<BTreeSet<_>>();
    let storage = AddressRange::new(net(Ipv4Addr::new(192, 168, 0, 0), 16), &[net(Ipv4Addr::new(192, 168, 1, 0), 32)]);
    let hosts = HostNetwork {
        name: "hosts".to_owned(),
        cluster_network: "mgmt".to_owned(),
        vlan: VlanId::Tagged(7),
        dhcp: false,
        addresses: Ok(BTreeSet::new()),
    };
    let vlan_config = VlanConfigFact {
        name: "all".to_owned(),
        label: Some(CLUSTER_NETWORK.to_owned()),
        cluster_network: Some(CLUSTER_NETWORK.to_owned()),
        matched: MatchedNodes::Nodes(covered()),
    };
    Facts {
        nodes: Ok(Arc::new(Nodes::new((0..).zip(&names).map(node)))),
        cluster_networks: Ok(Arc::new(["mgmt", CLUSTER_NETWORK].map(str::to_owned).into_iter().collect())),
        vlan_configs: Ok(Arc::new(vec![vlan_config])),
        vlan_statuses: Ok(Arc::new(BTreeMap::from([(CLUSTER_NETWORK.to_owned(), covered())]))),
        host_networks: Ok(Arc::new(vec![hosts])),
        migrations: Ok(Arc::new(BTreeSet::new())),
        whereabouts_crd: Ok(Arc::new(CrdState::Established)),
        service_cidrs: Ok(Arc::new(vec![ServiceCidr {
            name: "kubernetes".to_owned(),
            cidr: net(Ipv4Addr::new(10, 53, 0, 0), 16),
        }])),
        networks: Ok(Arc::new(BTreeMap::from([(
            "storage-network".to_owned(),
            SettingNetwork::On { vlan: VlanId::Tagged(300), exclusive_vlan: true, range: Ok(Some(storage)) },
        )]))),
    }
}

fn net(address: Ipv4Addr, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(address, prefix)
}

/// The same cluster with this many migrations, of which some run.
pub(crate) fn migrating(facts: &Facts, migrations: usize, running: usize) -> Facts {
    let mut known = Index::default();
    for index in 0..migrations {
        let phase = if index < running { "Running" } else { "Succeeded" };
        let migration = json!({
            "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstanceMigration",
            "metadata": {"namespace": "tenant", "name": format!("vm-{index:06}")}, "status": {"phase": phase}});
        // None of these can be unreadable.
        let _ = known.insert(FactKind::Migrations, &migration, None);
    }
    Facts { migrations: known.facts().migrations, ..facts.clone() }
}

/// The review of an UPDATE as the API server sends it: 3 KiB without large values.
pub(crate) fn review(old: &str, new: &str) -> Vec<u8> {
    let managed = |manager: &str, operation: &str| {
        json!({"manager": manager, "operation": operation, "apiVersion": "harvesterhci.io/v1beta1",
            "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": {
                "f:metadata": {"f:annotations": {
                    ".": {}, "f:vm-migration-network.settings.harvesterhci.io/hash": {},
                    "f:vm-migration-network.settings.harvesterhci.io/net-attach-def": {}}},
                "f:value": {}, "f:status": {".": {}, "f:conditions": {}}}})
    };
    let setting = |value: &str| -> Value {
        json!({
            "apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting", "default": "", "value": value,
            "metadata": {
                "name": "vm-migration-network", "uid": "0d1f9a6e-6f0f-4e5a-9d57-0c6b9d4a7d11", "resourceVersion": "184467",
                "generation": 7, "creationTimestamp": "2026-01-01T00:00:00Z",
                "annotations": {
                    "vm-migration-network.settings.harvesterhci.io/hash": "3f786850e387550fdab836ed7e6dc881de23001b",
                    "vm-migration-network.settings.harvesterhci.io/net-attach-def": "harvester-system/vm-migration-network-6flk7"},
                "managedFields": [managed("harvester", "Update"), managed("kubectl-client-side-apply", "Update")]},
            "status": {"conditions": [{"type": "configured", "status": "True", "reason": "", "message": "",
                "lastUpdateTime": "2026-01-01T00:00:00Z"}]}})
    };
    let kind = json!({"group": "harvesterhci.io", "version": "v1beta1", "kind": "Setting"});
    let resource = json!({"group": "harvesterhci.io", "version": "v1beta1", "resource": "settings"});
    let review = json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": kind, "resource": resource, "requestKind": kind,
        "requestResource": resource, "name": "vm-migration-network", "operation": "UPDATE",
        "userInfo": {"username": "kubernetes-admin", "uid": "014fbff9a07c", "groups": ["system:masters", "system:authenticated"]},
        "object": setting(new), "oldObject": setting(old), "dryRun": false,
        "options": {"kind": "UpdateOptions", "apiVersion": "meta.k8s.io/v1", "fieldManager": "kubectl-client-side-apply"}}});
    review.to_string().into_bytes()
}
