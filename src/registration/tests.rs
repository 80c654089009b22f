use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use prometheus_client::encoding::text::encode;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::*;
use crate::ca::stub::Stub;
use crate::ca::{Ca, Validity};

const SECRET: &str = "/api/v1/namespaces/here/secrets/ca";
const PATIENCE: Duration = Duration::from_secs(20);

fn path(kind: Kind) -> String {
    format!("/apis/admissionregistration.k8s.io/v1/{}/ours", kind.resource().plural)
}

fn service() -> Service {
    Service { name: "webhook".to_owned(), namespace: "here".to_owned() }
}

/// As shipped, without a bundle.
fn configuration(kind: Kind) -> Value {
    let resource = kind.resource();
    json!({
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": "ours"},
        "webhooks": kind.webhooks(&service()).unwrap(),
    })
}

fn trusting(kind: Kind, succession: &Succession) -> Value {
    let mut configuration = configuration(kind);
    for webhook in configuration["webhooks"].as_array_mut().unwrap() {
        webhook["clientConfig"]["caBundle"] = STANDARD.encode(Bundle::of(succession).pem()).into();
    }
    configuration
}

fn successions() -> [Succession; 2] {
    let now = Timestamp::now();
    let ca = |generation| Ca::make(generation, Validity::starting(now, Duration::from_hours(1))).unwrap();
    let sole = Succession::Vacant.joined(ca(1), now);
    [sole.clone(), sole.joined(ca(2), now)]
}

fn secret(succession: &Succession) -> Value {
    crate::ca::stub::secret("ca", "here", succession)
}

/// The bundle in each entry.
fn bundles(stub: &Stub, kind: Kind) -> Vec<String> {
    let webhooks = stub.object(&path(kind)).unwrap()["webhooks"].take();
    let bundle = |webhook: &Value| {
        let bundle = webhook["clientConfig"]["caBundle"].as_str().unwrap_or_default();
        String::from_utf8(STANDARD.decode(bundle).unwrap()).unwrap()
    };
    webhooks.as_array().unwrap().iter().map(bundle).collect()
}

fn pem(succession: &Succession) -> String {
    Bundle::of(succession).pem().to_owned()
}

fn only(succession: &Succession) -> Distribution {
    Distribution::Only(succession.reigns().map(|reign| reign.ca.certificate().clone()).collect())
}

