//! Certificates without cert-manager: one CA in a Secret, and a leaf for each replica.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use data_encoding::BASE64;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConnection, StreamOwned};
use serde_json::{Value, json};
use x509_parser::extensions::GeneralName;

use crate::harness::api::{Patch, path};
use crate::harness::cluster::SETTING;
use crate::harness::install::{Installed, is_configuration, redirect};
use crate::harness::manifests::only;
use crate::harness::pki::client_of;
use crate::harness::proxy::Proxy;
use crate::harness::traffic::Traffic;
use crate::harness::wait::{PATIENCE, eventually};
use crate::harness::webhook::{Replica, Webhook};
use crate::harness::{Cluster, Plane, world};

const KINDS: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Applies the two configurations as shipped: nothing but the port is changed, and there is no `caBundle`.
pub fn configure(cluster: &Plane, installed: &Installed, port: u16) {
    for configuration in installed.objects.iter().filter(|object| is_configuration(object)) {
        let mut configuration = configuration.clone();
        redirect(&mut configuration, port, None);
        cluster.api.apply(&configuration);
    }
}

/// The `caBundle` of every webhook.
pub fn bundles(cluster: &Plane, installed: &Installed) -> Vec<String> {
    let mut bundles = Vec::new();
    for kind in KINDS {
        let configuration = cluster.api.get(&path(only(&installed.objects, kind))).unwrap();
        for webhook in configuration["webhooks"].as_array().unwrap() {
            let bundle = webhook["clientConfig"]["caBundle"].as_str().unwrap_or_default();
            bundles.push(String::from_utf8(BASE64.decode(bundle.as_bytes()).unwrap()).unwrap());
        }
    }
    bundles
}

fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).map(|certificate| certificate.unwrap()).collect()
}

/// The certificate that a replica shows to a client who trusts only this bundle, and asks for the Service's name.
pub fn leaf(replica: &Webhook, installed: &Installed, bundle: &str) -> Result<CertificateDer<'static>, String> {
    let config = client_of(bundle);
    let name = format!("migration-network-webhook.{}.svc", installed.namespace);
    let connection = ClientConnection::new(config, ServerName::try_from(name).unwrap()).unwrap();
    let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, replica.port)).map_err(|error| error.to_string())?;
    tcp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut stream = StreamOwned::new(connection, tcp);
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").map_err(|error| error.to_string())?;
    let _ = stream.read(&mut [0]);
    Ok(stream.conn.peer_certificates().unwrap()[0].clone().into_owned())
}

/// Waits until both phases are in effect with certificates that the API server trusts.
pub fn in_effect(cluster: &Plane, replicas: &[Webhook]) {
    eventually("the API server trusts us", PATIENCE, || match cluster.probe() {
        Err(refusal) if refusal.message.contains("check.vm-migration-network.setting\" denied") => Ok(()),
        other => Err(other),
    });
    let validated = || -> u64 {
        let labels = ["phase=\"validate\"", "verdict=\"allowed\""];
        replicas.iter().map(|one| one.count("migration_network_webhook_decisions_total", &labels)).sum()
    };
    eventually("both phases are called", PATIENCE, || {
        let value = json!({"value": world::CANONICAL.replace("100,", "101,")});
        let admitted = cluster.api.patch(&format!("{SETTING}?dryRun=All"), Patch::Merge, &value).is_ok();
        if admitted && validated() > 0 { Ok(()) } else { Err(admitted) }
    });
}

