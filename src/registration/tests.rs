use std::sync::Arc;

use prometheus_client::encoding::text::encode;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use super::*;
use crate::fake_api_server::FakeApiServer;

const KINDS: [ConfigurationKind; 2] = [ConfigurationKind::Mutating, ConfigurationKind::Validating];

fn path(kind: ConfigurationKind) -> String {
    format!("/apis/admissionregistration.k8s.io/v1/{}/ours", kind.resource().plural)
}

fn service() -> Service {
    Service { name: "webhook".to_owned(), namespace: "here".to_owned() }
}

/// As shipped, without a bundle.
fn configuration(kind: ConfigurationKind) -> Value {
    let resource = kind.resource();
    json!({
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": "ours"},
        "webhooks": kind.webhooks(&service()).unwrap(),
    })
}

fn trusting(kind: ConfigurationKind, bundle: &Bundle) -> Value {
    let mut configuration = configuration(kind);
    for webhook in configuration["webhooks"].as_array_mut().unwrap() {
        webhook["clientConfig"]["caBundle"] = bundle.encode().into();
    }
    configuration
}

/// Of one CA, and of that and another one.
fn two_bundles() -> [Bundle; 2] {
    let cas = [(); 2].map(|()| CertificateParams::default().self_signed(&KeyPair::generate().unwrap()).unwrap());
    let [one, two] = cas.map(|ca| ca.der().clone());
    [Bundle::from_iter([one.clone()]), Bundle::from_iter([one, two])]
}

fn cluster() -> Arc<FakeApiServer> {
    let server = FakeApiServer::new();
    for kind in KINDS {
        server.put(&path(kind), configuration(kind));
    }
    server
}

/// A registration with its metrics.
struct Registered {
    registration: Registration,
    registry: Registry,
}

impl Registered {
    fn new(server: &Arc<FakeApiServer>) -> Self {
        let registration = Registration::new(&server.client(), "ours", &service()).unwrap();
        let mut registry = Registry::default();
        registration.register(&mut registry);
        Self { registration, registry }
    }

    /// What is read of both, and then written.
    async fn turn(&mut self, bundle: &Bundle) -> (bool, WriteOutcome) {
        (self.registration.read().await, self.registration.write(bundle).await)
    }

    fn assert_shows(&self, lines: &[&str]) {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        for line in lines {
            assert!(text.lines().any(|seen| seen == *line), "{line} is not in\n{text}");
        }
    }
}

