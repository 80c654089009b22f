//! A certificate authority.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData as _, date_time_ymd,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// How far back a certificate's life begins: the clocks of nodes differ.
const BACKDATED: Duration = Duration::from_mins(5);

/// A CA's certificate and key. Two are equal when their certificates are.
pub struct Ca {
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    key_pem: String,
    issuer: Issuer<'static, KeyPair>,
    not_after: Timestamp,
}

/// When a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// When it is made. It is written as valid from a little earlier.
    pub from: Timestamp,
    /// The last second of it.
    pub not_after: Timestamp,
}

/// Why a pair of certificate and key is no CA. Safe to print.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoCa {
    /// The certificate is not one.
    #[error("the certificate can't be read: {0}")]
    Certificate(String),
    /// It must not sign others.
    #[error("the certificate is not a CA's: basicConstraints lack CA:TRUE")]
    Leaf,
    /// The key is not one.
    #[error("the key can't be read: it must be an unencrypted private key in PKCS #8")]
    Key,
    /// They do not belong together.
    #[error("the key is not the certificate's")]
    Mismatch,
}

impl Ca {
    /// Makes a CA.
    ///
    /// # Errors
    ///
    /// If the cryptographic library fails.
    pub fn make(generation: u32, validity: Validity) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        validity.write(&mut params);
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, format!("migration-network-webhook CA {generation}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            certificate: certificate.into(),
            issuer: Issuer::new(params, key),
            not_after: whole_second(validity.not_after),
        })
    }

    /// Reads a CA from PEM.
    ///
    /// # Errors
    ///
    /// If the two are no CA.
    pub fn read(certificate_pem: &str, key_pem: &str) -> Result<Self, NoCa> {
        let unreadable = |why: &dyn fmt::Display| NoCa::Certificate(why.to_string());
        let certificate =
            CertificateDer::from_pem_slice(certificate_pem.as_bytes()).map_err(|error| unreadable(&error))?;
        let (_, parsed) = X509Certificate::from_der(&certificate).map_err(|error| unreadable(&error))?;
        if !parsed.is_ca() {
            return Err(NoCa::Leaf);
        }
        let not_after =
            Timestamp::from_second(parsed.validity().not_after.timestamp()).map_err(|error| unreadable(&error))?;
        let key = KeyPair::from_pem(key_pem).map_err(|_| NoCa::Key)?;
        if key.subject_public_key_info() != parsed.public_key().raw {
            return Err(NoCa::Mismatch);
        }
        let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(|error| unreadable(&error))?;
        Ok(Self {
            certificate_pem: certificate_pem.to_owned(),
            key_pem: key_pem.to_owned(),
            certificate,
            issuer,
            not_after,
        })
    }

    /// Its certificate.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Its certificate in PEM, as it is stored and handed to the API server.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The last second in which it is valid.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    pub(super) fn key_pem(&self) -> &str {
        &self.key_pem
    }

    pub(super) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }
}

impl PartialEq for Ca {
    fn eq(&self, other: &Self) -> bool {
        self.certificate == other.certificate
    }
}

impl Eq for Ca {}

/// Without the key.
impl fmt::Debug for Ca {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ca").field("not_after", &self.not_after).finish_non_exhaustive()
    }
}

impl Validity {
    /// From now on, for this long.
    #[must_use]
    pub fn starting(now: Timestamp, lifetime: Duration) -> Self {
        Self { from: now, not_after: later(now, lifetime) }
    }

    pub(super) fn write(self, params: &mut CertificateParams) {
        let epoch = date_time_ymd(1970, 1, 1);
        let since = |time: Timestamp| Duration::from_secs(u64::try_from(time.as_second()).unwrap_or(0));
        params.not_before = epoch + since(self.from).saturating_sub(BACKDATED);
        params.not_after = epoch + since(self.not_after);
    }
}

/// X.509 knows no smaller unit.
pub(super) fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// The point in time this much later, or the last one there is.
pub(super) fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ca() -> Ca {
        let validity = Validity::starting(Timestamp::from_second(1_800_000_000).unwrap(), Duration::from_mins(1));
        Ca::make(7, validity).unwrap()
    }

    #[test]
    fn what_is_made_is_read_back() {
        let made = ca();
        let read = Ca::read(made.certificate_pem(), made.key_pem()).unwrap();
        assert_eq!(read, made);
        assert_eq!(read.not_after(), made.not_after());
        assert_eq!(read.not_after().as_second(), 1_800_000_060);
        let (_, parsed) = X509Certificate::from_der(read.certificate()).unwrap();
        assert_eq!(parsed.subject().to_string(), "CN=migration-network-webhook CA 7");
        assert_eq!(parsed.validity().not_before.timestamp(), 1_800_000_000 - 300);
        let constraints = parsed.basic_constraints().unwrap().unwrap().value;
        assert_eq!((constraints.ca, constraints.path_len_constraint), (true, Some(0)));
    }

    #[test]
    fn what_is_no_ca_says_why() {
        let (one, other) = (ca(), ca());
        let leaf_key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::default().self_signed(&leaf_key).unwrap();
        for (certificate, key, why) in [
            (one.certificate_pem(), other.key_pem(), "the key is not the certificate's"),
            (one.certificate_pem(), "", "the key can't be read: it must be an unencrypted private key in PKCS #8"),
            ("", one.key_pem(), "the certificate can't be read: no items found"),
            (&*leaf.pem(), &leaf_key.serialize_pem(), "the certificate is not a CA's: basicConstraints lack CA:TRUE"),
        ] {
            assert_eq!(Ca::read(certificate, key).unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", ca()), "Ca { not_after: 2027-01-15T08:01:00Z, .. }");
    }
}
