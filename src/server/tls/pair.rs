//! A certificate chain and its key, in PEM.

use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::parse_x509_certificate;

use crate::escape::Quoted;

/// Why a pair is not served. Safe to print: keys are not quoted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Unusable {
    #[error("the certificate is not PEM: {0}")]
    CertificatePem(String),
    #[error("there is no certificate; PEM has it between BEGIN CERTIFICATE and END CERTIFICATE")]
    NoCertificate,
    #[error("certificate {0} in it can't be read")]
    CertificateDer(usize),
    #[error("there is no private key; PEM has it between BEGIN PRIVATE KEY and END PRIVATE KEY, unencrypted")]
    NoKey,
    #[error("the private key can't be used: {0}; accepted are RSA, ECDSA (P-256, P-384, P-521) and Ed25519")]
    Key(String),
    #[error("the private key is not that of the first certificate")]
    Mismatch,
}

/// Reads a pair. The chain starts with the server's own certificate.
pub fn read(chain: &[u8], key: &[u8], provider: &CryptoProvider) -> Result<CertifiedKey, Unusable> {
    let chain = certificates(chain)?;
    // What the library says of a bad key could quote it.
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| Unusable::NoKey)?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => Unusable::Mismatch,
        error => Unusable::Key(error.to_string()),
    })
}

/// Reads the certificates of a file, at least one.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Unusable> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .map(|item| item.map(CertificateDer::into_owned))
        .collect::<Result<_, _>>()
        .map_err(|error| Unusable::CertificatePem(Quoted(&error.to_string()).to_string()))?;
    if found.is_empty() {
        return Err(Unusable::NoCertificate);
    }
    match found.iter().position(|it| parse_x509_certificate(it).is_err()) {
        Some(at) => Err(Unusable::CertificateDer(at + 1)),
        None => Ok(found),
    }
}
