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
    ]);
    let mut cluster = WholeCluster::healthy();
    cluster.disable();
    cluster.setting()["metadata"]["annotations"][NET_ATTACH_DEF] = "harvester-system/old".into();
    assert_eq!(
        not_ok(&cluster.report()),
        ["Error attachment-exists: the network is disabled, and the Setting still names harvester-system/old"]
    );
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
