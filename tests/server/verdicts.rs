//! Every kept case over TLS, as the API server asks: `/mutate`, its patch applied, `/validate`.

use std::collections::BTreeSet;

use migration_network_webhook::server::Limits;
use rustls::ProtocolVersion;
use rustls::version::TLS12;
use serde_json::Value;

use crate::client::{Client, Tls};
use crate::reviews::{Case, documented, generated, patched};
use crate::served::Served;

async fn hold(cases: &[Case]) {
    let served = Served::start(Limits::default()).await;
    // One connection, as the API server keeps one.
    let mut client = served.client().await;
    let mut faults = Vec::new();
    for case in cases {
        served.view.publish(case.facts.clone());
        let mut review = case.review.clone();
        let mut response = ask(&mut client, "/mutate?timeout=5s", &review).await;
        let mut warnings = BTreeSet::new();
        let mut warn = |response: &Value| {
            let texts = response["warnings"].as_array().into_iter().flatten();
            warnings.extend(texts.map(|text| text.as_str().unwrap().to_owned()));
        };
        warn(&response);
        if response["allowed"] == true {
            review = patched(&review, &response);
            response = ask(&mut client, "/validate?timeout=5s", &review).await;
            assert_eq!(response.get("patch"), None);
            warn(&response);
        }
        faults.extend(case.faults(&review, &response, warnings.len()));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

async fn ask(client: &mut Client, target: &str, review: &Value) -> Value {
    client.post(target, review.to_string()).await.unwrap().review()
}

#[tokio::test]
async fn the_documented_cases_hold_over_tls() {
    let cases = documented();
    assert_eq!(cases.len(), 179);
    hold(&cases).await;
}

#[tokio::test]
async fn the_generated_cases_hold_over_tls() {
    let cases = generated();
    assert_eq!(cases.len(), 497);
    hold(&cases).await;
}

#[tokio::test]
async fn both_versions_of_tls_are_spoken_and_http_1_1_alone_in_them() {
    let served = Served::start(Limits::default()).await;
    let trusted = || Some(served.certificate());
    let tls = Tls { trusted: trusted(), ..Tls::default() };
    let mut newer = Client::try_connect(served.addresses.webhook, tls).await.unwrap();
    assert_eq!((newer.version, newer.protocol.as_deref()), (Some(ProtocolVersion::TLSv1_3), Some(&b"http/1.1"[..])));
    let tls = Tls { versions: vec![&TLS12], protocols: Vec::new(), trusted: trusted() };
    let mut older = Client::try_connect(served.addresses.webhook, tls).await.unwrap();
    assert_eq!((older.version, older.protocol.as_deref()), (Some(ProtocolVersion::TLSv1_2), None));
    for client in [&mut newer, &mut older] {
        assert_eq!(client.request("GET", "/").await.unwrap().status, 404);
    }
    let tls = Tls { protocols: vec![b"h2".to_vec()], trusted: trusted(), ..Tls::default() };
    assert!(Client::try_connect(served.addresses.webhook, tls).await.is_err());
    served.metric_reaches("migration_network_webhook_handshake_failures_total{reason=\"incompatible\"}", 1.0).await;
}
