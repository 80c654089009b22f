use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use k8s_openapi::ByteString;
use prometheus_client::encoding::text::encode;
use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::stub::Stub;
use super::*;

const PATH: &str = "/api/v1/namespaces/here/secrets/ca";
const PATIENCE: Duration = Duration::from_secs(20);

fn terms() -> Terms {
    Terms::new(Duration::from_hours(24), Duration::from_hours(2), Duration::from_mins(1)).unwrap()
}

fn ago(seconds: u64) -> Timestamp {
    Timestamp::now().saturating_sub(Duration::from_secs(seconds)).unwrap()
}

fn ca(generation: u32, made: Timestamp) -> Ca {
    Ca::make(generation, Validity::starting(made, terms().ca())).unwrap()
}

fn secret(data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ca", "namespace": "here"}, "data": data})
}

fn holding(succession: &Succession) -> Value {
    stub::secret("ca", "here", succession)
}

fn stored(stub: &Stub) -> Succession {
    let data = stub.object(PATH).unwrap()["data"].take();
    let data: stored::Data = data
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), ByteString(STANDARD.decode(value.as_str().unwrap()).unwrap())))
        .collect();
    stored::read(&data).unwrap()
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
    fn start(stub: &Arc<Stub>, distribution: Option<watch::Receiver<Distribution>>) -> Self {
        let resolver = Arc::new(Resolver::default());
        let names = Names::new("webhook", "here", &[]).unwrap();
        let secret = CaSecret::new(stub.client(), "here", "ca");
        let mut authority = Authority::new(secret, names, terms(), Arc::clone(&resolver));
        if let Some(distribution) = distribution {
            authority = authority.waiting_for(distribution);
        }
        let mut registry = Registry::default();
        authority.register(&mut registry);
        Self { resolver, registry, task: tokio::spawn(authority.follow()) }
    }

    fn leaf(&self) -> Option<CertificateDer<'static>> {
        self.resolver.current().map(|served| served.cert[0].clone())
    }

    fn metrics(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        text
    }

    fn failures(&self, verb: &str) -> u64 {
        let (metrics, name) = (self.metrics(), format!("authority_failures_total{{verb=\"{verb}\"}} "));
        metrics.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok()).unwrap()
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

fn generations(stub: &Stub) -> Vec<u32> {
    stored(stub).reigns().map(|reign| reign.generation).collect()
}

#[tokio::test]
async fn replicas_that_start_at_once_agree_on_one_ca() {
    let stub = Stub::new();
    stub.put(PATH, secret(&Value::Null));
    let replicas: Vec<_> = (0..3).map(|_| Replica::start(&stub, None)).collect();
    until("every replica serves", || replicas.iter().all(|replica| replica.leaf().is_some())).await;
    assert_eq!(generations(&stub), [1]);
    let leaves: BTreeSet<_> = replicas.iter().map(|replica| replica.leaf().unwrap().to_vec()).collect();
    assert_eq!(leaves.len(), 3, "each has a leaf of its own");
    let ca = stored(&stub).reigns().next().unwrap().ca.clone();
    let (_, ca) = x509_parser::parse_x509_certificate(ca.certificate()).unwrap();
    for leaf in &leaves {
        let (_, leaf) = x509_parser::parse_x509_certificate(leaf).unwrap();
        leaf.verify_signature(Some(ca.public_key())).unwrap();
    }
    let not_after = ca.validity().not_after.timestamp();
    let line = format!("authority_not_after_timestamp_seconds{{generation=\"1\"}} {not_after}");
    until("the end of the CA is shown", || replicas.iter().all(|replica| replica.metrics().contains(&line))).await;
}

#[tokio::test]
async fn only_the_three_verbs_on_the_one_name_are_used() {
    let stub = Stub::new();
    stub.put(PATH, secret(&Value::Null));
    let replica = Replica::start(&stub, None);
    until("it serves, and watches", || replica.leaf().is_some() && stub.count("watch") > 0).await;
    for (verb, target) in stub.calls() {
        match verb {
            "watch" => assert!(
                target.starts_with("/api/v1/namespaces/here/secrets?&watch=true&")
                    && target.contains("&fieldSelector=metadata.name%3Dca&"),
                "{target}"
            ),
            "get" => assert_eq!(target, PATH),
            "update" => assert_eq!(target, format!("{PATH}?&fieldManager=migration-network-webhook")),
            other => panic!("{other} {target}"),
        }
    }
}

