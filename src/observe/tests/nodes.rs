//! virt-handler, the nodes and the addresses, turned each way.

use super::*;

#[test]
fn virt_handler() {
    assert_faults(&[
        (
            |it| it.remove("DaemonSet", "virt-handler"),
            &["Error virt-handler-rollout: there is no DaemonSet harvester-system/virt-handler"],
        ),
        (
            |it| it.get("DaemonSet", "virt-handler")["status"]["updatedNumberScheduled"] = 1.into(),
            &["Error virt-handler-rollout: 2 wanted, 1 up to date, 2 ready on 2 nodes; it is being rolled out"],
        ),
        (
            |it| it.get("DaemonSet", "virt-handler")["metadata"]["generation"] = 3.into(),
            &[
                "Error virt-handler-rollout: 2 wanted, 2 up to date, 2 ready on 2 nodes; the newest change is not rolled \
               out yet",
            ],
        ),
        (
            |it| {
                it.get("DaemonSet", "virt-handler")["status"]["numberReady"] = 1.into();
                it.get("Pod", "virt-handler-b")["status"]["conditions"][0]["status"] = "False".into();
            },
            &[
                "Error virt-handler-rollout: 2 wanted, 2 up to date, 1 ready on 2 nodes; lacking: harvester-1 (not ready)",
            ],
        ),
        (
            // A node that was added and got no pod.
            |it| it.get("Node", "harvester-2")["metadata"]["labels"] = Value::Null,
            &[
                "Error virt-handler-rollout: 2 wanted, 2 up to date, 2 ready on 3 nodes; lacking: harvester-2 (no pod)",
                "Error nodes-vlan-config: value.clusterNetwork: Invalid value: \"vm-migration\": no VlanConfig of this \
                 cluster network covers harvester-2; virt-handler would not start there",
            ],
        ),
        (
            |it| it.get("Pod", "virt-handler-a")["metadata"]["annotations"] = json!({}),
            &["Error virt-handler-networks: virt-handler-a on harvester-0: no interface migration0"],
        ),
        (
            |it| it.get("Pod", "virt-handler-a")["metadata"]["annotations"][NETWORK_STATUS] = "[\u{1b}".into(),
            &[
                "Error virt-handler-networks: virt-handler-a on harvester-0: the annotation network-status can't be read: \
               expected value at line 1 column 2",
            ],
        ),
        (
            |it| {
                it.attach(
                    "virt-handler-a",
                    &json!({"name": "harvester-system/old", "interface": "migration0", "ips": ["192.168.1.1"]}),
                )
            },
            &["Error virt-handler-networks: virt-handler-a on harvester-0: migration0 is of \"harvester-system/old\""],
        ),
        (
            |it| {
                let name = format!("harvester-system/{NAD}");
                it.attach(
                    "virt-handler-a",
                    &json!({"name": name, "interface": "migration0", "ips": ["192.168.1.100"]}),
                );
                it.attach("virt-handler-b", &json!({"name": name, "interface": "migration0", "ips": ["10.9.9.9"]}));
            },
            &[
                "Error virt-handler-networks: virt-handler-a on harvester-0: 192.168.1.100 is excluded, virt-handler-b on \
                 harvester-1: 10.9.9.9 is not in 192.168.1.0/24",
                "Error addresses-recorded: 192.168.1.100 of virt-handler-a is not recorded, 10.9.9.9 of virt-handler-b is \
                 not recorded",
            ],
        ),
        (
            |it| {
                let name = format!("harvester-system/{NAD}");
                it.attach("virt-handler-b", &json!({"name": name, "interface": "migration0", "ips": ["192.168.1.1"]}));
            },
            &[
                "Error virt-handler-addresses: shared: 192.168.1.1 of virt-handler-a, virt-handler-b",
                "Error addresses-recorded: 192.168.1.1 of virt-handler-b is recorded for \"harvester-system/virt-handler-a\"",
            ],
        ),
        (
            |it| {
                let name = format!("harvester-system/{NAD}");
                it.attach("virt-handler-b", &json!({"name": name, "interface": "migration0", "ips": []}));
            },
            &["Error virt-handler-networks: virt-handler-b on harvester-1: migration0 has no address"],
        ),
    ]);
    let mut cluster = WholeCluster::healthy();
    cluster.disable();
    cluster.attach(
        "virt-handler-a",
        &json!({"name": "harvester-system/old", "interface": "migration0", "ips": ["1.1.1.1"]}),
    );
    assert_eq!(
        not_ok(&cluster.report()),
        [
            "Error virt-handler-networks: virt-handler-a on harvester-0: still has migration0 of \"harvester-system/old\""
        ]
    );
}

