//! Every check turned each way, on whole cluster states in files.

#![expect(clippy::semicolon_if_nothing_returned, reason = "an edit is an expression, however long")]

use std::fs;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Observation, load};
use crate::manifest::{ManifestFile, document};
use crate::registration::{ConfigurationKind, Service};
use crate::setting::Policy;
use crate::setting::hash;
use crate::status::{Check, CheckState, Report, progress, status};

mod around;
mod cluster_state;
mod live;
mod network;
mod nodes;

use cluster_state::*;

#[test]
fn a_healthy_cluster_has_no_fault() {
    let report = WholeCluster::healthy().report();
    assert_eq!(not_ok(&report), [""; 0]);
    let seen: Vec<_> = checks(&report).map(|check| format!("{}: {}", check.id, check.seen)).collect();
    assert_eq!(
        seen,
        [
            "setting-readable: cluster network vm-migration, VLAN 100, range 192.168.1.0/24, 1 exclude",
            "setting-rules: 8 rules hold now",
            "setting-canonical: the value is in canonical form",
            "setting-hash: the annotation is the value's: d7c14fba1722f49b3bfd47193964e7cc239c1f5d",
            "setting-configured: configured is True for 1 d (since 2026-01-01T03:04:05Z)",
            "attachment-exists: harvester-system/vm-migration-network-6flk7 exists",
            "attachment-config: the configuration is what Harvester makes of the value",
            "attachment-orphans: none is left from earlier values",
            "kubevirt-network: migrations.network is vm-migration-network-6flk7",
            "kubevirt-available: KubeVirt is Available, AllComponentsReady",
            "virt-handler-rollout: 2 wanted, 2 up to date, 2 ready on 2 nodes",
            "virt-handler-networks: 2 pods have migration0 with an address in the range",
            "virt-handler-addresses: 2 addresses, each of one pod",
            "nodes-vlan-config: they cover 2 of 2 nodes",
            "nodes-vlan-status: ready on 2 of 2 nodes",
            "addresses-free: 253 usable, 2 taken, 251 free; 2 nodes have theirs, and 251 nodes can be added",
            "addresses-stale: none is held by a pod that is gone",
            "addresses-foreign: none is held by another pod than virt-handler",
            "addresses-holders: 2 addresses, each of a pod that is known",
            "addresses-recorded: 2 recorded",
            "neighbours-cluster: apart from the networks of pods and services",
            "neighbours-nodes: no usable address is a node's or a HostNetworkConfig's",
            "neighbours-networks: apart from storage-network and rwx-network",
            "migrations-running: none",
            "migrations-stuck: none",
            "webhook-configurations: both are there: webhook",
            "webhook-drift: as shipped with this release",
            "webhook-ca-bundle: valid for 36526 d",
            "webhook-endpoints: 1 ready behind mnw/webhook",
        ]
    );
    let rows: Vec<_> = report.nodes.iter().map(|row| (&*row.node, row.address.as_deref(), row.state)).collect();
    assert_eq!(
        rows,
        [("harvester-0", Some("192.168.1.1"), CheckState::Ok), ("harvester-1", Some("192.168.1.2"), CheckState::Ok)]
    );
}

#[test]
fn a_disabled_network_has_no_fault_either() {
    let mut cluster = WholeCluster::healthy();
    cluster.disable();
    let report = cluster.report();
    assert_eq!(not_ok(&report), [""; 0]);
    let left_out: Vec<_> = report.groups.iter().filter_map(|group| group.left_out.as_deref()).collect();
    assert_eq!(left_out, ["the network is disabled"; 3]);
    assert_eq!(report.nodes[0].vlan, "disabled");
}

type Edit = fn(&mut WholeCluster);

/// What each fault is told as, and nothing else.
fn assert_faults(cases: &[(Edit, &[&str])]) {
    for (index, (edit, expected)) in cases.iter().enumerate() {
        let mut cluster = WholeCluster::healthy();
        edit(&mut cluster);
        assert_eq!(not_ok(&cluster.report()), *expected, "case {index}");
    }
}

