//! The CA certificates that the API server is to trust, as `caBundle` holds them.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::succession::Succession;

/// The certificates of all CAs in the Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    pem: String,
    certificates: Vec<CertificateDer<'static>>,
}

impl Bundle {
    /// Of these CAs, the oldest first.
    #[must_use]
    pub fn of(succession: &Succession) -> Self {
        let mut bundle = Self::default();
        for reign in succession.reigns() {
            bundle.pem.push_str(reign.ca.certificate_pem());
            if !bundle.pem.ends_with('\n') {
                bundle.pem.push('\n');
            }
            bundle.certificates.push(reign.ca.certificate().clone());
        }
        bundle
    }

    /// Its certificates in PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// Whether these are its certificates, in whatever order and wrapping: another release may write them otherwise, and
    /// the two must not take turns.
    #[must_use]
    pub fn is(&self, certificates: &[CertificateDer<'static>]) -> bool {
        let within = |some: &[CertificateDer<'_>], all: &[CertificateDer<'_>]| some.iter().all(|one| all.contains(one));
        within(&self.certificates, certificates) && within(certificates, &self.certificates)
    }

    /// The certificates of a `caBundle`. What is unreadable in it counts for nothing, as it does for the API server.
    #[must_use]
    pub fn parse(pem: &[u8]) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).map(CertificateDer::into_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::ca::{Ca, Validity};

    #[test]
    fn a_bundle_is_recognised_in_any_order_and_wrapping() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let ca = |generation| Ca::make(generation, Validity::starting(now, Duration::from_mins(1))).unwrap();
        let both = Succession::Vacant.joined(ca(1), now).joined(ca(2), now);
        let bundle = Bundle::of(&both);
        let [old, new] = [0, 1].map(|at| both.reigns().nth(at).unwrap().ca.certificate_pem().trim_end().to_owned());
        assert_eq!(bundle.pem(), format!("{old}\n{new}\n"));
        let is = |pem: String| bundle.is(&Bundle::parse(pem.as_bytes()));
        assert!(is(format!("{old}\n{new}")));
        assert!(is(format!("# a note\r\n{}\r\n{old}\n{new}", new.replace('\n', "\r\n"))));
        assert!(!is(old.clone()));
        assert!(!is(format!("{old}\n{new}\n{}", ca(3).certificate_pem())));
        assert!(!is("rubbish".to_owned()));
        assert!(Bundle::default().is_empty() && Bundle::default().is(&[]));
    }
}