#[test]
fn without_a_pod_nothing_is_known_of_its_network() {
    let mut cluster = WholeCluster::healthy();
    cluster.remove_all("Pod");
    cluster.remove_all("IPPool");
    assert_eq!(
        not_ok(&cluster.report()),
        [
            "Error virt-handler-rollout: 2 wanted, 2 up to date, 2 ready on 2 nodes; lacking: harvester-0 (no pod), \
             harvester-1 (no pod)",
            "Unknown virt-handler-networks: there is no pod of virt-handler to look at",
            "Unknown virt-handler-addresses: there is no pod of virt-handler to look at",
        ]
    );
}

#[test]
fn nodes() {
    let mut cluster = WholeCluster::healthy();
    cluster.get("VlanStatus", "vm-migration-harvester-1")["status"]["conditions"][0]["status"] = "False".into();
    let report = cluster.report();
    assert_eq!(
        not_ok(&report),
        [
            "Error nodes-vlan-status: value.clusterNetwork: Invalid value: \"vm-migration\": the VLAN is not ready on harvester-1; \
          see kubectl get vlanstatuses.network.harvesterhci.io -o yaml"
        ]
    );
    assert_eq!((&*report.nodes[1].vlan, report.nodes[1].state), ("not ready", CheckState::Error));
    let mut cluster = WholeCluster::healthy();
    cluster.get("VlanConfig", "vm-migration-all")["metadata"]["annotations"]["network.harvesterhci.io/matched-nodes"] =
        r#"["harvester-0"]"#.into();
    let report = cluster.report();
    assert_eq!(
        not_ok(&report),
        [
            "Error nodes-vlan-config: value.clusterNetwork: Invalid value: \"vm-migration\": no VlanConfig of this cluster \
           network covers harvester-1; virt-handler would not start there",
        ]
    );
    let check = checks(&report).find(|check| check.id.as_str() == "nodes-vlan-config").unwrap();
    assert_eq!(
        check.hint,
        [
            "How to fix it:",
            "  migration-network-webhook explain vlan-config-missing",
            "Which nodes each selects:",
            "  kubectl get vlanconfigs.network.harvesterhci.io -o yaml",
        ]
    );
}

#[test]
fn addresses() {
    assert_faults(&[
        (
            |it| it.allocate(7, "default/gone"),
            &["Warning addresses-stale: 1 held by pods that are gone: 192.168.1.7 of default/gone"],
        ),
        (
            |it| {
                it.allocate(7, "default/done");
                it.add(pod("default", "done", "Succeeded"));
            },
            &["Warning addresses-stale: 1 held by pods that are gone: 192.168.1.7 of default/done"],
        ),
        (
            |it| {
                it.allocate(7, "default/virt-launcher-x");
                it.add(pod("default", "virt-launcher-x", "Running"));
            },
            &[
                "Warning addresses-foreign: 1 held by pods that are not virt-handler: 192.168.1.7 of default/virt-launcher-x",
            ],
        ),
        (|it| it.allocate(7, "\u{1b}[31m"), &["Warning addresses-holders: 1 held by nobody who is known: 192.168.1.7"]),
        (
            |it| it.get("IPPool", "192.168.1.0-24")["spec"]["allocations"]["x\u{1b}"] = json!({}),
            &["Warning addresses-holders: keys that are no address of the range: x\\u001b"],
        ),
        (
            |it| it.get("IPPool", "192.168.1.0-24")["spec"]["range"] = "\u{1b}".into(),
            &[
                "Error addresses-free: Whereabouts can't use its IPPool 192.168.1.0-24: spec.range holds \"\\u001b\", which \
               is not an IPv4 network",
            ],
        ),
        (
            |it| it.get("IPPool", "192.168.1.0-24")["spec"]["allocations"] = json!([7]),
            &[
                "Unknown addresses-free: ippools.whereabouts.cni.cncf.io (\"192.168.1.0-24\" can't be read: \
                 spec.allocations: invalid type: sequence, expected a map)",
                "Unknown addresses-stale: ippools.whereabouts.cni.cncf.io (\"192.168.1.0-24\" can't be read: \
                 spec.allocations: invalid type: sequence, expected a map)",
                "Unknown addresses-foreign: ippools.whereabouts.cni.cncf.io (\"192.168.1.0-24\" can't be read: \
                 spec.allocations: invalid type: sequence, expected a map)",
                "Unknown addresses-holders: ippools.whereabouts.cni.cncf.io (\"192.168.1.0-24\" can't be read: \
                 spec.allocations: invalid type: sequence, expected a map)",
                "Unknown addresses-recorded: ippools.whereabouts.cni.cncf.io (\"192.168.1.0-24\" can't be read: \
                 spec.allocations: invalid type: sequence, expected a map)",
            ],
        ),
        (
            |it| it.remove_all("IPPool"),
            &["Error addresses-recorded: there is no IPPool 192.168.1.0-24, and 2 pods have an address"],
        ),
    ]);
}

