//! Who gets an answer: clients with a certificate of the operator's CA.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::client::{Client, PATIENCE, Response, Tls};
use crate::reviews;
use crate::run::{Running, binary};

type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

/// A CA of clients.
struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A client's certificate with these DNS names and this common name.
    fn client(&self, names: &[&str], common: &str) -> Identity {
        self.leaf(names, common, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn leaf(&self, names: &[&str], common: &str, usage: ExtendedKeyUsagePurpose) -> Identity {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, common);
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate.der().clone(), PrivateKeyDer::Pkcs8(key.serialize_der().into()))
    }
}

/// What a review of this client gets: an answer, or the alert. In TLS 1.3 that comes after the client's handshake.
async fn ask(server: &Running, tls: Tls) -> Result<Response, String> {
    let review = reviews::corpus::text("reviews/cn-number.json");
    let asked = async { Client::try_connect(server.webhook, tls).await?.post("/validate", &review).await };
    asked.await.map_err(|error| error.to_string())
}

async fn asks(server: &Running, identity: Option<&Identity>) -> Result<Response, String> {
    let identity = identity.map(|(certificate, key)| (certificate.clone(), key.clone_key()));
    ask(server, Tls { identity, ..Tls::default() }).await
}

async fn count(server: &Running, reason: &str) -> u32 {
    let series = format!("migration_network_webhook_handshake_failures_total{{reason=\"{reason}\"}} ");
    let (_, page) = server.page("/metrics").await;
    page.lines().find_map(|line| line.strip_prefix(&series)).map_or(0, |value| value.parse().unwrap())
}

fn start(arguments: &[&str]) -> Running {
    Running::start(&[&["--tls-reload-interval", "20ms"], arguments].concat())
}

#[tokio::test]
async fn only_a_client_of_the_ca_gets_an_answer() {
    let (ca, other) = (Ca::new("ours"), Ca::new("theirs"));
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("ca.crt");
    fs::write(&file, ca.0.pem()).unwrap();
    let mut server = start(&["--tls-client-ca", file.to_str().unwrap()]);
    server.logs("answering only clients with a certificate of the client CA names=[]");

    let known = ca.client(&[], "anyone");
    assert_eq!(asks(&server, Some(&known)).await.unwrap().review()["status"]["code"], 422);
    assert_eq!(asks(&server, None).await.unwrap_err(), "received fatal alert: CertificateRequired");
    server.logs("error=\"the client sent no certificate\"");
    let stranger = other.client(&[], "anyone");
    assert_eq!(asks(&server, Some(&stranger)).await.unwrap_err(), "received fatal alert: UnknownCA");
    server.logs("error=\"the client's certificate is not accepted: UnknownIssuer\"");
    let of_a_server = ca.leaf(&[], "anyone", ExtendedKeyUsagePurpose::ServerAuth);
    assert_eq!(asks(&server, Some(&of_a_server)).await.unwrap_err(), "received fatal alert: UnsupportedCertificate");
    // A certificate without its key.
    let (key, certificate) = (other.client(&[], "x").1, known.0.clone());
    let stolen = asks(&server, Some(&(certificate, key))).await;
    assert_eq!(stolen.unwrap_err(), "received fatal alert: DecryptError");

    for versions in [vec![&TLS12], vec![&TLS13]] {
        let identity = Some((known.0.clone(), known.1.clone_key()));
        let nobody = ask(&server, Tls { versions: versions.clone(), ..Tls::default() }).await;
        assert_eq!(nobody.unwrap_err(), "received fatal alert: CertificateRequired");
        assert!(ask(&server, Tls { versions, identity, ..Tls::default() }).await.is_ok());
    }
    let seen = [count(&server, "client-certificate-missing").await, count(&server, "client-certificate-invalid").await];
    assert_eq!(seen, [3, 3]);

    // Kubelet and Prometheus have no certificate: the second port does not ask for one.
    assert_eq!(server.page("/readyz").await.0, 200);
}

