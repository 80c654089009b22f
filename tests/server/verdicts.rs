//! A few cases of the corpus over TLS, as the API server asks: `/mutate`, its patch applied, `/validate`.

use migration_network_webhook::server::Limits;
use rustls::ProtocolVersion;
use rustls::version::TLS12;
use serde_json::Value;

use crate::client::{Client, Tls};
use crate::reviews::corpus::sample;
use crate::reviews::{outcome, patched, warnings};
use crate::served::Served;

async fn ask(client: &mut Client, target: &str, review: &Value) -> Value {
    client.post(target, review.to_string()).await.unwrap().review()
}

/// One of each kind: rewritten, restored, refused by the value and by the cluster, deleted.
#[tokio::test]
async fn cases_hold_over_tls() {
    let served = Served::start(Limits::default()).await;
    // One connection, as the API server keeps one.
    let mut client = served.client().await;
    let mut faults = Vec::new();
    for case in sample(&[
        "canon-docs-value",
        "equal-exclude-order",
        "default-ok-value-bad",
        "mig-change-vmim-running",
        "delete-enabled",
    ]) {
        served.view.publish(case.facts.clone());
        let mut review = case.review.clone();
        let mut response = ask(&mut client, "/mutate?timeout=5s", &review).await;
        let mut seen = warnings(&response);
        if response["allowed"] == true {
            review = patched(&review, &response);
            response = ask(&mut client, "/validate?timeout=5s", &review).await;
            assert_eq!(response.get("patch"), None);
            seen.extend(warnings(&response));
        }
        faults.extend(case.faults(&outcome(&review, &response, &seen)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn both_versions_of_tls_are_spoken_and_http_1_1_alone_in_them() {
    let served = Served::start(Limits::default()).await;
    let trusted = || Some(served.certificate());
    let tls = Tls { trusted: trusted(), ..Tls::default() };
    let mut newer = Client::try_connect(served.addresses.webhook, tls).await.unwrap();
    assert_eq!((newer.version, newer.protocol.as_deref()), (Some(ProtocolVersion::TLSv1_3), Some(&b"http/1.1"[..])));
    let tls = Tls { versions: vec![&TLS12], protocols: Vec::new(), trusted: trusted(), ..Tls::default() };
    let mut older = Client::try_connect(served.addresses.webhook, tls).await.unwrap();
    assert_eq!((older.version, older.protocol.as_deref()), (Some(ProtocolVersion::TLSv1_2), None));
    for client in [&mut newer, &mut older] {
        assert_eq!(client.request("GET", "/").await.unwrap().status, 404);
    }
    let tls = Tls { protocols: vec![b"h2".to_vec()], trusted: trusted(), ..Tls::default() };
    assert!(Client::try_connect(served.addresses.webhook, tls).await.is_err());
    served.metric_reaches("migration_network_webhook_handshake_failures_total{reason=\"incompatible\"}", 1.0).await;
}
