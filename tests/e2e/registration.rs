//! The registration, and the rights that it and the CA's Secret take: those of the shipped `ServiceAccount`.

use std::collections::BTreeSet;
use std::fs;

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::harness::api::{Api, Patch, path};
use crate::harness::assets::repository;
use crate::harness::install::{Installed, NAME, redirect};
use crate::harness::manifests::only;
use crate::harness::proxy::Proxy;
use crate::harness::traffic::Traffic;
use crate::harness::webhook::{Replica, Webhook};
use crate::harness::{Cluster, PATIENCE, eventually, world};
use crate::own_ca;

const KINDS: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];
const FAILURES: [&str; 2] =
    ["migration_network_webhook_authority_failures_total", "migration_network_webhook_registration_failures_total"];

/// An installation, and the way to it.
struct Site {
    cluster: Cluster,
    installed: Installed,
    service: Proxy,
}

impl Site {
    fn new(file: &str) -> Self {
        let cluster = Cluster::lease();
        cluster.apply_all(&world::healthy());
        cluster.store(&world::ours(world::CANONICAL));
        let installed = cluster.install(file);
        Self { cluster, installed, service: Proxy::start() }
    }

    /// One of the two configurations, without a bundle, leading to the replicas.
    fn configuration(&self, kind: &str) -> Value {
        let mut configuration = only(&self.installed.objects, kind).clone();
        redirect(&mut configuration, self.service.port, None);
        configuration
    }

    /// Applies both, as a user does.
    fn apply_configurations(&self) -> String {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": KINDS.map(|kind| self.configuration(kind))});
        self.cluster.kubectl(["apply", "-f", "-"]).stdin(list.to_string()).ok()
    }

    fn live(&self, kind: &str) -> Value {
        self.cluster.api.get(&path(&self.configuration(kind))).unwrap()
    }

    /// The `caBundle` of each entry, decoded.
    fn bundles(&self) -> Vec<String> {
        let webhooks = KINDS.map(|kind| self.live(kind)["webhooks"].take());
        let bundle = |webhook: &Value| {
            let bundle = webhook["clientConfig"]["caBundle"].as_str().unwrap_or_default();
            String::from_utf8(BASE64.decode(bundle.as_bytes()).unwrap()).unwrap()
        };
        webhooks.iter().flat_map(|webhooks| webhooks.as_array().unwrap()).map(bundle).collect()
    }

    fn replica(&self) -> Replica {
        Replica::of(&self.cluster, &self.installed)
    }

    fn secret_path(&self) -> String {
        path(only(&self.installed.objects, "Secret"))
    }

    /// An entry of the Secret's data, decoded; empty when it is not there.
    fn secret(&self, key: &str) -> String {
        let secret = self.cluster.api.get(&self.secret_path()).unwrap();
        let entry = secret["data"][key].as_str().unwrap_or_default();
        String::from_utf8(BASE64.decode(entry.as_bytes()).unwrap()).unwrap()
    }

    /// The generations of the CAs in the Secret: of the current one, and of the next one.
    fn generations(&self) -> Vec<u64> {
        let document: Value = serde_json::from_str(&self.secret("authority.json")).unwrap_or_default();
        ["current", "next"].iter().filter_map(|role| document[*role]["generation"].as_u64()).collect()
    }

    /// The CAs of the Secret, as PEM.
    fn cas(&self) -> String {
        self.generations().iter().map(|generation| self.secret(&format!("ca-{generation}.crt"))).collect()
    }

    /// Waits until every entry trusts exactly the CAs that are in the Secret.
    fn wait_for_bundles(&self) {
        eventually("every bundle is the Secret's", PATIENCE, || {
            let (wanted, bundles) = (self.cas(), self.bundles());
            let done = !wanted.is_empty() && bundles.iter().all(|bundle| *bundle == wanted);
            if done { Ok(()) } else { Err(bundles) }
        });
    }

    /// Waits until the API server's calls reach a replica.
    fn wait_for_answers(&self) {
        eventually("a bad value is refused by a rule", PATIENCE, || match self.cluster.probe() {
            Err(refusal) if refusal.code == 422 => Ok(()),
            other => Err(other),
        });
    }
}

fn failures(replica: &Webhook) -> u64 {
    FAILURES.iter().map(|name| replica.count(name, &[])).sum()
}

fn gauge(replica: &Webhook, name: &str, kind: &str) -> u64 {
    replica.count(&format!("migration_network_webhook_{name}"), &[&format!("configuration=\"{kind}\"")])
}

