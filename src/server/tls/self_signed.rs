//! A self-signed certificate in memory, for development.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::PrivateKeyDer;

use super::Resolver;

/// How long a certificate is good, and after how much of that there is a new one.
const LIFETIME: Duration = Duration::from_hours(90 * 24);
const RENEWAL: Duration = Duration::from_hours(60 * 24);
/// The client's clock may be behind.
const SKEW: Duration = Duration::from_hours(1);

/// The names and addresses that every such certificate has.
pub const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Error {
    #[error("a self-signed certificate can't be made: {0}")]
    Make(rcgen::Error),
    #[error("the self-signed certificate can't be served: {0}")]
    Serve(rustls::Error),
}

/// Makes certificates for [`NAMES`] and these.
#[derive(Debug)]
pub struct SelfSigned {
    names: Vec<String>,
    provider: Arc<CryptoProvider>,
    resolver: Arc<Resolver>,
}

impl SelfSigned {
    /// Makes the first and serves it.
    pub fn load(names: &[String], provider: Arc<CryptoProvider>, resolver: Arc<Resolver>) -> Result<Self, Error> {
        let names = NAMES.map(str::to_owned).into_iter().chain(names.iter().cloned()).collect();
        let source = Self { names, provider, resolver };
        source.resolver.replace(Arc::new(source.make()?));
        Ok(source)
    }

    /// Makes a new one in time, for good.
    pub async fn follow(self) {
        loop {
            tokio::time::sleep(RENEWAL).await;
            match self.make() {
                Ok(made) => self.resolver.replace(Arc::new(made)),
                Err(error) => tracing::error!(%error, "can't renew the self-signed certificate"),
            }
        }
    }

    fn make(&self) -> Result<CertifiedKey, Error> {
        let mut params = CertificateParams::new(self.names.clone()).map_err(Error::Make)?;
        let now = SystemTime::now();
        params.not_before = (now - SKEW).into();
        params.not_after = (now + LIFETIME).into();
        params.distinguished_name.push(DnType::CommonName, "migration-network-webhook, self-signed");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().map_err(Error::Make)?;
        let certificate = params.self_signed(&key).map_err(Error::Make)?;
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        CertifiedKey::from_der(vec![certificate.into()], key, &self.provider).map_err(Error::Serve)
    }
}
