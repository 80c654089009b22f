//! Certificates that are replaced, while users go on.

use std::io;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use data_encoding::BASE64;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConnection, StreamOwned};
use serde_json::{Value, json};

use super::changes::{CALM, Changes};
use super::lab::{Lab, ROLLOUT, chart, lease};
use super::report;
use crate::harness::install::{NAME, SERVICE_NAMES};
use crate::harness::pki::AUTHORITY;
use crate::harness::wait::eventually;

/// The generation of the CA that signs.
fn generation(lab: &Lab) -> u64 {
    let secret = lab.plane.api.get(&format!("/api/v1/namespaces/{NAME}/secrets/{NAME}-ca")).unwrap();
    let document = BASE64.decode(secret["data"]["authority.json"].as_str().unwrap().as_bytes()).unwrap();
    let document: Value = serde_json::from_slice(&document).unwrap();
    document["current"]["generation"].as_u64().unwrap()
}

/// The certificate that the replica at this address serves.
fn served(address: &str) -> io::Result<CertificateDer<'static>> {
    let name = ServerName::try_from(SERVICE_NAMES[0]).expect("a name");
    let tls = ClientConnection::new(AUTHORITY.client(), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(tls, TcpStream::connect((address, 8443))?);
    stream.conn.complete_io(&mut stream.sock)?;
    let chain = stream.conn.peer_certificates().ok_or_else(|| io::Error::other("no certificate"))?;
    Ok(chain[0].clone().into_owned())
}

#[test]
fn a_promotion_of_the_next_ca_is_not_noticed() {
    let lab = lease();
    lab.install(4, &chart(), &[r#"extraArgs=["--tls-ca-lifetime=60s","--tls-leaf-lifetime=15s"]"#]);
    let before = generation(&lab);
    let changes = Changes::start(&lab.plane.api);
    eventually("the next CA is promoted", ROLLOUT, || match generation(&lab) {
        now if now > before => Ok(()),
        now => Err(now),
    });
    // Until each replica serves a certificate of the new one, and longer.
    thread::sleep(Duration::from_secs(20));
    let tally = changes.end();
    report::add("the next CA is promoted, certificates of 15 s", &tally);
    assert!(tally.faults.is_empty(), "{tally:?}");
    lab.restarts(0);
}

/// Writes a new certificate into the Secret, and returns it.
fn renew(lab: &Lab) -> CertificateDer<'static> {
    let (certificate, key) = AUTHORITY.leaf(&SERVICE_NAMES);
    let data = json!({
        "tls.crt": BASE64.encode(certificate.as_bytes()),
        "tls.key": BASE64.encode(key.as_bytes()),
        "ca.crt": BASE64.encode(AUTHORITY.pem.as_bytes()),
    });
    let metadata = json!({"name": "mine", "namespace": NAME});
    lab.plane.api.apply(&json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls", "data": data
    }));
    CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()
}

const MOUNTED: &str = r#"tls={"source":"secret","secretName":"mine"}"#;

/// The server has put the Secret's CA into the registration; a new certificate of that CA is served by all a moment later.
#[test]
fn a_renewed_mounted_certificate_is_not_noticed() {
    let lab = lease();
    renew(&lab);
    lab.install(4, &chart(), &[MOUNTED]);
    lab.guarded();

    let changes = Changes::start(&lab.plane.api);
    let renewed = renew(&lab);
    let pods: Vec<String> = lab.pods().iter().map(|pod| pod["status"]["podIP"].as_str().unwrap().to_owned()).collect();
    assert_eq!(pods.len(), 3);
    eventually("all serve it", ROLLOUT, || {
        let served: Vec<_> = pods.iter().map(|address| served(address).map_err(|error| error.to_string())).collect();
        if served.iter().all(|one| one.as_ref() == Ok(&renewed)) { Ok(()) } else { Err(served.len()) }
    });
    thread::sleep(CALM);
    let tally = changes.end();
    report::add("the mounted certificate is renewed", &tally);
    assert!(tally.faults.is_empty(), "{tally:?}");
    lab.restarts(0);
}

/// Nobody but the user keeps `caBundle` then; the notes say how.
#[test]
fn without_registration_the_command_of_the_notes_fills_the_bundle() {
    let lab = lease();
    renew(&lab);
    let notes = lab.install(4, &chart(), &[MOUNTED, "registration=false"]);
    let (_, fill) = notes.split_once("whenever that CA changes:\n\n").unwrap();
    let (fill, _) = fill.split_once("\n\n").unwrap();
    lab.plane.shell(fill).ok();
    lab.guarded();
}