#[test]
fn three_replicas_at_once_agree_on_the_cas_and_own_only_their_bundle() {
    let site = Site::new("harvester");
    site.apply_configurations();
    let replicas: Vec<Replica> = (0..3).map(|_| site.replica()).collect();
    let mut replicas: Vec<Webhook> = replicas.iter().map(Replica::start).collect();
    for replica in &mut replicas {
        replica.wait_until_ready();
        site.service.add(replica.port);
    }
    assert_eq!(site.generations(), [1, 2]);
    site.wait_for_bundles();
    site.wait_for_answers();
    // By each of them: the API server stays with the one that it has a connection to.
    let leaves = replicas.iter().map(|replica| own_ca::leaf(replica, &site.installed, &site.secret("ca-1.crt")));
    let leaves: BTreeSet<Vec<u8>> = leaves.map(|leaf| leaf.unwrap().to_vec()).collect();
    assert_eq!(leaves.len(), 3, "one of its own for each");
    for kind in KINDS {
        let live = site.live(kind);
        let managers = live["metadata"]["managedFields"].as_array().unwrap();
        let ours: Vec<&Value> = managers.iter().filter(|fields| fields["manager"] == NAME).collect();
        assert_eq!(ours.len(), 1);
        assert_eq!(ours[0]["operation"], "Apply");
        let entries = live["webhooks"].as_array().unwrap().iter().map(|webhook| {
            let key = format!("k:{{\"name\":{}}}", webhook["name"]);
            (key, json!({".": {}, "f:name": {}, "f:clientConfig": {"f:caBundle": {}}}))
        });
        let owned: serde_json::Map<String, Value> = entries.collect();
        assert_eq!(ours[0]["fieldsV1"], json!({"f:webhooks": owned}));
    }
    // Users and their tools own the rest.
    let before = site.bundles();
    for _ in 0..2 {
        let applied = site.apply_configurations();
        assert!(applied.lines().all(|line| line.ends_with(" unchanged")), "{applied}");
    }
    // Also those that apply on the server's side, as Flux does.
    let list = json!({"apiVersion": "v1", "kind": "List", "items": KINDS.map(|kind| site.configuration(kind))});
    let server_side = ["apply", "--server-side", "--force-conflicts", "--field-manager=a-tool", "-f", "-"];
    site.cluster.kubectl(server_side).stdin(list.to_string()).ok();
    assert_eq!(site.bundles(), before);
    for replica in &replicas {
        assert_eq!(failures(replica), 0, "the shipped rights are enough:\n{}", replica.process.log());
        // The port in each entry is this test's.
        let drift = ["mutating", "validating"].map(|kind| gauge(replica, "registration_drift_fields", kind));
        assert_eq!(drift, [1, 2]);
        assert!(replica.process.log().contains("].clientConfig.service.port is "), "{}", replica.process.log());
    }
}

/// Between our look at a configuration and our write someone may delete it, and RBAC can't keep server-side apply from
/// creating: what is sent must.
#[test]
fn a_configuration_that_goes_while_it_is_written_stays_gone() {
    let site = Site::new("harvester");
    site.apply_configurations();
    let account = Api::new(site.cluster.servers.port, &site.cluster.token(&site.installed, NAME));
    for kind in KINDS {
        let live = site.live(kind);
        let place = path(&live);
        let entries = live["webhooks"].as_array().unwrap().iter();
        let entries = entries.map(|entry| json!({"name": entry["name"], "clientConfig": {"caBundle": "AAAA"}}));
        let fields = |metadata: Value| {
            json!({
                "apiVersion": live["apiVersion"], "kind": kind, "metadata": metadata,
                "webhooks": entries.clone().collect::<Value>(),
            })
        };
        let metadata = &live["metadata"];
        let (name, uid, version) = (&metadata["name"], &metadata["uid"], &metadata["resourceVersion"]);
        let ours = fields(json!({"name": name, "uid": uid, "resourceVersion": version}));
        site.cluster.api.delete(&place).unwrap();
        let refusal = account.patch(&place, Patch::Apply(NAME), &ours).unwrap_err();
        assert_eq!(refusal.code, 409, "{refusal:?}");
        assert_eq!(site.cluster.api.get(&place).map_err(|refusal| refusal.code), Err(404));

        // Another of its name is not the one we looked at.
        site.apply_configurations();
        let refusal = account.patch(&place, Patch::Apply(NAME), &ours).unwrap_err();
        assert_eq!(refusal.code, 409, "{refusal:?}");
        assert_eq!(site.bundles(), ["", "", ""]);

        // And the fields that are ours do not make one.
        site.cluster.api.delete(&place).unwrap();
        let refusal = account.patch(&place, Patch::Apply(NAME), &fields(json!({"name": name}))).unwrap_err();
        assert_eq!(refusal.code, 422, "{refusal:?}");
        assert_eq!(site.cluster.api.get(&place).map_err(|refusal| refusal.code), Err(404));
        site.apply_configurations();
    }
}

