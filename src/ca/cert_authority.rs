//! A CA: its certificate and key.

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

/// A certificate is valid from a little before it is made: the clocks of nodes differ.
const BACKDATED: Duration = Duration::from_mins(5);

/// A CA's certificate and key. Two are equal when their certificates are.
pub struct Ca {
    pub certificate: CertificateDer<'static>,
    pub validity: Validity,
    pub(super) key_pem: String,
    pub(super) issuer: Issuer<'static, KeyPair>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// When it is made. The certificate itself says a little earlier.
    pub from: Timestamp,
    /// Its last second.
    pub not_after: Timestamp,
}

/// Why a pair of certificate and key is no CA. Safe to print.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoCa {
    #[error("the certificate can't be read: {0}")]
    Certificate(String),
    #[error("the certificate is not a CA's: basicConstraints lack CA:TRUE")]
    Leaf,
    #[error("the key can't be read: it must be an unencrypted private key in PKCS #8")]
    Key,
    #[error("the key is not the certificate's")]
    Mismatch,
}

impl Ca {
    pub fn make(generation: u32, validity: Validity) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        validity.write(&mut params);
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, format!("migration-network-webhook CA {generation}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let validity = Validity { from: whole_second(validity.from), not_after: whole_second(validity.not_after) };
        Ok(Self {
            key_pem: key.serialize_pem(),
            certificate: certificate.into(),
            issuer: Issuer::new(params, key),
            validity,
        })
    }

    pub fn read(certificate_pem: &str, key_pem: &str) -> Result<Self, NoCa> {
        let unreadable = |why: &dyn fmt::Display| NoCa::Certificate(why.to_string());
        let certificate =
            CertificateDer::from_pem_slice(certificate_pem.as_bytes()).map_err(|error| unreadable(&error))?;
        let (validity, is_ca, public_key) = inspect(&certificate).map_err(NoCa::Certificate)?;
        if !is_ca {
            return Err(NoCa::Leaf);
        }
        let key = KeyPair::from_pem(key_pem).map_err(|_| NoCa::Key)?;
        if key.subject_public_key_info() != public_key {
            return Err(NoCa::Mismatch);
        }
        let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(|error| unreadable(&error))?;
        Ok(Self { key_pem: key_pem.to_owned(), certificate, issuer, validity })
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
        f.debug_struct("Ca").field("not_after", &self.validity.not_after).finish_non_exhaustive()
    }
}

impl Validity {
    pub fn starting(now: Timestamp, lifetime: Duration) -> Self {
        Self { from: now, not_after: later(now, lifetime) }
    }

    pub fn covers(self, now: Timestamp) -> bool {
        earlier(self.from, BACKDATED) <= now && now <= self.not_after
    }

    /// The time after this many thirds of it.
    pub(super) fn thirds(self, count: u32) -> Timestamp {
        let life = Duration::try_from(self.not_after.duration_since(self.from)).unwrap_or_default();
        later(self.from, life / 3 * count)
    }

    pub(super) fn write(self, params: &mut CertificateParams) {
        let epoch = date_time_ymd(1970, 1, 1);
        let since = |time: Timestamp| Duration::from_secs(u64::try_from(time.as_second()).unwrap_or(0));
        params.not_before = epoch + since(self.from).saturating_sub(BACKDATED);
        params.not_after = epoch + since(self.not_after);
    }
}

/// The validity of a CA's certificate; `None` for what is none.
pub(super) fn validity(certificate: &CertificateDer<'_>) -> Option<Validity> {
    inspect(certificate).ok().filter(|(_, is_ca, _)| *is_ca).map(|(validity, ..)| validity)
}

/// Its validity, whether it is a CA's, and its public key.
fn inspect(certificate: &CertificateDer<'_>) -> Result<(Validity, bool, Vec<u8>), String> {
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|error| error.to_string())?;
    let time = |second| Timestamp::from_second(second).map_err(|error| error.to_string());
    let from = later(time(parsed.validity().not_before.timestamp())?, BACKDATED);
    let not_after = time(parsed.validity().not_after.timestamp())?;
    Ok((Validity { from, not_after }, parsed.is_ca(), parsed.public_key().raw.to_vec()))
}

/// X.509 knows no smaller unit.
pub(super) fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// The point in time this much later, or the last one there is.
pub(super) fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// The point in time this much earlier, or the first one there is.
pub(super) fn earlier(time: Timestamp, by: Duration) -> Timestamp {
    time.saturating_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::pem;

    fn ca() -> Ca {
        let validity = Validity::starting(Timestamp::from_second(1_800_000_000).unwrap(), Duration::from_mins(1));
        Ca::make(7, validity).unwrap()
    }

    #[test]
    fn what_is_made_is_read_back() {
        let made = ca();
        let read = Ca::read(&pem(&made.certificate), &made.key_pem).unwrap();
        assert_eq!(read, made);
        assert_eq!(read.validity, made.validity);
        let Validity { from, not_after } = read.validity;
        assert_eq!([from, not_after].map(Timestamp::as_second), [1_800_000_000, 1_800_000_060]);
        assert_eq!(validity(&made.certificate), Some(made.validity));
        let (_, parsed) = X509Certificate::from_der(&read.certificate).unwrap();
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
            (&*pem(&one.certificate), &*other.key_pem, "the key is not the certificate's"),
            (&*pem(&one.certificate), "", "the key can't be read: it must be an unencrypted private key in PKCS #8"),
            ("", &one.key_pem, "the certificate can't be read: no items found"),
            (&leaf.pem(), &leaf_key.serialize_pem(), "the certificate is not a CA's: basicConstraints lack CA:TRUE"),
        ] {
            assert_eq!(Ca::read(certificate, key).unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", ca()), "Ca { not_after: 2027-01-15T08:01:00Z, .. }");
    }
}