#[test]
fn each_replica_has_a_leaf_of_its_own_for_the_services_name_and_no_other() {
    let cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    let installed = cluster.install("harvester");
    let first = Replica::of(&cluster, &installed).ready();
    configure(&cluster, &installed, first.port);
    eventually("caBundle is filled in", PATIENCE, || {
        let bundles = bundles(&cluster, &installed);
        if bundles.iter().any(String::is_empty) { Err(bundles) } else { Ok(()) }
    });
    // A user applies the file again: the Secret is shipped empty, and keeps what it holds.
    let secret = only(&installed.objects, "Secret");
    let before = cluster.api.get(&path(secret)).unwrap();
    assert_ne!(before["data"], Value::Null);
    cluster.kubectl(["apply", "-f", "-"]).stdin(secret.to_string()).ok();
    assert_eq!(cluster.api.get(&path(secret)).unwrap()["data"], before["data"]);

    let late = Replica::of(&cluster, &installed).ready();
    let bundle = bundles(&cluster, &installed).remove(0);
    let expected = format!("migration-network-webhook.{}.svc", installed.namespace);
    let leaves = [&first, &late].map(|replica| leaf(replica, &installed, &bundle).unwrap());
    for leaf in &leaves {
        let (_, certificate) = x509_parser::parse_x509_certificate(leaf).unwrap();
        let names = certificate.subject_alternative_name().unwrap().unwrap();
        assert_eq!(names.value.general_names, [GeneralName::DNSName(&expected)]);
    }
    assert_ne!(leaves[0], leaves[1]);
}

/// Replicas behind a Service that have just become ready, with lifetimes of seconds.
fn rotating(cluster: &Plane, installed: &Installed, service: &Proxy, lifetimes: [&str; 2]) -> Vec<Webhook> {
    configure(cluster, installed, service.port);
    let start = || Replica::of(cluster, installed).args(lifetimes).start();
    let mut replicas: Vec<Webhook> = (0..3).map(|_| start()).collect();
    for replica in &mut replicas {
        replica.wait_until_ready();
        service.add(replica.port);
    }
    in_effect(cluster, &replicas);
    replicas
}

fn guarded() -> (Cluster, Installed, Proxy) {
    let cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    cluster.store(&world::ours(world::CANONICAL));
    let installed = cluster.install("harvester");
    (cluster, installed, Proxy::start())
}

/// Lifetimes of seconds, so that several CAs come and go while users go on.
#[test]
fn rotation_is_not_noticed() {
    let (cluster, installed, service) = guarded();
    let replicas = rotating(&cluster, &installed, &service, ["--tls-ca-lifetime=24s", "--tls-leaf-lifetime=6s"]);
    // In service only after a pause in which several CAs came and went.
    let mut paused =
        Replica::of(&cluster, &installed).args(["--tls-ca-lifetime=24s", "--tls-leaf-lifetime=6s"]).ready();
    paused.process.signal("STOP");

    let traffic = Traffic::start(&cluster.api);
    let (mut cas, mut leaves, mut widths) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut rotate = |count: usize| {
        eventually("CAs came and went", PATIENCE * 2, || {
            let bundle = bundles(&cluster, &installed).remove(0);
            let now = certificates(&bundle);
            widths.insert(now.len());
            cas.extend(now.iter().map(|ca| ca.to_vec()));
            for replica in &replicas {
                leaves.insert(leaf(replica, &installed, &bundle)?.to_vec());
            }
            let gone = cas.len() - now.len();
            if gone >= count { Ok(()) } else { Err(format!("{} CAs so far", cas.len())) }
        });
    };
    rotate(2);
    paused.process.signal("CONT");
    eventually("it has a certificate that is trusted", PATIENCE, || {
        leaf(&paused, &installed, &bundles(&cluster, &installed)[0])
    });
    service.add(paused.port);
    for replica in &replicas {
        service.remove(replica.port);
    }
    rotate(3);
    let tally = traffic.end();
    assert_eq!(tally.failures, [""; 0]);
    assert!(tally.admitted > 100, "too little to tell: {tally:?}");
    assert!(widths.is_subset(&BTreeSet::from([2, 3, 4])) && widths.contains(&3), "the one before stays: {widths:?}");
    assert!(leaves.len() > 3 * 3, "each replica renewed its leaf, more than once: {}", leaves.len());
    paused.wait_until_ready();
}