/// The way out of everything: delete the configurations. Nothing brings them back but applying them.
#[test]
fn a_deleted_configuration_is_not_created_again() {
    let site = Site::new("harvester");
    site.apply_configurations();
    let replica = site.replica().ready();
    site.service.add(replica.port);
    site.wait_for_answers();

    // The very command of the operator's page.
    let page = fs::read_to_string(repository().join("docs/operations.md")).unwrap();
    let command = page.lines().find_map(|line| line.strip_prefix("    kubectl delete mutating")).expect("the command");
    site.cluster.kubectl(format!("delete mutating{command}").split(' ')).ok();
    eventually("nothing is checked", PATIENCE, || site.cluster.probe());
    for kind in ["mutating", "validating"] {
        eventually("it has seen that", PATIENCE, || match gauge(&replica, "registration_present", kind) {
            0 => Ok(()),
            other => Err(other),
        });
    }
    // A new CA would be a reason to write.
    let old = site.secret("ca-1.crt");
    site.cluster.api.patch(&site.secret_path(), Patch::Merge, &json!({"data": null})).unwrap();
    eventually("a new CA is there", PATIENCE, || {
        let new = site.secret("ca-1.crt");
        if new.is_empty() || new == old { Err(new) } else { Ok(()) }
    });
    for kind in KINDS {
        let answer = site.cluster.api.get(&path(&site.configuration(kind)));
        assert_eq!(answer.map_err(|refusal| refusal.code), Err(404));
    }
    site.cluster.probe().expect("nothing is checked");
    assert_eq!(failures(&replica), 0, "{}", replica.process.log());

    site.apply_configurations();
    site.wait_for_bundles();
    site.wait_for_answers();
}

/// Whatever else is changed is theirs: it is told, and stays, also when `caBundle` is written.
#[test]
fn what_others_change_is_told_and_left() {
    let site = Site::new("harvester");
    site.apply_configurations();
    let replica = site.replica().ready();
    site.wait_for_bundles();
    let mut changed = site.live("ValidatingWebhookConfiguration");
    let entry = &mut changed["webhooks"][1];
    entry["timeoutSeconds"] = 7.into();
    entry["clientConfig"]["caBundle"] = "".into();
    site.cluster.api.replace(&changed, "").unwrap();
    site.wait_for_bundles();
    let live = site.live("ValidatingWebhookConfiguration");
    assert_eq!(live["webhooks"][1]["timeoutSeconds"], 7);
    // Two ports, which are this test's, and that.
    eventually("it is counted", PATIENCE, || match gauge(&replica, "registration_drift_fields", "validating") {
        3 => Ok(()),
        other => Err(other),
    });
    let told = "webhooks[disable.vm-migration-network.setting].timeoutSeconds is 7, shipped as 5";
    eventually("it is logged", PATIENCE, || {
        let log = replica.process.log();
        if log.contains(told) { Ok(()) } else { Err(log) }
    });
}

/// As after a restore from a backup: the CAs of the Secret take over, and nobody is refused. To empty it revokes them.
#[test]
fn a_secret_that_comes_back_is_taken_up_unnoticed() {
    let site = Site::new("harvester");
    site.apply_configurations();
    let replica = site.replica().args(["--tls-leaf-lifetime=8s"]).ready();
    site.service.add(replica.port);
    site.wait_for_bundles();
    let backup = site.cluster.api.get(&site.secret_path()).unwrap();
    let old = site.cas();
    site.cluster.api.patch(&site.secret_path(), Patch::Merge, &json!({"data": null})).unwrap();
    eventually("new CAs are trusted, and no others", PATIENCE, || match site.bundles() {
        bundles if site.cas() != old && bundles.iter().all(|bundle| *bundle == site.cas()) => Ok(()),
        other => Err(other),
    });
    site.wait_for_answers();

    let traffic = Traffic::start(&site.cluster.api);
    site.cluster.api.replace(&backup, "").unwrap();
    let current = site.secret("ca-1.crt");
    eventually("the old CA signs", PATIENCE, || own_ca::leaf(&replica, &site.installed, &current));
    eventually("the new CAs are not trusted any more", PATIENCE, || match site.bundles() {
        bundles if bundles.iter().all(|bundle| *bundle == old) => Ok(()),
        other => Err(other),
    });
    let tally = traffic.end();
    assert_eq!(tally.failures, [""; 0]);
    assert!(tally.admitted > 100, "too little to tell: {tally:?}");
    let log = replica.process.log();
    assert!(log.contains("as after a restore from a backup"), "{log}");
    assert_eq!(failures(&replica), 0, "{log}");
}