#[tokio::test]
async fn a_handover_waits_for_the_bundles() {
    let stub = Stub::new();
    let old = Succession::Vacant.joined(ca(1, ago(17 * 3600)), ago(17 * 3600));
    stub.put(PATH, holding(&old));
    let bundles = watch::Sender::new(Distribution::Only(vec![old.reigns().next().unwrap().ca.certificate().clone()]));
    let replica = Replica::start(&stub, Some(bundles.subscribe()));
    until("the next one joins, at two thirds of the life", || generations(&stub) == [1, 2]).await;
    until("it watches again", || stub.count("watch") > 0).await;
    let Succession::Handover { schedule, new, .. } = stored(&stub) else { panic!() };
    assert_eq!(schedule, None);
    let leaf = replica.leaf();
    bundles.send_replace(Distribution::Only(vec![new.ca.certificate().clone()]));
    until("it has its days", || matches!(stored(&stub), Succession::Handover { schedule: Some(_), .. })).await;
    assert_eq!(replica.leaf(), leaf, "the grace period is not over");

    // What the others see when the days have come.
    let Succession::Handover { old, new, .. } = stored(&stub) else { panic!() };
    let begun = Some(Schedule { signs_from: ago(1), leaves_at: Timestamp::now() + Duration::from_hours(2) });
    stub.put(PATH, holding(&Succession::Handover { old: old.clone(), new: new.clone(), schedule: begun }));
    until("the leaf is another's", || replica.leaf() != leaf).await;
    let over = Some(Schedule { signs_from: ago(9000), leaves_at: ago(1) });
    let leaf = replica.leaf();
    stub.put(PATH, holding(&Succession::Handover { old, new, schedule: over }));
    until("the old one leaves", || generations(&stub) == [2]).await;
    until("it is known", || !replica.metrics().contains(r#"{generation="1"}"#)).await;
    assert_eq!(replica.leaf(), leaf);
}

#[tokio::test]
async fn what_is_not_ours_is_never_overwritten() {
    let stub = Stub::new();
    let foreign = secret(&json!({"password": STANDARD.encode("of someone else")}));
    stub.put(PATH, foreign);
    let before = stub.object(PATH);
    let replica = Replica::start(&stub, None);
    until("it is counted", || replica.failures("read") > 0).await;
    assert_eq!((stub.object(PATH), stub.count("update"), replica.leaf()), (before, 0, None));

    let failure = CaSecret::new(stub.client(), "here", "ca").read().await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "can't use Secret here/ca: its data holds \"password\" but no authority.json, so it may be someone else's; \
         nothing is overwritten. To start afresh with a new CA, delete its data: kubectl patch secret ca -n here \
         --type=merge -p '{\"data\":null}'"
    );
    stub.put(PATH, secret(&Value::Null));
    until("it starts afresh when told to", || replica.leaf().is_some()).await;
    let (leaf, before) = (replica.leaf(), replica.failures("read"));
    stub.put(PATH, secret(&json!({"authority.json": STANDARD.encode("{")})));
    until("it is counted", || replica.failures("read") > before).await;
    assert_eq!(replica.leaf(), leaf, "the last good leaf is served on");
}

#[tokio::test]
async fn each_verb_that_is_refused_is_counted_and_the_rest_goes_on() {
    let stub = Stub::new();
    stub.put(PATH, secret(&Value::Null));
    for verb in ["get", "watch", "update"] {
        stub.refuse(verb, 403);
    }
    let replica = Replica::start(&stub, None);
    for verb in ["get", "update", "watch"] {
        until(verb, || replica.failures(verb) > 0).await;
        stub.allow(verb);
    }
    until("it serves", || replica.leaf().is_some()).await;
    stub.remove(PATH);
    let failure = CaSecret::new(stub.client(), "here", "ca").read().await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "can't get Secret here/ca: 404 not found; the shipped manifests bring it: apply them again, the server has no \
         right to create it"
    );
}
