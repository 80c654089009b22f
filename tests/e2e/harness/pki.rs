//! Certificates of the tests: one authority that signs for the API server and for whoever plays a webhook.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, crypto};

/// The authority.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
    /// Its certificate, for a `caBundle` or a kubeconfig.
    pub pem: String,
    /// Its key, for whoever signs with it too.
    pub key: String,
}

/// A certificate and its key on disk.
#[derive(Clone, Debug)]
pub struct Files {
    /// The certificate, PEM.
    pub cert: PathBuf,
    /// The key, PEM.
    pub key: PathBuf,
}

/// The one authority of this run.
pub static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::new("the tests' CA"));

impl Authority {
    /// A new one.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a CA");
        let (pem, der, secret) = (certificate.pem(), certificate.der().clone(), key.serialize_pem());
        Self { issuer: Issuer::new(params, key), der, pem, key: secret }
    }

    /// A serving certificate for these names and addresses, with its key: certificate PEM, key PEM.
    pub fn leaf(&self, names: &[&str]) -> (String, String) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).expect("valid names");
        params.distinguished_name.push(DnType::CommonName, "a server of the tests");
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().expect("a key");
        (params.signed_by(&key, &self.issuer).expect("a leaf").pem(), key.serialize_pem())
    }

    /// The same, written to `tls.crt` and `tls.key` in `directory`.
    pub fn leaf_files(&self, names: &[&str], directory: &Path) -> Files {
        let files = Files { cert: directory.join("tls.crt"), key: directory.join("tls.key") };
        let (cert, key) = self.leaf(names);
        fs::write(&files.cert, cert).expect("a written file");
        fs::write(&files.key, key).expect("a written file");
        files
    }

    /// What a client that trusts this authority needs.
    pub fn client(&self) -> Arc<ClientConfig> {
        Arc::new(self.trusting().with_no_client_auth())
    }

    /// The same for a client that has a certificate of its own: certificate PEM, key PEM.
    pub fn client_with(&self, (certificate, key): &(String, String)) -> Arc<ClientConfig> {
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
        Arc::new(self.trusting().with_client_auth_cert(vec![certificate], key).expect("a pair"))
    }

    fn trusting(&self) -> ConfigBuilder<ClientConfig, WantsClientCert> {
        trusting([self.der.clone()])
    }
}

/// What a client that trusts the CAs of this bundle needs.
pub fn client_of(bundle: &str) -> Arc<ClientConfig> {
    let certificates = CertificateDer::pem_slice_iter(bundle.as_bytes()).map(|certificate| certificate.expect("PEM"));
    Arc::new(trusting(certificates).with_no_client_auth())
}

fn trusting(cas: impl IntoIterator<Item = CertificateDer<'static>>) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(cas);
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    client.expect("TLS 1.2 and 1.3").with_root_certificates(roots)
}
