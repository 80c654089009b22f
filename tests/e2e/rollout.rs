//! Replicas that come and go, while users go on.

use std::collections::BTreeSet;

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::harness::api::{Patch, path};
use crate::harness::install::{Installed, SERVICE_NAMES};
use crate::harness::manifests::only;
use crate::harness::pki::AUTHORITY;
use crate::harness::proxy::Proxy;
use crate::harness::traffic::Traffic;
use crate::harness::wait::{PATIENCE, eventually};
use crate::harness::webhook::{Replica, Webhook};
use crate::harness::{Cluster, world};
use crate::own_ca;

/// Ready first, then in; out first, then told to end: no update fails for a reason other than a rule.
#[test]
fn a_rolling_restart_is_not_noticed() {
    let cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    cluster.store(&world::ours(world::CANONICAL));
    let installed = cluster.install("cert-manager");
    let service = Proxy::start();
    let replicas = three_replicas(&cluster, &installed, &service);
    cluster.register(&installed, service.port);
    roll(&cluster, &installed, &service, replicas);
}

/// Each new replica takes its certificate from the CA that it finds, and the registration stays as it is.
#[test]
fn a_rolling_restart_with_a_ca_of_our_own_is_not_noticed() {
    let cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    cluster.store(&world::ours(world::CANONICAL));
    let installed = cluster.install("harvester");
    let service = Proxy::start();
    own_ca::configure(&cluster, &installed, service.port);
    let replicas = three_replicas(&cluster, &installed, &service);
    own_ca::in_effect(&cluster, &replicas);
    let before = own_ca::bundles(&cluster, &installed);
    roll(&cluster, &installed, &service, replicas);
    assert_eq!(own_ca::bundles(&cluster, &installed), before);
}

/// From release 0.1.0: its Secret holds one CA, its replicas serve leaves of that one, and what they would still write by
/// what they have read comes too late.
#[test]
fn a_rolling_update_from_release_0_1_0_is_not_noticed() {
    let cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    cluster.store(&world::ours(world::CANONICAL));
    let installed = cluster.install("harvester");
    let service = Proxy::start();
    let place = path(only(&installed.objects, "Secret"));
    let document = include_bytes!("../fixtures/ca-0.1.0/one.json");
    let data = json!({
        "authority.json": BASE64.encode(document),
        "ca-1.crt": BASE64.encode(AUTHORITY.pem.as_bytes()),
        "ca-1.key": BASE64.encode(AUTHORITY.key.as_bytes()),
    });
    cluster.api.patch(&place, Patch::Merge, &json!({"data": data})).unwrap();
    let old = || Replica::of(&cluster, &installed).mounted().ready();
    let replicas: Vec<Webhook> = (0..3).map(|_| old()).collect();
    for replica in &replicas {
        service.add(replica.port);
    }
    cluster.register(&installed, service.port);
    let kinds = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];
    let live = || kinds.map(|kind| cluster.api.get(&path(only(&installed.objects, kind))).unwrap());
    let (secret, configurations) = (cluster.api.get(&place).unwrap(), live());

    roll(&cluster, &installed, &service, replicas);
    let document = cluster.api.get(&place).unwrap()["data"]["authority.json"].take();
    let document = BASE64.decode(document.as_str().unwrap().as_bytes()).unwrap();
    let document: Value = serde_json::from_slice(&document).unwrap();
    assert_eq!((&document["version"], &document["current"]["generation"]), (&json!(2), &json!(1)));
    let bundles = own_ca::bundles(&cluster, &installed);
    assert!(bundles.iter().all(|bundle| bundle.starts_with(&AUTHORITY.pem)), "the CA goes on");
    assert!(bundles.iter().all(|bundle| bundle.matches("BEGIN CERTIFICATE").count() == 2), "beside the next one");
    for stale in [&secret].into_iter().chain(&configurations) {
        let late = cluster.api.send("PUT", &path(stale), "application/json", stale);
        assert_eq!(late.unwrap_err().code, 409);
    }
}

fn start(cluster: &Cluster, installed: &Installed, service: &Proxy) -> Webhook {
    let replica = Replica::of(cluster, installed).ready();
    service.add(replica.port);
    replica
}

fn three_replicas(cluster: &Cluster, installed: &Installed, service: &Proxy) -> Vec<Webhook> {
    (0..3).map(|_| start(cluster, installed, service)).collect()
}

/// Every replica is replaced twice.
fn roll(cluster: &Cluster, installed: &Installed, service: &Proxy, mut replicas: Vec<Webhook>) {
    let traffic = Traffic::start(&cluster.api);
    let mut served = 0;
    for _ in 0..2 * replicas.len() {
        let new = start(cluster, installed, service);
        let mut old = replicas.remove(0);
        service.remove(old.port);
        served += usize::from(old.count("migration_network_webhook_decisions_total", &[]) > 0);
        assert_eq!(old.stop(), Some(0));
        replicas.push(new);
    }
    let tally = traffic.end();
    assert_eq!(tally.failures, [""; 0]);
    assert!(tally.admitted > 100 && tally.refused > 50, "too little to tell: {tally:?}");
    // The API server stays with one replica while it can: it had to move at least twice.
    assert!(served >= 2, "{served}");
}

/// cert-manager renews a mounted certificate in place: the next handshake gets the new one, and nobody notices.
#[test]
fn a_renewed_certificate_is_taken_up_unnoticed() {
    let cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    cluster.store(&world::ours(world::CANONICAL));
    let installed = cluster.install("cert-manager");
    let replica = Replica::of(&cluster, &installed).args(["--tls-reload-interval=100ms"]);
    let webhook = replica.ready();
    cluster.register(&installed, webhook.port);

    // What a new connection gets, of those who trust the authority and ask for the Service's name.
    let served = || own_ca::leaf(&webhook, &installed, &AUTHORITY.pem).unwrap().to_vec();
    let mut leaves = BTreeSet::from([served()]);
    let traffic = Traffic::start(&cluster.api);
    for renewal in 1..=5 {
        AUTHORITY.leaf_files(&SERVICE_NAMES, replica.directory());
        eventually("the new certificate is served", PATIENCE, || {
            let served = webhook.process.log().matches("serving a certificate").count();
            if served > renewal { Ok(()) } else { Err(served) }
        });
        leaves.insert(served());
    }
    let tally = traffic.end();
    assert_eq!(tally.failures, [""; 0]);
    assert!(tally.admitted > 20, "too little to tell: {tally:?}");
    assert_eq!(leaves.len(), 6);
}
