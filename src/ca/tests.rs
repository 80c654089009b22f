use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use jiff::Timestamp;
use k8s_openapi::ByteString;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::cert_authority::{Ca, Validity};
use super::rotation::{CaEntry, Rotation, SecretContents, SecretState};
use super::*;
use crate::fake_api_server::FakeApiServer;
use crate::registration::{Bundle, ConfigurationKind, Registration, Service, pem};
use crate::server::tls::Resolver;

const PATH: &str = "/api/v1/namespaces/here/secrets/ca";
const PATIENCE: Duration = Duration::from_secs(20);
const KINDS: [ConfigurationKind; 2] = [ConfigurationKind::Mutating, ConfigurationKind::Validating];

/// Leaves of seconds, so that a CA settles at once: in a quarter of a second.
fn lifetimes() -> Lifetimes {
    Lifetimes::new(Duration::from_hours(24), Duration::from_secs(1)).unwrap()
}

fn ago(seconds: u64) -> Timestamp {
    Timestamp::now().saturating_sub(Duration::from_secs(seconds)).unwrap()
}

fn entry(generation: u32, made: Timestamp) -> CaEntry {
    let ca = Ca::make(generation, Validity::starting(made, Duration::from_hours(24))).unwrap();
    CaEntry { generation, ca: Arc::new(ca), leaf_lifetime: Some(Duration::from_secs(1)) }
}

fn rotation(made: Timestamp, generations: [u32; 2]) -> Rotation {
    let [current, next] = generations.map(|generation| entry(generation, made));
    Rotation { current, next, previous: Vec::new() }
}

fn secret(data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ca", "namespace": "here"}, "data": data})
}

fn holding(rotation: &Rotation) -> Value {
    let mut data = stored::Data::new();
    stored::write(rotation, &mut data).unwrap();
    secret(&json!(data))
}

fn path(kind: ConfigurationKind) -> String {
    format!("/apis/admissionregistration.k8s.io/v1/{}/ours", kind.resource().plural)
}

fn service() -> Service {
    Service { name: "webhook".to_owned(), namespace: "here".to_owned() }
}

fn configuration(kind: ConfigurationKind, bundle: &Bundle) -> Value {
    let resource = kind.resource();
    let mut webhooks = kind.webhooks(&service()).unwrap();
    for webhook in webhooks.as_array_mut().unwrap() {
        webhook["clientConfig"]["caBundle"] = bundle.encode().into();
    }
    json!({
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": "ours"},
        "webhooks": webhooks,
    })
}

/// An API server with this Secret, and both configurations holding this.
fn cluster(secret: Value, bundle: &Bundle) -> Arc<FakeApiServer> {
    let server = FakeApiServer::new();
    server.serve("/api/v1/namespaces/here/secrets");
    server.put(PATH, secret);
    for kind in KINDS {
        server.put(&path(kind), configuration(kind, bundle));
    }
    server
}

fn contents(server: &FakeApiServer) -> SecretContents {
    let data = server.object(PATH).unwrap()["data"].take();
    let data: stored::Data = data
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), ByteString(BASE64.decode(value.as_str().unwrap().as_bytes()).unwrap())))
        .collect();
    stored::read(&data, Timestamp::now()).unwrap()
}

fn generations(server: &FakeApiServer) -> [Option<u32>; 2] {
    let contents = contents(server);
    [contents.current, contents.next].map(|entry| entry.map(|entry| entry.generation))
}

/// The `caBundle` of each entry.
fn bundles(server: &FakeApiServer) -> Vec<Bundle> {
    let webhooks = KINDS.map(|kind| server.object(&path(kind)).unwrap()["webhooks"].take());
    let bundle = |webhook: &Value| Bundle::decode(webhook["clientConfig"]["caBundle"].as_str().unwrap_or_default());
    webhooks.iter().flat_map(|webhooks| webhooks.as_array().unwrap()).map(bundle).collect()
}

