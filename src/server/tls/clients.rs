//! Who gets an answer: clients with a certificate of the operator's CA, and of a name that the operator gave.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use prometheus_client::metrics::counter::Counter;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, OtherError, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use super::files::{Error, read};
use super::pair::{self, Unusable};
use crate::escape::Quoted;
use crate::reload::{Polled, Reload};

/// The most names of a certificate that a log line quotes.
const MAX_NAMES: usize = 5;

/// Checks the certificate of each client that connects. Open connections are not checked again.
pub struct ClientVerifier {
    /// Trusts the CAs of the file.
    trusted: ArcSwap<Arc<dyn ClientCertVerifier>>,
    /// Accepted names; any, where there is none.
    names: Vec<String>,
}

/// A file of CA certificates in PEM, reloaded when it changes.
#[derive(Debug)]
pub struct ClientCaFile {
    file: PathBuf,
    provider: Arc<CryptoProvider>,
    verifier: Arc<ClientVerifier>,
    failures: Counter,
}

/// A client's certificate is of the CA, but of none of the accepted names. Safe to print.
#[derive(Debug, thiserror::Error)]
#[error("the client's certificate is for {}, but must be for {}", list(seen, "no name"), list(accepted, ""))]
pub(in crate::server) struct WrongName {
    seen: Vec<String>,
    accepted: Vec<String>,
}

fn list(names: &[String], none: &str) -> String {
    let shown: Vec<_> = names.iter().take(MAX_NAMES).map(|name| Quoted(name).to_string()).collect();
    let more = names.len().saturating_sub(MAX_NAMES);
    match (shown.is_empty(), more) {
        (true, _) => none.to_owned(),
        (_, 0) => shown.join(" or "),
        _ => format!("{} or {more} more", shown.join(", ")),
    }
}

impl ClientCaFile {
    /// Trusts the CAs in the file, and polls it for others from then on. A name is a DNS name or the common name of a
    /// client's certificate; without names every certificate of the CAs will do. Each poll that fails is counted.
    pub fn load(
        file: PathBuf,
        names: Vec<String>,
        provider: Arc<CryptoProvider>,
        failures: Counter,
    ) -> Result<(Arc<ClientVerifier>, Polled<Self>), Error> {
        let content = read(&file)?;
        let trusted = verifier(&file, &content, &provider)?;
        let verifier = Arc::new(ClientVerifier { trusted: ArcSwap::from_pointee(trusted), names });
        tracing::info!(names = ?verifier.names, "answering only clients with a certificate of the client CA");
        let files = Self { file, provider, verifier: Arc::clone(&verifier), failures };
        Ok((verifier, Polled::new(files, &content)))
    }
}

impl Reload for ClientCaFile {
    type Content = Vec<u8>;
    type Error = Error;

    fn read(&self) -> Result<Vec<u8>, Error> {
        read(&self.file)
    }

    fn apply(&self, content: &Vec<u8>) -> Result<(), Error> {
        let trusted = verifier(&self.file, content, &self.provider)?;
        self.verifier.trusted.store(Arc::new(trusted));
        tracing::info!("reloaded the client CA");
        Ok(())
    }

    fn failed(&self, error: &str, first: bool) {
        self.failures.inc();
        if first {
            tracing::error!(%error, "can't reload the client CA; the last good one stays in use");
        }
    }
}

fn verifier(file: &Path, pem: &[u8], provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    let unusable = |why| Error::UnusableCa { file: file.to_owned(), why };
    let mut roots = RootCertStore::empty();
    for (at, certificate) in pair::certificates(pem).map_err(unusable)?.into_iter().enumerate() {
        roots.add(certificate).map_err(|_| unusable(Unusable::CertificateDer(at + 1)))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    // It fails only without a root, and there is one.
    builder.build().map_err(|_| unusable(Unusable::NoCertificate))
}

impl ClientVerifier {
    fn check_name(&self, certificate: &CertificateDer<'_>) -> Result<(), rustls::Error> {
        if self.names.is_empty() {
            return Ok(());
        }
        let seen = names(certificate);
        let accepts = |name: &String| self.names.iter().any(|accepted| accepted.eq_ignore_ascii_case(name));
        if seen.iter().any(accepts) {
            return Ok(());
        }
        let wrong = WrongName { seen, accepted: self.names.clone() };
        Err(CertificateError::Other(OtherError(Arc::new(wrong))).into())
    }
}

/// The DNS names and the common name of a certificate.
fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, certificate)) = parse_x509_certificate(certificate) else { return Vec::new() };
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let alternative = alternative.iter().flat_map(|it| &it.value.general_names);
    let dns = alternative.filter_map(|name| if let GeneralName::DNSName(name) = name { Some(*name) } else { None });
    let common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
    dns.chain(common).map(str::to_owned).collect()
}

impl ClientCertVerifier for ClientVerifier {
    /// None: a client that has one certificate sends that, and a stranger is not told whom the server trusts.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verified = self.trusted.load().verify_client_cert(certificate, intermediates, now)?;
        self.check_name(certificate).map(|()| verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.trusted.load().verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.trusted.load().verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trusted.load().supported_verify_schemes()
    }
}

impl fmt::Debug for ClientVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientVerifier").field("names", &self.names).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_is_told_with_what_is_accepted() {
        let told = |seen: &[&str], accepted: &[&str]| {
            let [seen, accepted] = [seen, accepted].map(|names| names.iter().map(ToString::to_string).collect());
            WrongName { seen, accepted }.to_string()
        };
        assert_eq!(told(&[], &["api"]), r#"the client's certificate is for no name, but must be for "api""#);
        assert_eq!(
            told(&["a\u{202e}", "b"], &["api", "front"]),
            r#"the client's certificate is for "a\u202e" or "b", but must be for "api" or "front""#
        );
        let many = told(&["a", "b", "c", "d", "e", "f", "g"], &["api"]);
        assert!(many.contains(r#" is for "a", "b", "c", "d", "e" or 2 more, but "#), "{many}");
    }
}
