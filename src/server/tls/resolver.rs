//! Holds the serving certificate.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// Hands the newest certificate to each handshake. Replacing it leaves open connections as they are.
#[derive(Default)]
pub struct Resolver(ArcSwapOption<CertifiedKey>);

impl Resolver {
    /// Serves this certificate from the next handshake on.
    pub fn replace(&self, certificate: Arc<CertifiedKey>) {
        self.0.store(Some(certificate));
    }

    /// The certificate that is served; `None` until the first is there, and handshakes fail.
    pub fn current(&self) -> Option<Arc<CertifiedKey>> {
        self.0.load_full()
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("loaded", &self.0.load().is_some()).finish()
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current()
    }
}
