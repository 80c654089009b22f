//! The CA beside a mounted certificate, kept in `caBundle`.

use std::fs;

use crate::harness::pki::{AUTHORITY, Authority};
use crate::harness::wait::{PATIENCE, eventually};
use crate::harness::webhook::Replica;
use crate::harness::{Cluster, world};
use crate::own_ca;

/// With the shipped rights. A file that holds no CA changes nothing, and is counted.
#[test]
fn it_is_registered_and_followed() {
    let cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    cluster.store(&world::ours(world::CANONICAL));
    let installed = cluster.install("secret");
    let replica = Replica::of(&cluster, &installed);
    let webhook = replica.ready();
    own_ca::configure(&cluster, &installed, webhook.port);
    eventually("a rule refuses a bad value", PATIENCE, || match cluster.probe() {
        Err(refusal) if refusal.code == 422 => Ok(()),
        other => Err(other),
    });

    let file = replica.directory().join("ca.crt");
    let both = format!("{}{}", AUTHORITY.pem, Authority::new("the next CA").pem);
    fs::write(&file, &both).unwrap();
    let both = both.replace("\r\n", "\n");
    let held = || own_ca::bundles(&cluster, &installed);
    eventually("caBundle holds both", PATIENCE, || match held() {
        bundles if bundles.len() == 3 && bundles.iter().all(|held| *held == both) => Ok(()),
        bundles => Err(bundles),
    });

    fs::write(&file, "").unwrap();
    eventually("it is counted", PATIENCE, || {
        match webhook.count("migration_network_webhook_registration_failures_total", &[r#"verb="read""#]) {
            0 => Err("no failure"),
            _ => Ok(()),
        }
    });
    eventually("it is logged", PATIENCE, || match webhook.process.log() {
        log if log.contains("it holds no certificate in PEM") => Ok(()),
        log => Err(log),
    });
    assert!(held().iter().all(|held| *held == both));
}
