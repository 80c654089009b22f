//! Certificates that are replaced while requests flow.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use migration_network_webhook::reload::Poll;
use migration_network_webhook::server::Limits;
use migration_network_webhook::server::tls::files::{CertificateFiles, Error};
use migration_network_webhook::server::tls::{self, Resolver, pair};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use regex_lite::Regex;
use rustls::pki_types::CertificateDer;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::client::{Client, PATIENCE, Tls};
use crate::reviews;
use crate::run::Running;
use crate::served::Served;

/// A certificate for localhost with its key.
struct Made {
    chain: String,
    key: String,
    leaf: Vec<u8>,
}

fn made() -> Made {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    Made { chain: certificate.pem(), key: key.serialize_pem(), leaf: certificate.der().to_vec() }
}

/// Puts a chain and a key where kubelet would: real files in a directory of their own, `..data` that points to it, and
/// names that point through `..data`, which is replaced in one step.
fn mount(volume: &Path, version: &str, chain: &str, key: &str) {
    let real = volume.join(format!("..{version}"));
    fs::create_dir(&real).unwrap();
    fs::write(real.join("tls.crt"), chain).unwrap();
    fs::write(real.join("tls.key"), key).unwrap();
    let old = fs::read_link(volume.join("..data"));
    symlink(format!("..{version}"), volume.join("..data_tmp")).unwrap();
    fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
    match old {
        Ok(old) => fs::remove_dir_all(volume.join(old)).unwrap(),
        Err(_) => {
            for name in ["tls.crt", "tls.key"] {
                symlink(format!("..data/{name}"), volume.join(name)).unwrap();
            }
        }
    }
}