/// A document that can't be read, and CAs that can: they go on, and nobody is refused.
#[test]
fn a_damaged_secret_is_repaired_unnoticed() {
    let site = Site::new("harvester");
    site.apply_configurations();
    let replica = site.replica().ready();
    site.service.add(replica.port);
    site.wait_for_bundles();
    site.wait_for_answers();
    let traffic = Traffic::start(&site.cluster.api);
    let before = site.bundles();
    for (data, told) in [
        (
            json!({"authority.json": BASE64.encode("{\"version\": 2, \"current\": 7}".as_bytes())}),
            "authority.json can't be read: ",
        ),
        (json!({"ca-2.key": BASE64.encode("rubbish".as_bytes())}), "ca-2: the key can't be read: "),
        (json!({"ca-1.crt": null}), "ca-1: the certificate can't be read: "),
    ] {
        site.cluster.api.patch(&site.secret_path(), Patch::Merge, &json!({"data": data})).unwrap();
        eventually("it is said", PATIENCE, || {
            let log = replica.process.log();
            let said = log.lines().any(|line| line.contains("repaired the CA's Secret") && line.contains(told));
            if said { Ok(()) } else { Err(log) }
        });
    }
    let tally = traffic.end();
    assert_eq!(tally.failures, [""; 0]);
    let first = before[0].split_inclusive("-----END CERTIFICATE-----\n").next().unwrap();
    assert!(
        site.bundles().iter().all(|bundle| bundle.contains(first)),
        "it may have signed a certificate that is valid"
    );
    assert_eq!(failures(&replica), 0, "{}", replica.process.log());
    site.replica().ready();
}

#[test]
fn a_secret_of_another_is_left_alone_and_the_message_says_how_to_start_afresh() {
    let site = Site::new("harvester");
    site.apply_configurations();
    let replica = site.replica().ready();
    site.service.add(replica.port);
    site.wait_for_answers();
    let newer = json!({"data": {"authority.json": BASE64.encode("{\"version\": 3}".as_bytes())}});
    let stored = site.cluster.api.patch(&site.secret_path(), Patch::Merge, &newer).unwrap();
    let line = eventually("it is said", PATIENCE, || {
        let log = replica.process.log();
        log.lines().find(|line| line.contains("nothing is overwritten")).map(str::to_owned).ok_or(log)
    });
    site.wait_for_answers();
    assert_eq!(site.cluster.api.get(&site.secret_path()).unwrap()["data"], stored["data"]);
    // A replica that starts now has nothing to serve.
    let late = site.replica().start();
    eventually("it is not ready", PATIENCE, || match late.get("/readyz") {
        Ok((503, page)) if page.contains("[-]certificate failed: none loaded") => Ok(()),
        other => Err(other),
    });

    // The very command, by a user's shell.
    let command = &line[line.find("kubectl patch secret").expect("a command")..];
    let command = command.replace("\\\"", "\"");
    let command = command.trim_end().trim_end_matches('"');
    assert_eq!(
        command,
        format!(r#"kubectl patch secret {NAME}-ca -n {} --type=merge -p '{{"data":null}}'"#, site.installed.namespace)
    );
    let words = command.trim_start_matches("kubectl ").replace('\'', "");
    site.cluster.kubectl(words.split(' ')).ok();
    eventually("a new CA is there", PATIENCE, || match site.generations() {
        generations if generations == [1, 2] => Ok(()),
        other => Err(other),
    });
    assert!(!stored["data"]["ca-1.crt"].as_str().unwrap().is_empty());
    site.wait_for_bundles();
    site.wait_for_answers();
    eventually("the late one is ready", PATIENCE, || match late.get("/readyz") {
        Ok((200, _)) => Ok(()),
        other => Err(other),
    });
}
