//! Neighbours, migrations and the webhook, turned each way.

use super::*;

#[test]
fn neighbours() {
    assert_faults(&[
        (
            |it| it.get("Setting", "storage-network")["value"] = value("192.168.1.128/25", "").into(),
            &["Error neighbours-networks: value.range: Invalid value: \"192.168.1.0/24\": 192.168.1.129 is usable in \
               storage-network (192.168.1.128/25) too; choose another range or exclude what both share"],
        ),
        (
            |it| it.get("Node", "harvester-0")["status"]["addresses"][0]["address"] = "192.168.1.9".into(),
            &["Error neighbours-nodes: value.range: Invalid value: \"192.168.1.0/24\": a pod could be given an \
               address that is in use: 192.168.1.9 of node harvester-0; exclude it (\"192.168.1.9/32\") or choose another range"],
        ),
        (
            |it| it.get("Node", "harvester-0")["spec"]["podCIDRs"][0] = "192.168.0.0/16".into(),
            &[
                "Error neighbours-cluster: value.range: Invalid value: \"192.168.1.0/24\": overlaps 192.168.0.0/16 (pod CIDR \
               of node harvester-0); excludes don't help, choose a range that nothing else uses",
            ],
        ),
    ]);
}

#[test]
fn migrations() {
    let with = |migrations: &[Value]| {
        let mut cluster = WholeCluster::healthy();
        cluster.0.extend_from_slice(migrations);
        let report = cluster.report();
        assert_eq!(report.counts.unknown, 0);
        checks(&report)
            .filter(|check| check.id.as_str().starts_with("migrations-"))
            .map(|it| (it.state, it.seen.clone()))
            .collect::<Vec<_>>()
    };
    let minutes = |name, phase, since| migration(name, phase, &format!("2026-01-02T{since}:05Z"));
    assert_eq!(
        with(&[
            minutes("b", "Running", "02:04"),
            minutes("a", "Succeeded", "02:04"),
            minutes("c", "Scheduling", "03:00")
        ]),
        [
            (
                CheckState::Ok,
                "2, oldest first: default/b (phase Running for 1 h), default/c (phase Scheduling for 4 min)".to_owned()
            ),
            (CheckState::Ok, "none".to_owned()),
        ]
    );
    assert_eq!(
        with(&[
            minutes("b", "Running", "01:03"),
            minutes("c", "Scheduling", "02:43"),
            minutes("d", "Pending", "02:43")
        ])[1],
        (CheckState::Error, "default/b (phase Running for 2 h), default/c (phase Scheduling for 21 min)".to_owned())
    );
}

#[test]
fn the_webhook() {
    assert_faults(&[
        (
            |it| it.remove_all("MutatingWebhookConfiguration"),
            &["Error webhook-configurations: there is no MutatingWebhookConfiguration beside webhook"],
        ),
        (
            |it| it.get("ValidatingWebhookConfiguration", "webhook")["webhooks"][0]["timeoutSeconds"] = 9.into(),
            &["Warning webhook-drift: differences: 1 of webhook: \
               webhooks[recheck.vm-migration-network.setting].timeoutSeconds is 9, shipped as 5"],
        ),
        (
            |it| {
                it.get("MutatingWebhookConfiguration", "webhook")["webhooks"][0]["clientConfig"]["caBundle"] =
                    Value::Null
            },
            &["Error webhook-ca-bundle: caBundle: check.vm-migration-network.setting has none"],
        ),
        (
            |it| {
                it.get("MutatingWebhookConfiguration", "webhook")["webhooks"][0]["clientConfig"]["caBundle"] =
                    "AAAA".into()
            },
            &["Error webhook-ca-bundle: caBundle: that of check.vm-migration-network.setting holds no certificate"],
        ),
        (
            |it| {
                it.get("MutatingWebhookConfiguration", "webhook")["webhooks"][0]["clientConfig"]["caBundle"] =
                    bundle(2025).into()
            },
            &["Error webhook-ca-bundle: caBundle: that of check.vm-migration-network.setting has expired"],
        ),
        (
            |it| {
                it.get("MutatingWebhookConfiguration", "webhook")["webhooks"][0]["clientConfig"]["caBundle"] =
                    bundle(2026).into()
            },
            &["Warning webhook-ca-bundle: valid for 2 d only"],
        ),
        (
            |it| it.remove_all("EndpointSlice"),
            &["Error webhook-endpoints: none is ready behind the Service \"mnw/webhook\""],
        ),
        (
            |it| {
                it.get("EndpointSlice", "webhook-x")["endpoints"][1]["conditions"]["terminating"] = false.into();
            },
            &["Warning webhook-endpoints: 1 ready behind mnw/webhook, 1 not"],
        ),
    ]);
    let mut cluster = WholeCluster::healthy();
    cluster.remove_all("MutatingWebhookConfiguration");
    cluster.remove_all("ValidatingWebhookConfiguration");
    let group = |report: &Report| report.groups.last().unwrap().left_out.clone();
    assert_eq!(group(&cluster.report()).as_deref(), Some("the files hold no webhook configuration"));
    let mut observation = cluster.observe();
    observation.observed.is_live = true;
    assert_eq!(
        not_ok(&report(&observation)),
        ["Warning webhook-configurations: the webhook is not installed: nothing checks values"]
    );
}