async fn serves(server: &Running, leaf: &[u8]) {
    let deadline = Instant::now() + PATIENCE;
    while server.client().await.certificate != leaf {
        assert!(Instant::now() < deadline, "the new certificate is not served: {:#?}", server.log());
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn replaced_as_kubelet_does_it_no_request_fails() {
    let volume = TempDir::new().unwrap();
    let [one, two, three] = [made(), made(), made()];
    mount(volume.path(), "2026_1", &one.chain, &one.key);
    let [certificate, key] = ["tls.crt", "tls.key"].map(|name| volume.path().join(name).display().to_string());
    let mut server = Running::start_with(
        &["--tls-cert", &certificate, "--tls-key", &key, "--tls-reload-interval", "20ms"],
        &reviews::corpus::fixture("clusters/ready.yaml"),
    );

    // Requests flow all the time, on a connection that stays and on ones that come and go.
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let flows = [true, false].map(|stays| {
        let (stop, answered, address) = (Arc::clone(&stop), Arc::clone(&answered), server.webhook);
        tokio::spawn(async move {
            let review = reviews::corpus::text("reviews/cn-number.json");
            let mut client = Client::connect(address).await;
            while !stop.load(Ordering::Relaxed) {
                if !stays {
                    client = Client::connect(address).await;
                }
                assert_eq!(client.post("/validate", &review).await.unwrap().review()["status"]["code"], 422);
                answered.fetch_add(1, Ordering::Relaxed);
            }
        })
    });

    serves(&server, &one.leaf).await;
    mount(volume.path(), "2026_2", &two.chain, &two.key);
    serves(&server, &two.leaf).await;

    // A certificate with the key of another.
    mount(volume.path(), "2026_3", &three.chain, &one.key);
    let line = server.logs("can't reload the certificate");
    let why = format!(
        "\"{certificate}\" and \"{key}\" can't be served: the private key is not that of the first certificate"
    );
    assert!(line.contains("ERROR") && line.contains(&why), "{line}");
    // Seen again and again, it is counted each time and said once.
    let failures = Regex::new(r"(?m)^migration_network_webhook_certificate_reload_failures_total (\d+)$").unwrap();
    let deadline = Instant::now() + PATIENCE;
    while failures.captures(&server.page("/metrics").await.1).unwrap()[1].parse::<u32>().unwrap() < 3 {
        assert!(Instant::now() < deadline);
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.log().iter().filter(|line| line.contains("can't reload the certificate")).count(), 1);
    assert_eq!(server.client().await.certificate, two.leaf, "the last good one is served");
    assert_eq!(server.page("/readyz").await.0, 200);

    mount(volume.path(), "2026_4", &three.chain, &three.key);
    serves(&server, &three.leaf).await;
    let before = answered.load(Ordering::Relaxed);
    let deadline = Instant::now() + PATIENCE;
    while answered.load(Ordering::Relaxed) < before + 10 {
        assert!(Instant::now() < deadline, "requests do not flow");
        sleep(Duration::from_millis(1)).await;
    }
    stop.store(true, Ordering::Relaxed);
    for flow in flows {
        flow.await.unwrap();
    }
    assert_eq!(server.log().iter().filter(|line| line.contains("serving a certificate")).count(), 3);
}

#[tokio::test]
async fn a_chain_is_served_whole_and_its_ends_are_metrics() {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_after = rcgen::date_time_ymd(2040, 1, 1);
    let root = CertifiedIssuer::self_signed(params.clone(), KeyPair::generate().unwrap()).unwrap();
    params.not_after = rcgen::date_time_ymd(2035, 1, 1);
    let middle = CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &root).unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(2030, 1, 1);
    let key = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&key, &middle).unwrap();
    let chain = format!("{}{}", leaf.pem(), middle.pem());
    let pair = pair::read(chain.as_bytes(), key.serialize_pem().as_bytes(), &tls::provider()).unwrap();
    let resolver = Arc::new(Resolver::default());
    resolver.replace(Arc::new(pair));

    let served = Served::start_with(Limits::default(), resolver).await;
    let trusted: CertificateDer<'static> = root.der().clone();
    let tls = Tls { trusted: Some(trusted), ..Tls::default() };
    let mut client = Client::try_connect(served.addresses.webhook, tls).await.unwrap();
    assert_eq!(client.request("GET", "/").await.unwrap().status, 404);
    let end = |role: &str| {
        format!("migration_network_webhook_certificate_not_after_timestamp_seconds{{certificate=\"{role}\"}}")
    };
    assert!((served.metric(&end("leaf")).await - 1_893_456_000.0).abs() < f64::EPSILON);
    assert!((served.metric(&end("ca")).await - 2_051_222_400.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn without_a_certificate_it_is_not_ready_and_no_handshake_succeeds() {
    let served = Served::start_with(Limits::default(), Arc::default()).await;
    served.view.set_listed();
    let (status, page) = served.page("/readyz").await;
    assert_eq!(status, 503);
    assert!(page.starts_with("[-]certificate failed: none loaded\n[+]view ok\n"), "{page}");
    assert!(Client::try_connect(served.addresses.webhook, Tls::default()).await.is_err());
    served.metric_reaches("migration_network_webhook_handshake_failures_total{reason=\"no-certificate\"}", 1.0).await;
}

#[tokio::test]
async fn with_an_expired_certificate_it_is_not_ready() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let expired = params.self_signed(&key).unwrap();
    let pair = pair::read(expired.pem().as_bytes(), key.serialize_pem().as_bytes(), &tls::provider()).unwrap();
    let resolver = Arc::new(Resolver::default());
    resolver.replace(Arc::new(pair));
    let served = Served::start_with(Limits::default(), Arc::clone(&resolver)).await;
    served.view.set_listed();
    let (status, page) = served.page("/readyz").await;
    assert_eq!((status, page.lines().next()), (503, Some("[-]certificate failed: expired")));

    let renewed = made();
    let pair = pair::read(renewed.chain.as_bytes(), renewed.key.as_bytes(), &tls::provider()).unwrap();
    resolver.replace(Arc::new(pair));
    let (status, page) = served.page("/readyz").await;
    assert_eq!((status, page.lines().next()), (200, Some("[+]certificate ok")));
}

#[tokio::test]
async fn what_is_no_pair_is_told_why() {
    let directory = TempDir::new().unwrap();
    let [certificate, key] = ["tls.crt", "tls.key"].map(|name| directory.path().join(name));
    let served = Served::start_with(Limits::default(), Arc::default()).await;
    let load = || {
        let resolver = Arc::clone(&served.resolver);
        CertificateFiles::load(
            certificate.clone(),
            key.clone(),
            tls::provider(),
            resolver,
            served.metrics.reload_failures(),
        )
    };
    let [one, two] = [made(), made()];
    let name = certificate.display();
    assert_eq!(
        load().unwrap_err().to_string(),
        format!("\"{name}\" can't be read: No such file or directory (os error 2)")
    );
    let broken = one.chain.replace("-----END", "-----OTHER");
    let no_certificate = "there is no certificate; PEM has it between BEGIN CERTIFICATE and END CERTIFICATE";
    let no_key = "there is no private key; PEM has it between BEGIN PRIVATE KEY and END PRIVATE KEY, unencrypted";
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (chain, secret, expected) in [
        ("", &one.key, no_certificate),
        (&one.key, &one.key, no_certificate),
        (&broken, &one.key, "the certificate is not PEM: "),
        (garbage, &one.key, "certificate 1 in it can't be read"),
        (&format!("{}{garbage}", one.chain), &one.key, "certificate 2 in it can't be read"),
        (&one.chain, &String::new(), no_key),
        (&one.chain, &one.chain, no_key),
        (&one.chain, &two.key, "the private key is not that of the first certificate"),
    ] {
        fs::write(&certificate, chain).unwrap();
        fs::write(&key, secret).unwrap();
        let Err(Error::Unusable { why, .. }) = load() else { panic!("{expected}") };
        assert!(why.to_string().starts_with(expected), "{why} instead of {expected}");
        assert!(served.resolver.current().is_none());
    }
    fs::write(&key, &one.key).unwrap();
    let files = load().unwrap();
    assert_eq!(served.certificate().to_vec(), one.leaf);
    assert_eq!(files.poll(), Poll::Unchanged);

    // Two files written one after the other are no pair in between; looked at again, they are.
    fs::write(&certificate, &two.chain).unwrap();
    assert_eq!(files.poll(), Poll::Unsettled);
    fs::write(&key, &two.key).unwrap();
    assert_eq!([files.poll(), files.poll(), files.poll()], [Poll::Unsettled, Poll::Reloaded, Poll::Unchanged]);
    assert_eq!(served.certificate().to_vec(), two.leaf);

    // A file that is gone is a problem too, and each look counts.
    fs::remove_file(&key).unwrap();
    assert_eq!([files.poll(), files.poll()], [Poll::Failed, Poll::Failed]);
    assert_eq!(served.certificate().to_vec(), two.leaf);
    let failures = "migration_network_webhook_certificate_reload_failures_total";
    assert!((served.metric(failures).await - 2.0).abs() < f64::EPSILON);
}