/// A server's registration at work until it is dropped.
struct Running {
    known: watch::Sender<Succession>,
    distribution: watch::Receiver<Distribution>,
    registry: Registry,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Running {
    fn start(stub: &Arc<Stub>, known: &Succession) -> Self {
        let known = watch::Sender::new(known.clone());
        let secret = CaSecret::new(stub.client(), "here", "ca");
        let registration = Registration::new(&stub.client(), "ours", &service(), &secret, known.subscribe()).unwrap();
        let mut registry = Registry::default();
        registration.register(&mut registry);
        let distribution = registration.distribution();
        Self { known, distribution, registry, task: tokio::spawn(registration.follow()) }
    }

    fn shows(&self, line: &str) -> bool {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        text.lines().any(|seen| seen == line)
    }

    /// Something has changed: look again.
    fn nudge(&self) {
        self.known.send_modify(|_| {});
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

fn stub(succession: &Succession) -> Arc<Stub> {
    let stub = Stub::new();
    stub.put(SECRET, secret(succession));
    for kind in [Kind::Mutating, Kind::Validating] {
        stub.put(&path(kind), configuration(kind));
    }
    stub
}

#[tokio::test]
async fn every_entry_gets_the_bundle_and_nothing_else_is_touched() {
    let [sole, both] = successions();
    let stub = stub(&sole);
    let running = Running::start(&stub, &sole);
    until("both configurations are written", || *running.distribution.borrow() == only(&sole)).await;
    assert_eq!(bundles(&stub, Kind::Mutating), [pem(&sole)]);
    assert_eq!(bundles(&stub, Kind::Validating), [pem(&sole), pem(&sole)]);
    for kind in [Kind::Mutating, Kind::Validating] {
        let live = stub.object(&path(kind)).unwrap();
        assert_eq!(live["webhooks"], trusting(kind, &sole)["webhooks"]);
    }
    assert_eq!(stub.count("patch"), 2);
    let applied = stub.calls().into_iter().find(|(verb, _)| *verb == "patch").unwrap().1;
    assert_eq!(applied, format!("{}?&force=true&fieldManager=migration-network-webhook", path(Kind::Mutating)));
    for line in [
        r#"registration_present{configuration="mutating"} 1"#,
        r#"registration_ca_bundle_current{configuration="validating"} 1"#,
        r#"registration_drift_fields{configuration="validating"} 0"#,
        r#"registration_failures_total{verb="patch"} 0"#,
    ] {
        assert!(running.shows(line), "{line}");
    }

    stub.put(SECRET, secret(&both));
    running.known.send_replace(both.clone());
    until("the next CA arrives", || *running.distribution.borrow() == only(&both)).await;
    assert_eq!(bundles(&stub, Kind::Validating), [pem(&both), pem(&both)]);
    let looks = stub.count("get");
    running.nudge();
    until("it looks again", || stub.count("get") >= looks + 2).await;
    assert_eq!(stub.count("patch"), 4, "what is right is not written again");
}

/// A replica that has slept must not take back what others have done since.
#[tokio::test]
async fn a_ca_that_is_in_the_secret_never_leaves_a_bundle() {
    let [sole, both] = successions();
    let stub = stub(&both);
    for kind in [Kind::Mutating, Kind::Validating] {
        stub.put(&path(kind), trusting(kind, &both));
    }
    let running = Running::start(&stub, &sole);
    until("it has looked", || *running.distribution.borrow() == only(&both)).await;
    assert_eq!(stub.count("patch"), 0);

    // Between the look and the write someone is faster.
    stub.put(SECRET, secret(&sole));
    stub.put(&path(Kind::Mutating), configuration(Kind::Mutating));
    stub.put_before("patch", &path(Kind::Mutating), {
        stub.put(SECRET, secret(&both));
        let mut faster = trusting(Kind::Mutating, &both);
        faster["metadata"]["uid"] = "another".into();
        faster
    });
    let looks = stub.count("get");
    running.nudge();
    // At the configuration, at the Secret, and after the vain try at the configuration again.
    until("it has looked again", || stub.count("get") >= looks + 3).await;
    assert_eq!(stub.count("patch"), 1);
    assert_eq!(bundles(&stub, Kind::Mutating), [pem(&both)]);
    assert!(running.shows(r#"registration_failures_total{verb="patch"} 0"#), "to be slower is no failure");
}

#[tokio::test]
async fn a_configuration_that_is_gone_stays_gone() {
    let [sole, both] = successions();
    let stub = stub(&sole);
    stub.remove(&path(Kind::Mutating));
    // Gone between the look and the write.
    stub.remove_before("patch", &path(Kind::Validating));
    let running = Running::start(&stub, &sole);
    until("it has looked", || *running.distribution.borrow() == Distribution::Everywhere).await;
    for kind in [Kind::Mutating, Kind::Validating] {
        assert_eq!(stub.object(&path(kind)), None);
        assert!(running.shows(&format!("registration_present{{configuration=\"{}\"}} 0", kind.label())));
    }
    // Someone applies the manifests again.
    stub.put(SECRET, secret(&both));
    stub.put(&path(Kind::Validating), configuration(Kind::Validating));
    running.known.send_replace(both.clone());
    until("it is filled", || bundles(&stub, Kind::Validating) == [pem(&both), pem(&both)]).await;
    until("it is known", || *running.distribution.borrow() == only(&both)).await;
    assert_eq!(stub.object(&path(Kind::Mutating)), None);
}

#[tokio::test]
async fn what_fails_is_counted_and_holds_a_handover_up() {
    let [sole, _] = successions();
    let stub = stub(&sole);
    stub.refuse("patch", 403);
    let running = Running::start(&stub, &sole);
    until("it has tried", || stub.count("patch") >= 2).await;
    until("it is counted", || !running.shows(r#"registration_failures_total{verb="patch"} 0"#)).await;
    assert_eq!(*running.distribution.borrow(), Distribution::Only(Vec::new()));
    stub.allow("patch");
    running.nudge();
    until("it works again", || *running.distribution.borrow() == only(&sole)).await;
}

#[tokio::test]
async fn drift_is_counted_and_left() {
    let [sole, _] = successions();
    let stub = stub(&sole);
    let mut drifted = configuration(Kind::Mutating);
    drifted["webhooks"][0]["failurePolicy"] = "Ignore".into();
    drifted["webhooks"][0]["timeoutSeconds"] = 10.into();
    stub.put(&path(Kind::Mutating), drifted.clone());
    let mut strange = configuration(Kind::Validating);
    for webhook in strange["webhooks"].as_array_mut().unwrap() {
        webhook["clientConfig"]["service"]["name"] = "another".into();
    }
    stub.put(&path(Kind::Validating), strange.clone());
    let running = Running::start(&stub, &sole);
    until("it has looked", || *running.distribution.borrow() == only(&sole)).await;
    for line in [
        r#"registration_drift_fields{configuration="mutating"} 2"#,
        r#"registration_drift_fields{configuration="validating"} 2"#,
        r#"registration_ca_bundle_current{configuration="mutating"} 1"#,
        r#"registration_ca_bundle_current{configuration="validating"} 0"#,
    ] {
        assert!(running.shows(line), "{line}");
    }
    let mut live = stub.object(&path(Kind::Mutating)).unwrap()["webhooks"].take();
    live[0]["clientConfig"].as_object_mut().unwrap().remove("caBundle");
    assert_eq!(live, drifted["webhooks"]);
    assert_eq!(stub.object(&path(Kind::Validating)).unwrap()["webhooks"], strange["webhooks"]);
}

#[tokio::test]
async fn who_trusts_nobody_is_not_up_to_date() {
    let stub = stub(&successions()[0]);
    // As it is shipped: nothing in it yet.
    let empty = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ca", "namespace": "here"}});
    stub.put(SECRET, empty);
    let running = Running::start(&stub, &Succession::Vacant);
    until("it has looked", || running.shows(r#"registration_present{configuration="validating"} 1"#)).await;
    for kind in [Kind::Mutating, Kind::Validating] {
        assert!(running.shows(&format!("registration_ca_bundle_current{{configuration=\"{}\"}} 0", kind.label())));
    }
    assert_eq!(stub.count("patch"), 0);
}