#[tokio::test]
async fn every_entry_gets_the_bundle_and_nothing_else_is_touched() {
    let ([one, both], server) = (two_bundles(), cluster());
    let mut registered = Registered::new(&server);
    assert!(registered.registration.read().await);
    registered.assert_shows(&[r#"registration_ca_bundle_current{configuration="mutating"} 0"#]);
    assert_eq!(registered.registration.held(), [vec![&Bundle::default()], vec![&Bundle::default(); 2]]);
    assert_eq!(registered.registration.write(&one).await, WriteOutcome::Current);
    for kind in KINDS {
        let live = server.object(&path(kind)).unwrap();
        assert_eq!(live["webhooks"], trusting(kind, &one)["webhooks"]);
    }
    assert_eq!(registered.registration.held(), [vec![&one], vec![&one; 2]]);
    let applied = server.calls().into_iter().find(|(verb, _)| *verb == "patch").unwrap().1;
    assert_eq!(
        applied,
        format!("{}?&force=true&fieldManager=migration-network-webhook", path(ConfigurationKind::Mutating))
    );
    registered.assert_shows(&[
        r#"registration_present{configuration="mutating"} 1"#,
        r#"registration_ca_bundle_current{configuration="validating"} 1"#,
        r#"registration_drift_fields{configuration="validating"} 0"#,
        r#"registration_failures_total{verb="patch"} 0"#,
    ]);
    assert!(registered.registration.is_current(&one) && !registered.registration.is_current(&both));
    assert_eq!(registered.turn(&one).await, (true, WriteOutcome::Current));
    assert_eq!(server.count("patch"), 2, "what is right is not written again");
    assert_eq!(registered.turn(&both).await, (true, WriteOutcome::Current));
    assert_eq!(server.count("patch"), 4);
}

/// A replica that was slow must not take back what another one has written.
#[tokio::test]
async fn what_was_written_in_the_meantime_stays() {
    let ([one, both], server) = (two_bundles(), cluster());
    let mut registered = Registered::new(&server);
    assert!(registered.registration.read().await);
    server.put(&path(ConfigurationKind::Mutating), trusting(ConfigurationKind::Mutating, &both));
    assert_eq!(registered.registration.write(&one).await, WriteOutcome::Conflict);
    let live = server.object(&path(ConfigurationKind::Mutating)).unwrap();
    assert_eq!(live["webhooks"], trusting(ConfigurationKind::Mutating, &both)["webhooks"]);
    registered.assert_shows(&[r#"registration_failures_total{verb="patch"} 0"#]);
}

#[tokio::test]
async fn a_configuration_that_is_gone_stays_gone() {
    let ([one, _], server) = (two_bundles(), cluster());
    server.remove(&path(ConfigurationKind::Mutating));
    let mut registered = Registered::new(&server);
    assert!(registered.registration.read().await);
    // Gone between the look and the write.
    server.remove(&path(ConfigurationKind::Validating));
    assert_eq!(registered.registration.write(&one).await, WriteOutcome::Conflict);
    assert_eq!(registered.turn(&one).await, (true, WriteOutcome::Current));
    assert_eq!(registered.registration.held(), [const { Vec::<&Bundle>::new() }; 2]);
    for kind in KINDS {
        assert_eq!(server.object(&path(kind)), None);
        registered.assert_shows(&[
            &format!("registration_present{{configuration=\"{}\"}} 0", kind.label()),
            &format!("registration_ca_bundle_current{{configuration=\"{}\"}} 0", kind.label()),
        ]);
    }
    // Someone applies the manifests again.
    server.put(&path(ConfigurationKind::Validating), configuration(ConfigurationKind::Validating));
    assert_eq!(registered.turn(&one).await, (true, WriteOutcome::Current));
    assert_eq!(registered.registration.held(), [vec![], vec![&one; 2]]);
}

#[tokio::test]
async fn what_fails_is_counted() {
    let ([one, _], server) = (two_bundles(), cluster());
    let mut registered = Registered::new(&server);
    server.refuse("patch", 403, "refused");
    assert_eq!(registered.turn(&one).await, (true, WriteOutcome::Failed));
    server.refuse("get", 503, "refused");
    assert_eq!(registered.turn(&one).await, (false, WriteOutcome::Failed));
    assert!(!registered.registration.is_current(&one));
    registered.assert_shows(&[
        r#"registration_failures_total{verb="patch"} 2"#,
        r#"registration_failures_total{verb="get"} 2"#,
        r#"registration_ca_bundle_current{configuration="mutating"} 0"#,
    ]);
    server.allow("get");
    server.allow("patch");
    assert_eq!(registered.turn(&one).await, (true, WriteOutcome::Current));
}

#[tokio::test]
async fn drift_is_counted_and_left() {
    let ([one, _], server) = (two_bundles(), cluster());
    let mut drifted = configuration(ConfigurationKind::Mutating);
    drifted["webhooks"][0]["failurePolicy"] = "Ignore".into();
    drifted["webhooks"][0]["timeoutSeconds"] = 10.into();
    server.put(&path(ConfigurationKind::Mutating), drifted.clone());
    let mut strange = configuration(ConfigurationKind::Validating);
    for webhook in strange["webhooks"].as_array_mut().unwrap() {
        webhook["clientConfig"]["service"]["name"] = "another".into();
    }
    server.put(&path(ConfigurationKind::Validating), strange.clone());
    let mut registered = Registered::new(&server);
    assert_eq!(registered.turn(&one).await, (true, WriteOutcome::Current));
    registered.assert_shows(&[
        r#"registration_drift_fields{configuration="mutating"} 2"#,
        r#"registration_drift_fields{configuration="validating"} 2"#,
        r#"registration_ca_bundle_current{configuration="mutating"} 1"#,
        r#"registration_ca_bundle_current{configuration="validating"} 0"#,
    ]);
    let mut live = server.object(&path(ConfigurationKind::Mutating)).unwrap()["webhooks"].take();
    live[0]["clientConfig"].as_object_mut().unwrap().remove("caBundle");
    assert_eq!(live, drifted["webhooks"]);
    assert_eq!(server.object(&path(ConfigurationKind::Validating)).unwrap()["webhooks"], strange["webhooks"]);
}
