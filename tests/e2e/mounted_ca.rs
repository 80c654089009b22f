//! The CA beside a mounted certificate, kept in `caBundle`.

use std::fs;

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::harness::control_plane::ADMIN;
use crate::harness::helm::Helm;
use crate::harness::install::NAME;
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

/// Nobody keeps it then but the user: the command of the notes fits both configurations, and reaches each of their entries.
#[test]
fn without_registration_one_command_fills_it() {
    let cluster = Cluster::lease();
    let helm = Helm::new(4, &cluster.servers.kubeconfig(ADMIN));
    let args = ["install", NAME, "CHART", "--namespace", NAME, "--create-namespace"];
    let values = ["--set", "registration=false,tls.source=secret,tls.secretName=mine"];
    let notes = helm.command(args.into_iter().chain(values)).ok();
    let metadata = json!({"name": "mine", "namespace": NAME});
    let data = json!({"ca.crt": BASE64.encode(AUTHORITY.pem.as_bytes())});
    cluster.api.apply(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}));

    let (_, commands) = notes.split_once("whenever that CA changes:\n\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    assert_eq!(commands.matches("kubectl patch").count(), 1, "{commands}");
    cluster.shell(commands).ok();
    let configurations: Vec<Value> = ["mutating", "validating"]
        .map(|kind| format!("/apis/admissionregistration.k8s.io/v1/{kind}webhookconfigurations/{NAME}"))
        .map(|path| cluster.api.get(&path).unwrap())
        .into();
    let entries: Vec<&Value> = configurations.iter().flat_map(|one| one["webhooks"].as_array().unwrap()).collect();
    assert_eq!(entries.len(), 3);
    for entry in entries {
        assert_eq!(entry["clientConfig"]["caBundle"], data["ca.crt"], "{entry}");
    }
}