/// Every `caBundle` is what the Secret says.
fn is_current(server: &FakeApiServer) -> bool {
    let contents = contents(server);
    let rotation = contents.rotation(contents.previous.clone());
    rotation.is_some_and(|it| bundles(server).iter().all(|held| held.is_same(&it.bundle(Timestamp::now()))))
}

/// A replica that works until it is dropped.
struct Replica {
    resolver: Arc<Resolver>,
    registry: Registry,
    task: JoinHandle<()>,
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Replica {
    fn start(server: &Arc<FakeApiServer>) -> Self {
        let resolver = Arc::new(Resolver::default());
        let names = Names::new("webhook", "here", &[]).unwrap();
        let secret = CaSecret::new(server.client(), "here", "ca");
        let registration = Registration::new(&server.client(), "ours", &service()).unwrap();
        let controller = Controller::new(secret, registration, names, lifetimes(), Arc::clone(&resolver));
        let mut registry = Registry::default();
        controller.register(&mut registry);
        Self { resolver, registry, task: tokio::spawn(controller.run()) }
    }

    fn leaf(&self) -> Option<CertificateDer<'static>> {
        self.resolver.current().map(|served| served.cert[0].clone())
    }

    fn is_signed_by(&self, ca: &Ca) -> bool {
        let Some(leaf) = self.leaf() else { return false };
        let [(_, leaf), (_, ca)] = [&leaf, &ca.certificate].map(|it| x509_parser::parse_x509_certificate(it).unwrap());
        leaf.verify_signature(Some(ca.public_key())).is_ok()
    }

    fn shows(&self, line: &str) -> bool {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        text.lines().any(|seen| seen == line)
    }

    fn fails(&self, metric: &str, verb: &str) -> bool {
        !self.shows(&format!("{metric}_failures_total{{verb=\"{verb}\"}} 0"))
    }
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(PATIENCE, wait).await.is_ok(), "not in time: {what}");
}

#[tokio::test]
async fn replicas_that_start_at_once_agree_on_the_cas() {
    let server = cluster(secret(&Value::Null), &Bundle::default());
    let replicas: Vec<_> = (0..3).map(|_| Replica::start(&server)).collect();
    until("every replica serves", || replicas.iter().all(|replica| replica.leaf().is_some())).await;
    until("caBundle holds both CAs", || is_current(&server)).await;
    assert_eq!(generations(&server), [Some(1), Some(2)]);
    let leaves: BTreeSet<_> = replicas.iter().map(|replica| replica.leaf().unwrap().to_vec()).collect();
    assert_eq!(leaves.len(), 3, "each has a leaf of its own");
    let current = contents(&server).current.unwrap().ca;
    assert!(replicas.iter().all(|replica| replica.is_signed_by(&current)));
    let end = current.validity.not_after.as_second();
    for line in [
        &*format!("authority_not_after_timestamp_seconds{{generation=\"1\"}} {end}"),
        "authority_promotion_blocked 0",
        "registration_ca_bundle_current{configuration=\"validating\"} 1",
    ] {
        until(line, || replicas.iter().all(|replica| replica.shows(line))).await;
    }
}

#[tokio::test]
async fn only_the_granted_verbs_on_the_three_names_are_used() {
    let server = cluster(secret(&Value::Null), &Bundle::default());
    let replica = Replica::start(&server);
    until("it serves, and watches", || replica.leaf().is_some() && server.count("watch") > 0).await;
    let manager = "fieldManager=migration-network-webhook";
    for (verb, target) in server.calls() {
        match verb {
            "watch" => assert!(
                target.starts_with("/api/v1/namespaces/here/secrets?&watch=true&")
                    && target.contains("&fieldSelector=metadata.name%3Dca&"),
                "{target}"
            ),
            "get" => assert!(target == PATH || KINDS.iter().any(|kind| target == path(*kind)), "{target}"),
            "update" => assert_eq!(target, format!("{PATH}?&{manager}")),
            "patch" => {
                let applied = |kind: &ConfigurationKind| target == format!("{}?&force=true&{manager}", path(*kind));
                assert!(KINDS.iter().any(applied), "{target}");
            }
            other => panic!("{other} {target}"),
        }
    }
    // Nothing is due: only the configurations are read again.
    let updates = (server.count("update"), server.count("patch"));
    assert_eq!(updates, (1, 2));
}