#[tokio::test]
async fn a_name_may_be_asked_for_too() {
    let ca = Ca::new("ours");
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("ca.crt");
    fs::write(&file, ca.0.pem()).unwrap();
    let names = ["--tls-client-name", "kube-apiserver", "--tls-client-name", "api.example"];
    let mut server = start(&[&["--tls-client-ca", file.to_str().unwrap()], &names[..]].concat());
    for (names, common) in
        [(&[][..], "kube-apiserver"), (&["x.example", "api.example"], "x"), (&["API.example"], "Kube-Apiserver")]
    {
        assert!(asks(&server, Some(&ca.client(names, common))).await.is_ok(), "{names:?} {common}");
    }
    for (names, common) in [(&[][..], "kube-apiserver2"), (&["*.example"], "x"), (&["a.api.example"], "")] {
        let error = asks(&server, Some(&ca.client(names, common))).await.unwrap_err();
        assert_eq!(error, "received fatal alert: CertificateUnknown", "{names:?} {common}");
    }
    server.logs(
        r#"error="the client's certificate is for \"kube-apiserver2\", but must be for \"kube-apiserver\" or \"api.example\"""#,
    );
    assert_eq!(count(&server, "client-certificate-name").await, 3);
}

#[tokio::test]
async fn the_ca_is_reloaded_and_the_last_good_one_stays() {
    let (one, two) = (Ca::new("one"), Ca::new("two"));
    let [first, second] = [&one, &two].map(|ca| ca.client(&[], "a"));
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("ca.crt");
    fs::write(&file, one.0.pem()).unwrap();
    let mut server = start(&["--tls-client-ca", file.to_str().unwrap()]);
    assert!(asks(&server, Some(&second)).await.is_err());

    // Both, as while a CA is replaced.
    fs::write(&file, one.0.pem() + &two.0.pem()).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while asks(&server, Some(&second)).await.is_err() {
        assert!(Instant::now() < deadline, "{:#?}", server.log());
        sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(asks(&server, Some(&first)).await.is_ok());

    fs::write(&file, "").unwrap();
    let line = server.logs("can't reload the client CA; the last good one stays in use");
    let why = "is no client CA: there is no certificate; PEM has it between BEGIN CERTIFICATE and END CERTIFICATE";
    assert!(line.contains("ERROR") && line.contains(why), "{line}");
    assert!(asks(&server, Some(&second)).await.is_ok());
    assert!(asks(&server, None).await.is_err());
    let (_, page) = server.page("/metrics").await;
    assert!(!page.contains("\nmigration_network_webhook_certificate_reload_failures_total 0\n"), "it is counted");
}

#[test]
fn without_a_ca_it_does_not_start() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("ca.crt");
    let name = file.display().to_string();
    let error = |arguments: &[&str]| {
        let output = binary(&[&["serve", "--tls-self-signed", "--cluster", "x"], arguments].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let asked_alone = error(&["--tls-client-name", "a"]);
    assert!(asked_alone.contains("--tls-client-ca <FILE>"), "{asked_alone}");
    let nobody = error(&["--tls-client-ca", &name, "--tls-client-name", ""]);
    assert!(nobody.contains("must be a name: an empty one would let nobody ask"), "{nobody}");

    let cluster = reviews::corpus::fixture("clusters/ready.yaml");
    let started = |content: Option<&str>| {
        if let Some(content) = content {
            fs::write(&file, content).unwrap();
        }
        let ports = ["serve", "--tls-self-signed", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
        let more = ["--cluster", cluster.to_str().unwrap(), "--tls-client-ca", &name];
        let output = binary(&[&ports[..], &more].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let flag = "error: --tls-client-ca (MNW_TLS_CLIENT_CA): ";
    assert!(
        started(None).ends_with(&format!("{flag}\"{name}\" can't be read: No such file or directory (os error 2)\n"))
    );
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let told = started(Some(garbage));
    assert!(
        told.ends_with(&format!("{flag}\"{name}\" is no client CA: certificate 1 in it can't be read\n")),
        "{told}"
    );
}