/// While `caBundle` can't be written, the CA that it holds keeps signing.
#[test]
fn a_promotion_waits_until_ca_bundle_can_be_written() {
    let (cluster, installed, service) = guarded();
    let replicas = rotating(&cluster, &installed, &service, ["--tls-ca-lifetime=60s", "--tls-leaf-lifetime=6s"]);
    let blocked = |replica: &Webhook| replica.count("migration_network_webhook_authority_promotion_blocked", &[]);
    assert_eq!(replicas.iter().map(blocked).sum::<u64>(), 0);
    let traffic = Traffic::start(&cluster.api);
    let role = installed.objects.iter().find(|object| object["rules"].to_string().contains("\"patch\"")).unwrap();
    let mut reduced = role.clone();
    for rule in reduced["rules"].as_array_mut().unwrap() {
        rule["verbs"].as_array_mut().unwrap().retain(|verb| verb != "patch");
    }
    cluster.api.apply(&reduced);
    let before = bundles(&cluster, &installed);
    eventually("it is time, and said", PATIENCE * 2, || match replicas.iter().map(blocked).sum() {
        3_u64 => Ok(()),
        other => Err(other),
    });
    for replica in &replicas {
        let log = replica.process.log();
        assert!(log.contains("can't promote the next CA; the current CA keeps signing"), "{log}");
        leaf(replica, &installed, &before[0]).unwrap();
    }
    assert_eq!(bundles(&cluster, &installed), before);
    cluster.api.apply(role);
    eventually("the next CA is promoted", PATIENCE, || match replicas.iter().map(blocked).sum() {
        0_u64 => Ok(()),
        other => Err(other),
    });
    let bundle = bundles(&cluster, &installed).remove(0);
    assert_ne!(bundle, before[0]);
    let tally = traffic.end();
    assert_eq!(tally.failures, [""; 0]);
    assert!(tally.admitted > 100, "too little to tell: {tally:?}");
}

/// The certificate is renewed from what was read before, for as long as it takes, and all is caught up with afterwards.
#[test]
fn an_api_server_that_is_gone_stops_no_renewal() {
    let mut cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    cluster.store(&world::ours(world::CANONICAL));
    let installed = cluster.install("harvester");
    let lifetimes = ["--tls-ca-lifetime=60s", "--tls-leaf-lifetime=6s"];
    let replica = Replica::of(&cluster, &installed).args(lifetimes).ready();
    configure(&cluster, &installed, replica.port);
    in_effect(&cluster, std::slice::from_ref(&replica));
    let bundle = bundles(&cluster, &installed).remove(0);
    let failures = || replica.count("migration_network_webhook_authority_failures_total", &[]);
    assert_eq!(failures(), 0);

    cluster.servers.stop_apiserver();
    let mut leaves = BTreeSet::new();
    eventually("three more leaves", PATIENCE, || {
        leaves.insert(leaf(&replica, &installed, &bundle)?.to_vec());
        if leaves.len() >= 4 { Ok(()) } else { Err(leaves.len().to_string()) }
    });
    assert!(failures() > 0);
    let log = replica.process.log();
    let said: Vec<&str> = log.lines().filter_map(|line| line.split_once("CA rotation failed")).map(|it| it.1).collect();
    let causes: BTreeSet<&&str> = said.iter().collect();
    assert!(!said.is_empty() && said.len() == causes.len(), "each cause is said once:\n{log}");

    cluster.servers.start_apiserver();
    in_effect(&cluster, std::slice::from_ref(&replica));
    eventually("the next CA is promoted", PATIENCE * 2, || {
        match certificates(&bundles(&cluster, &installed)[0]).len() {
            3 => Ok(()),
            other => Err(other),
        }
    });
    let log = replica.process.log();
    assert!(log.contains("CA rotation recovered: can get Secret "), "{log}");
}