#[tokio::test]
async fn a_promotion_waits_for_the_bundles_and_every_replica_follows_at_once() {
    let before = rotation(ago(9 * 3600), [1, 2]);
    let [one, two] = [&before.current.ca, &before.next.ca];
    let only_one = Bundle::from_iter([one.certificate.clone()]);
    let server = cluster(holding(&before), &only_one);
    server.refuse("patch", 403, "refused");
    let replicas = [Replica::start(&server), Replica::start(&server)];
    until("it is said", || replicas.iter().all(|replica| replica.shows("authority_promotion_blocked 1"))).await;
    until("it is counted", || replicas[0].fails("registration", "patch")).await;
    until("the current one signs", || replicas.iter().all(|replica| replica.is_signed_by(one))).await;
    assert_eq!(generations(&server), [Some(1), Some(2)]);

    server.allow("patch");
    until("the next one is promoted", || generations(&server) == [Some(2), Some(3)]).await;
    until("both sign with it", || replicas.iter().all(|replica| replica.is_signed_by(two))).await;
    until("the old one stays", || is_current(&server) && bundles(&server).iter().all(|held| held.iter().count() == 3))
        .await;
    assert!(bundles(&server).iter().all(|held| held.holds(&one.certificate)));
    until("and leaves", || bundles(&server).iter().all(|held| !held.holds(&one.certificate))).await;
    until("the Secret forgets it", || contents(&server).previous.is_empty()).await;
    assert!(replicas.iter().all(|replica| replica.shows("authority_promotion_blocked 0")));
}

#[tokio::test]
async fn replicas_sign_anew_when_the_secret_changes() {
    let before = rotation(ago(3600), [1, 2]);
    let server = cluster(holding(&before), &before.bundle(ago(0)));
    let replica = Replica::start(&server);
    until("it serves, and watches", || replica.is_signed_by(&before.current.ca) && server.count("watch") > 0).await;
    // What another replica writes.
    let promoted = Rotation { current: before.next.clone(), next: entry(3, ago(0)), previous: Vec::new() };
    server.put(PATH, holding(&promoted));
    until("it follows", || replica.is_signed_by(&before.next.ca)).await;
}

#[tokio::test]
async fn a_secret_from_a_backup_is_taken_up_and_nobody_is_refused() {
    let (before, backup) = (rotation(ago(3600), [3, 4]), rotation(ago(7200), [1, 2]));
    let server = cluster(holding(&before), &before.bundle(ago(0)));
    let replica = Replica::start(&server);
    until("it serves, and watches", || replica.leaf().is_some() && server.count("watch") > 0).await;
    server.put(PATH, holding(&backup));
    until("the backup is taken up", || replica.is_signed_by(&backup.current.ca)).await;
    let held = bundles(&server);
    for ca in [&backup.current, &backup.next, &before.current, &before.next] {
        assert!(held.iter().all(|held| held.holds(&ca.ca.certificate)), "{}", ca.generation);
    }
    until("what was before leaves", || bundles(&server).iter().all(|held| held.is_same(&backup.bundle(ago(0))))).await;
}