/// A /29 has six addresses; each case takes so many of them for pods that are gone.
#[test]
fn there_are_addresses_for_the_nodes_that_come_next() {
    let free = |stale: u32, surge: Value, handlers: usize| {
        let mut cluster = WholeCluster::healthy();
        cluster.store(&value("192.168.1.0/29", ""));
        let config = crate::harvester::nad_config(&value("192.168.1.0/29", "")).unwrap();
        cluster.get("NetworkAttachmentDefinition", NAD)["spec"]["config"] = config.into();
        let pool = cluster.get("IPPool", "192.168.1.0-24");
        pool["metadata"]["name"] = "192.168.1.0-29".into();
        pool["spec"] = json!({"range": "192.168.1.0/29", "allocations": {}});
        for offset in 1..=handlers {
            let podref = format!("harvester-system/{}", PODS[offset - 1]);
            pool["spec"]["allocations"][offset.to_string()] = json!({"podref": podref});
        }
        for offset in 0..stale {
            pool["spec"]["allocations"][(3 + offset).to_string()] = json!({"podref": "default/gone"});
        }
        cluster.get("DaemonSet", "virt-handler")["spec"] =
            json!({"updateStrategy": {"rollingUpdate": {"maxSurge": surge}}});
        let report = cluster.report();
        let check = checks(&report).find(|check| check.id.as_str() == "addresses-free").unwrap().clone();
        (check.state, check.seen, check.hint.join("\n"))
    };
    let larger = "virt-handler won't start on nodes beyond that. Save a larger range in time.\n\
                  Ranges twice as large that are free:\n  \
                  migration-network-webhook plan <(kubectl get settings.harvesterhci.io vm-migration-network -o \
                  jsonpath='{.value}') --kube --suggest 28";
    assert_eq!(
        free(0, Value::Null, 2),
        (
            CheckState::Ok,
            "6 usable, 2 taken, 4 free; 2 nodes have theirs, and 4 nodes can be added".to_owned(),
            String::new()
        )
    );
    assert_eq!(
        free(4, Value::Null, 2),
        (
            CheckState::Warning,
            "6 usable, 6 taken, 0 free; 2 nodes have theirs, and 0 nodes can be added".to_owned(),
            larger.to_owned()
        )
    );
    assert_eq!(
        free(4, "50%".into(), 2),
        (
            CheckState::Error,
            "6 usable, 6 taken, 0 free; 0 of 2 nodes need one, and a rollout 1 more: 1 too few".to_owned(),
            "Release the 4 that pods hold which are gone: see addresses-stale.".to_owned()
        )
    );
    assert_eq!(
        free(4, 0.into(), 1),
        (
            CheckState::Warning,
            "6 usable, 5 taken, 1 free; 1 of 2 nodes need one, and 0 nodes can be added".to_owned(),
            larger.to_owned()
        )
    );
}
