//! The certificate that one replica serves.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::cert_authority::{Ca, Validity, earlier, later, whole_second};
use crate::escape::Quoted;

#[cfg(test)]
mod tests;

/// The names that a leaf is valid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(Vec<String>);

/// How much earlier than others a replica renews its leaf, so that not all do at once.
///
/// From 0 to 1, as a share of a tenth of the leaf's life.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread(f64);

/// A leaf with its key. Two leaves are never the same.
pub struct Leaf {
    pub certified: Arc<CertifiedKey>,
    pub issuer: Arc<Ca>,
    /// The last second in which it is valid.
    pub not_after: Timestamp,
    /// When it is to be renewed.
    pub renewed_at: Timestamp,
    /// When it must be, whether or not the API server answers.
    pub last_call: Timestamp,
}

#[derive(Debug, thiserror::Error)]
pub enum NoLeaf {
    #[error("a leaf can't be signed: {0}")]
    Sign(#[from] rcgen::Error),
    #[error("a leaf can't be served: {0}")]
    Serve(#[from] rustls::Error),
}

impl Names {
    /// The name that the API server asks for when it calls a Service, and others.
    /// The error is the name that no certificate can hold, safe to print.
    pub fn new(service: &str, namespace: &str, others: &[String]) -> Result<Self, String> {
        let mut names = vec![format!("{service}.{namespace}.svc")];
        names.extend(others.iter().cloned());
        for name in &names {
            CertificateParams::new([name.clone()])
                .map_err(|_| format!("{} is neither a DNS name nor an IP address", Quoted(name)))?;
        }
        Ok(Self(names))
    }
}

impl Spread {
    pub fn random() -> Self {
        // The standard library seeds each of these at random.
        let random = RandomState::new().hash_one(());
        Self(f64::from(u32::try_from(random >> 32).unwrap_or(0)) / f64::from(u32::MAX))
    }
}

impl Leaf {
    /// Signs a leaf with this CA, valid from now to this end.
    pub fn issue(ca: &Arc<Ca>, names: &Names, now: Timestamp, end: Timestamp, spread: Spread) -> Result<Self, NoLeaf> {
        let not_after = whole_second(end);
        let mut params = CertificateParams::new(names.0.clone())?;
        Validity { from: now, not_after }.write(&mut params);
        // Clients look at the names alone.
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &ca.issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let certified = CertifiedKey::from_der(vec![certificate.into()], key, &aws_lc_rs::default_provider())?;
        let life: Duration = not_after.duration_since(now).try_into().unwrap_or(Duration::ZERO);
        Ok(Self {
            certified: Arc::new(certified),
            issuer: Arc::clone(ca),
            not_after,
            renewed_at: later(now, (life * 2 / 3).saturating_sub(life.mul_f64(spread.0 / 10.0))),
            last_call: earlier(not_after, life / 10),
        })
    }

    /// Whether a leaf of this CA, up to this end, is to take its place: another CA signs, or two thirds of its life are
    /// over and it can be longer.
    pub fn is_due(&self, signer: &Ca, end: Timestamp, now: Timestamp) -> bool {
        *signer != *self.issuer || now >= self.renewed_at && whole_second(end) > self.not_after
    }
}
