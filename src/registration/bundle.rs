//! The CA certificates in `caBundle`.

use data_encoding::BASE64;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

/// The CA certificates that the API server is to trust when it calls the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle(Vec<CertificateDer<'static>>);

impl Bundle {
    /// Reads a `caBundle` as it stands in a configuration. Certificates that can't be read are skipped.
    pub fn decode(ca_bundle: &str) -> Self {
        Self::read_pem(&BASE64.decode(ca_bundle.as_bytes()).unwrap_or_default())
    }

    /// Reads PEM. Certificates that can't be read are skipped.
    pub fn read_pem(pem: &[u8]) -> Self {
        let certificates = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok);
        certificates.map(CertificateDer::into_owned).collect()
    }

    pub fn encode(&self) -> String {
        BASE64.encode(self.0.iter().map(|certificate| pem(certificate)).collect::<String>().as_bytes())
    }

    pub fn iter(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        self.0.iter()
    }

    pub fn holds(&self, certificate: &CertificateDer<'_>) -> bool {
        self.0.contains(certificate)
    }

    /// Whether both hold the same certificates, in whatever order: another release may write them in another one, and the
    /// two must not take turns.
    pub fn is_same(&self, other: &Self) -> bool {
        self.iter().all(|certificate| other.holds(certificate)) && other.iter().all(|one| self.holds(one))
    }

    pub fn intersection(&self, other: &Self) -> Self {
        self.iter().filter(|certificate| other.holds(certificate)).cloned().collect()
    }
}

impl FromIterator<CertificateDer<'static>> for Bundle {
    fn from_iter<I: IntoIterator<Item = CertificateDer<'static>>>(certificates: I) -> Self {
        let mut bundle = Self::default();
        for certificate in certificates {
            if !bundle.holds(&certificate) {
                bundle.0.push(certificate);
            }
        }
        bundle
    }
}

pub fn pem(certificate: &CertificateDer<'_>) -> String {
    const WIDTH: usize = 64;
    let base64 = BASE64.encode(certificate);
    let lines: Vec<_> = base64.as_bytes().chunks(WIDTH).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    #[test]
    fn bundles_are_compared_in_any_order_and_wrapping() {
        let made = [(); 3].map(|()| {
            let key = KeyPair::generate().unwrap();
            CertificateParams::default().self_signed(&key).unwrap()
        });
        let [one, two, three] = made.each_ref().map(rcgen::Certificate::pem);
        let both = Bundle::from_iter([made[0].der().clone(), made[1].der().clone(), made[0].der().clone()]);
        assert_eq!(both.encode(), BASE64.encode(format!("{one}{two}").as_bytes()));
        let is_same = |pem: &str| both.is_same(&Bundle::decode(&BASE64.encode(pem.as_bytes())));
        assert!(is_same(&format!("{one}{two}")));
        assert!(is_same(&format!("# a note\r\n{}\r\n{one}", two.replace('\n', "\r\n"))));
        assert!(!is_same(&one));
        assert!(!is_same(&format!("{one}{two}{three}")));
        assert!(!is_same("rubbish"));
        assert_eq!(Bundle::decode("no base64"), Bundle::default());
        assert_eq!(both.intersection(&Bundle::read_pem(two.as_bytes())), Bundle::read_pem(two.as_bytes()));
    }
}