#[tokio::test]
async fn what_is_not_ours_is_never_overwritten() {
    let foreign = secret(&json!({"password": BASE64.encode("of someone else".as_bytes())}));
    let server = cluster(foreign, &Bundle::default());
    let before = server.object(PATH);
    let replica = Replica::start(&server);
    until("it is counted", || replica.fails("authority", "read")).await;
    assert_eq!((server.object(PATH), server.count("update"), replica.leaf()), (before, 0, None));

    let failure = CaSecret::new(server.client(), "here", "ca").read().await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "can't use Secret here/ca: its data holds \"password\" but no authority.json, so it may be someone else's; \
         nothing is overwritten. To start afresh with a new CA, delete its data: kubectl patch secret ca -n here \
         --type=merge -p '{\"data\":null}'"
    );
    server.put(PATH, secret(&Value::Null));
    until("it starts afresh when told to", || replica.leaf().is_some()).await;
}

#[tokio::test]
async fn a_damaged_secret_is_repaired() {
    let server = cluster(secret(&Value::Null), &Bundle::default());
    let replica = Replica::start(&server);
    until("it serves, and watches", || replica.leaf().is_some() && server.count("watch") > 0).await;
    let before = contents(&server);
    server.put(PATH, secret(&json!({"authority.json": BASE64.encode("{".as_bytes())})));
    until("there are new CAs", || generations(&server) == [Some(1), Some(2)]).await;
    let after = contents(&server);
    assert_eq!(after.state, SecretState::Sound);
    assert_ne!(after.current, before.current);
    until("they sign", || replica.is_signed_by(&after.current.as_ref().unwrap().ca)).await;
}

/// Release 0.1.0 writes no leaf lifetime: its CA stays in `caBundle` to its end.
#[tokio::test]
async fn the_cas_of_release_0_1_0_are_carried_over() {
    let old = entry(1, ago(3600));
    let document = r#"{"version": 1, "authorities": [{"generation": 1, "joined": "2026-01-02T03:04:05Z"}]}"#;
    let data = json!({
        "authority.json": BASE64.encode(document.as_bytes()),
        "ca-1.crt": BASE64.encode(pem(&old.ca.certificate).as_bytes()),
        "ca-1.key": BASE64.encode(old.ca.key_pem.as_bytes()),
    });
    let server = cluster(secret(&data), &Bundle::from_iter([old.ca.certificate.clone()]));
    let replica = Replica::start(&server);
    until("its CA signs", || replica.is_signed_by(&old.ca)).await;
    until("caBundle holds the next one too", || is_current(&server)).await;
    let contents = contents(&server);
    assert_eq!((contents.state, contents.current.unwrap().leaf_lifetime), (SecretState::Sound, None));
    assert_eq!(contents.next.unwrap().generation, 2);
}

#[tokio::test]
async fn each_verb_that_is_refused_is_counted_and_the_rest_goes_on() {
    let server = cluster(secret(&Value::Null), &Bundle::default());
    for verb in ["get", "watch", "update", "patch"] {
        server.refuse(verb, 403, "refused");
    }
    let replica = Replica::start(&server);
    for (metric, verb) in
        [("authority", "get"), ("authority", "update"), ("registration", "patch"), ("authority", "watch")]
    {
        until(verb, || replica.fails(metric, verb)).await;
        server.allow(verb);
    }
    until("it serves", || replica.leaf().is_some() && is_current(&server)).await;

    // What can't be written keeps no leaf from being renewed.
    server.refuse("update", 403, "refused");
    let damaged = server.object(PATH).map(|mut secret| {
        secret["data"]["authority.json"] = BASE64.encode("{".as_bytes()).into();
        secret
    });
    server.put(PATH, damaged.unwrap());
    let leaf = replica.leaf();
    until("another leaf", || replica.leaf() != leaf).await;
    server.refuse("get", 503, "refused");
    let leaf = replica.leaf();
    until("another leaf, by what was read before", || replica.leaf() != leaf).await;

    server.allow("get");
    server.remove(PATH);
    let failure = CaSecret::new(server.client(), "here", "ca").read().await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "can't get Secret here/ca: 404 not found; the shipped manifests bring it: apply them again, the server has no \
         right to create it"
    );
}