#[test]
fn what_is_not_seen_is_unknown() {
    let mut observation = WholeCluster::healthy().observe();
    let unseen = |what: &str| crate::status::Unseen { what: what.to_owned(), why: "no right".to_owned() };
    let observed = &mut observation.observed;
    observed.pods = Err(unseen("pods"));
    observed.kubevirt = Err(unseen("kubevirts"));
    observed.attachments = Err(unseen("nads"));
    observed.migrations = Err(unseen("migrations"));
    observed.webhooks[1] = Err(unseen("webhooks"));
    let ids: Vec<_> = checks(&report(&observation))
        .filter(|check| check.state == CheckState::Unknown)
        .map(|check| format!("{} {}", check.id, check.seen))
        .collect();
    assert_eq!(
        ids,
        [
            "attachment-exists nads (no right)",
            "attachment-orphans nads (no right)",
            "kubevirt-network kubevirts (no right)",
            "kubevirt-available kubevirts (no right)",
            "virt-handler-rollout pods (no right)",
            "virt-handler-networks pods (no right)",
            "virt-handler-addresses pods (no right)",
            "addresses-holders not known whether the pod exists: 192.168.1.1 of harvester-system/virt-handler-a, \
             192.168.1.2 of harvester-system/virt-handler-b (no right)",
            "addresses-recorded pods (no right)",
            "migrations-running migrations (no right)",
            "migrations-stuck migrations (no right)",
            "webhook-configurations webhooks (no right)",
        ]
    );
    observation.observed.setting = Err(unseen("settings"));
    let report = report(&observation);
    assert_eq!((report.counts.error, checks(&report).next().unwrap().seen.as_str()), (0, "settings (no right)"));
}

/// A capture without `--status` did not ask for most of it, and of a support bundle the directories tell.
#[test]
fn captures_and_bundles_say_what_they_asked_for() {
    let mut cluster = WholeCluster::healthy();
    cluster.allocate(7, "default/gone");
    let directory = tempfile::tempdir().unwrap();
    let seen = |root: &str| {
        let observation = load(&[directory.path().join(root)], now()).unwrap();
        not_ok(&report(&observation))
    };
    let is_fact = |object: &Value| {
        crate::cluster::kinds::fact_kind(object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap())
            .is_some()
    };
    let facts: Vec<Value> = cluster.0.iter().filter(|object| is_fact(object)).cloned().collect();
    fs::create_dir_all(directory.path().join("capture")).unwrap();
    let capture = format!("{} 1\n{}", crate::manifest::CAPTURE_MARK, text(&facts));
    fs::write(directory.path().join("capture/all.yaml"), capture).unwrap();
    let unknown = seen("capture");
    assert!(unknown.iter().all(|check| check.starts_with("Unknown ")), "{unknown:?}");
    assert_eq!(
        unknown[0],
        "Unknown attachment-exists: network-attachment-definitions.k8s.cni.cncf.io (the capture did not ask for them; \
         make it with capture --status)"
    );

    let bundle = directory.path().join("bundle/yamls/namespaced/harvester-system");
    fs::create_dir_all(&bundle).unwrap();
    fs::write(bundle.join("all.yaml"), text(&cluster.0)).unwrap();
    assert_eq!(
        seen("bundle"),
        [
            "Unknown addresses-holders: not known whether the pod exists: 192.168.1.7 of default/gone (the support bundle \
          has nothing of the namespace \"default\")"
        ]
    );
    fs::create_dir_all(directory.path().join("bundle/yamls/namespaced/default")).unwrap();
    assert_eq!(seen("bundle"), ["Warning addresses-stale: 1 held by pods that are gone: 192.168.1.7 of default/gone"]);
}

#[test]
fn an_object_twice_is_refused() {
    let mut cluster = WholeCluster::healthy();
    let pod = cluster.get("Pod", "virt-handler-a").clone();
    cluster.add(pod);
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    fs::write(file.path(), text(&cluster.0)).unwrap();
    let error = load(&[file.path().to_owned()], now()).unwrap_err().to_string();
    assert!(error.starts_with("Pod \"virt-handler-a\" is in \""), "{error}");
}
