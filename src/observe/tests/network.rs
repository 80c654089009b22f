//! The Setting, the attachment and `KubeVirt`, turned each way.

use super::*;

#[test]
fn the_setting() {
    assert_faults(&[
        (
            |it| it.remove("Setting", "vm-migration-network"),
            &["Error setting-readable: there is no Setting vm-migration-network"],
        ),
        (
            |it| {
                it.setting()["status"]["conditions"][0] = json!({
                    "type": "configured", "status": "False", "reason": "CreateNadError", "message": "create \u{1b}[31m error",
                    "lastUpdateTime": "2026-01-02T01:04:05Z",
                })
            },
            &["Error setting-configured: configured is False for 2 h (since 2026-01-02T01:04:05Z): CreateNadError: \
               create \\u001b[31m error"],
        ),
        (
            |it| it.setting()["status"] = Value::Null,
            &["Error setting-configured: there is no condition configured, so Harvester has not handled the value"],
        ),
        (
            |it| it.setting()["metadata"]["annotations"][HASH] = "0\u{1b}".into(),
            &["Error setting-hash: the annotation is \"0\\u001b\", and the value's is \
               d7c14fba1722f49b3bfd47193964e7cc239c1f5d"],
        ),
        (
            |it| it.store(&format!(" {}", value("192.168.1.0/24", r#","exclude":["192.168.1.100/32"]"#))),
            &["Warning setting-canonical: the value is stored in other bytes than \
               {\"clusterNetwork\":\"vm-migration\",\"vlan\":100,\"range\":\"192.168.1.0/24\",\"exclude\":[\"192.168.1.100/32\"]}"],
        ),
        (
            |it| it.remove_all("CustomResourceDefinition"),
            &["Error setting-rules: value: Forbidden: the CRD ippools.whereabouts.cni.cncf.io is missing: \
               without Whereabouts no pod gets an address; see kubectl get crd ippools.whereabouts.cni.cncf.io"],
        ),
    ]);
}

/// What makes Harvester handle a value depends on what it has stored of the last one.
#[test]
fn the_hint_is_what_makes_harvester_handle_the_value() {
    let retry = "  kubectl annotate settings.harvesterhci.io vm-migration-network \
                 vm-migration-network.settings.harvesterhci.io/hash-";
    let log = "  kubectl -n harvester-system logs deployment/harvester --tail=100";
    let edits: [(&str, Edit); 4] = [
        ("setting-configured", |it| it.setting()["status"]["conditions"][0]["status"] = "False".into()),
        ("attachment-exists", |it| it.remove_all("NetworkAttachmentDefinition")),
        ("attachment-config", |it| it.get("NetworkAttachmentDefinition", NAD)["spec"]["config"] = "{}".into()),
        ("kubevirt-network", |it| it.get("KubeVirt", "kubevirt")["spec"] = Value::Null),
    ];
    for (id, edit) in edits {
        let mut cluster = WholeCluster::healthy();
        edit(&mut cluster);
        assert_eq!(hint(&cluster.report(), id).last().unwrap(), retry, "{id}");
        cluster.setting()["metadata"]["annotations"].as_object_mut().unwrap().remove(HASH);
        assert_eq!(hint(&cluster.report(), id).last().unwrap(), log, "{id}");
        assert_eq!(hint(&cluster.report(), "setting-hash").last().unwrap(), log, "{id}");
    }
}

#[test]
fn a_hint_names_the_program_as_its_users_do() {
    let mut cluster = WholeCluster::healthy();
    cluster.remove_all("CustomResourceDefinition");
    let report = cluster.report().run_as("kubectl migration-network");
    assert_eq!(hint(&report, "setting-rules")[1], "  kubectl migration-network explain whereabouts-crd-missing");
}

#[test]
fn a_value_that_harvester_cannot_read_leaves_the_rest_out() {
    for (stored, seen) in [
        ("no JSON", "Harvester can't make a network of it: value: it is not JSON"),
        (" ", "Harvester can't make a network of it: value: it is not JSON"),
        (r#"{"range":"x"}"#, "Harvester can't make a network of it: value.range is no network"),
        (r#"{"range":"fd00::/64"}"#, "Harvester can't make a network of it: value.range is an IPv6 network"),
    ] {
        let mut cluster = WholeCluster::healthy();
        cluster.store(stored);
        let report = cluster.report();
        assert_eq!(
            (checks(&report).next().unwrap().seen.as_str(), report.result),
            (seen, CheckState::Error),
            "{stored}"
        );
        let left_out = report.groups.iter().filter(|group| group.left_out.is_some()).count();
        assert_eq!(left_out, 3, "{stored}");
    }
}

#[test]
fn a_network_that_was_set_by_hand_is_at_risk() {
    let by_hand = |annotations: Value, network: Value| {
        let mut cluster = WholeCluster::healthy();
        cluster.disable();
        cluster.setting()["metadata"]["annotations"] = annotations;
        cluster.setting()["status"] = Value::Null;
        cluster.get("KubeVirt", "kubevirt")["spec"] = json!({"configuration": {"migrations": {"network": network}}});
        not_ok(&cluster.report())
    };
    assert_eq!(by_hand(Value::Null, Value::Null), [""; 0]);
    assert_eq!(
        by_hand(Value::Null, "mine".into()),
        ["Warning setting-handmade-network: KubeVirt has the network \"mine\" by hand; the first annotation on the \
          Setting, as kubectl apply sets one, makes Harvester remove it"]
    );
    assert_eq!(
        by_hand(json!({"a": "b"}), "mine".into()),
        [
            "Warning setting-handmade-network: KubeVirt has the network \"mine\" by hand; the Setting has annotations, so \
          its next change makes Harvester remove it"
        ]
    );
}

#[test]
fn the_attachment() {
    assert_faults(&[
        (
            |it| it.remove_all("NetworkAttachmentDefinition"),
            &["Error attachment-exists: harvester-system/vm-migration-network-6flk7 does not exist"],
        ),
        (
            |it| it.setting()["metadata"]["annotations"][NET_ATTACH_DEF] = "".into(),
            &[
                // KubeVirt and virt-handler use it: it is no orphan.
                "Error attachment-exists: the Setting names no NetworkAttachmentDefinition",
                "Error kubevirt-network: migrations.network is \"vm-migration-network-6flk7\", and the Setting names nothing",
            ],
        ),
        (
            |it| {
                let nad = it.get("NetworkAttachmentDefinition", NAD);
                let config = nad["spec"]["config"].as_str().unwrap().replace("\"vlan\":100", "\"vlan\":101");
                nad["spec"]["config"] = config.into();
            },
            &["Error attachment-config: the configuration is {\"cniVersion\":\"0.3.1\",\"type\":\"bridge\",\
               \"bridge\":\"vm-migration-br\",\"promiscMode\":true,\"vlan\":101,\"ipam\":{\"type\":\"whereabouts\",\
               \"range\":\"192.168.1.0/24\",\"exclude\":[\"192.168.1.100/32\"]}}"],
        ),
        (
            |it| {
                let mut orphan = it.get("NetworkAttachmentDefinition", NAD).clone();
                orphan["metadata"]["name"] = "vm-migration-network-old\u{7}".into();
                it.add(orphan);
            },
            &["Warning attachment-orphans: nothing names vm-migration-network-old\\u0007: left from earlier values"],
        ),
        (
            // Someone took the label away, and someone made one of their own.
            |it| {
                for name in ["vm-migration-network-x7k2p", "mine"] {
                    it.add(json!({
                        "apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition",
                        "metadata": {"name": name, "namespace": "harvester-system"},
                    }));
                }
            },
            &["Warning attachment-orphans: nothing names vm-migration-network-x7k2p: left from earlier values"],
        ),
    ]);
    // One that a starting pod asks for is in use; and what can't be seen may use it.
    let mut cluster = WholeCluster::healthy();
    let mut other = cluster.get("NetworkAttachmentDefinition", NAD).clone();
    other["metadata"]["name"] = "vm-migration-network-new".into();
    cluster.add(other);
    let mut observation = cluster.observe();
    observation.observed.kubevirt = Err(crate::status::Unseen { what: "kubevirts".to_owned(), why: "no".to_owned() });
    assert_eq!(not_ok(&report(&observation))[0], "Unknown attachment-orphans: kubevirts (no)");
    cluster.get("Pod", PODS[0])["metadata"]["annotations"] =
        json!({"k8s.v1.cni.cncf.io/networks": "a, vm-migration-network-new@migration0"});
    assert_eq!(
        not_ok(&cluster.report()),
        ["Error virt-handler-networks: virt-handler-a on harvester-0: no interface migration0"]
    );
    let mut cluster = WholeCluster::healthy();
    cluster.disable();
    cluster.setting()["metadata"]["annotations"][NET_ATTACH_DEF] = "harvester-system/old".into();
    assert_eq!(
        not_ok(&cluster.report()),
        ["Error attachment-exists: the network is disabled, and the Setting still names harvester-system/old"]
    );
}

/// The line that `--wait` shows on a terminal.
#[test]
fn what_harvester_does_now_is_told_step_by_step() {
    let told = |cluster: &WholeCluster| progress(&cluster.observe().observed);
    let mut cluster = WholeCluster::healthy();
    assert_eq!(told(&cluster), "NAD made, KubeVirt updated, value handled, virt-handler 2 of 2");
    let changed = value("192.168.2.0/24", "");
    cluster.setting()["value"] = changed.as_str().into();
    assert_eq!(
        told(&cluster),
        "NAD not made yet, KubeVirt not updated yet, value not handled yet, virt-handler 2 of 2"
    );
    let mut made = cluster.get("NetworkAttachmentDefinition", NAD).clone();
    made["metadata"]["name"] = "vm-migration-network-new".into();
    made["metadata"]["labels"][HASH] = hash(&changed).into();
    cluster.add(made);
    assert_eq!(told(&cluster), "NAD made, KubeVirt not updated yet, value not handled yet, virt-handler 2 of 2");
    let network = json!({"configuration": {"migrations": {"network": "vm-migration-network-new"}}});
    cluster.get("KubeVirt", "kubevirt")["spec"] = network;
    cluster.store(&changed);
    cluster.get("DaemonSet", "virt-handler")["status"] =
        json!({"desiredNumberScheduled": 5, "updatedNumberScheduled": 3, "numberReady": 2});
    assert_eq!(told(&cluster), "NAD made, KubeVirt updated, value handled, virt-handler 2 of 5");

    cluster.setting()["value"] = "".into();
    cluster.remove("DaemonSet", "virt-handler");
    assert_eq!(
        told(&cluster),
        "NAD not removed yet, KubeVirt not updated yet, value not handled yet, virt-handler can't be seen"
    );
    cluster.disable();
    let disabled = "NAD removed, KubeVirt updated, value handled, virt-handler can't be seen";
    assert_eq!(told(&cluster), disabled);
    cluster.get("KubeVirt", "kubevirt")["spec"] = json!({"configuration": {"migrations": {"network": ""}}});
    assert_eq!(told(&cluster), disabled);
    cluster.remove("Setting", "vm-migration-network");
    assert_eq!(told(&cluster), "the Setting can't be seen");
}

#[test]
fn kubevirt() {
    assert_faults(&[
        (
            |it| it.get("KubeVirt", "kubevirt")["spec"] = Value::Null,
            &["Error kubevirt-network: migrations.network is not set"],
        ),
        (
            |it| it.get("KubeVirt", "kubevirt")["spec"]["configuration"]["migrations"]["network"] = "a\nb".into(),
            &["Error kubevirt-network: migrations.network is \"a\\nb\", and the Setting names \
               \"vm-migration-network-6flk7\""],
        ),
        (
            |it| {
                it.get("KubeVirt", "kubevirt")["status"]["conditions"][0] = json!({
                    "type": "Available", "status": "False", "reason": "DeploymentInProgress", "message": "deploying",
                    "lastTransitionTime": "2026-01-02T03:00:00Z",
                })
            },
            &["Error kubevirt-available: Available is False for 4 min (since 2026-01-02T03:00:00Z): \
               DeploymentInProgress: deploying"],
        ),
        (
            |it| it.get("KubeVirt", "kubevirt")["status"] = Value::Null,
            &["Error kubevirt-available: KubeVirt has no condition Available"],
        ),
        (
            |it| it.remove("KubeVirt", "kubevirt"),
            &["Error kubevirt-available: there is no KubeVirt harvester-system/kubevirt"],
        ),
    ]);
    let mut cluster = WholeCluster::healthy();
    cluster.disable();
    cluster.get("KubeVirt", "kubevirt")["spec"] = json!({"configuration": {"migrations": {"network": "left"}}});
    assert_eq!(
        not_ok(&cluster.report()),
        ["Error kubevirt-network: migrations.network is \"left\", and the Setting names nothing"]
    );
}
