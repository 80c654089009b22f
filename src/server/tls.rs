//! TLS: the served certificate and its configuration.
//!
//! Whatever makes or finds certificates hands them to the one [`Resolver`]; the server asks nothing else.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};

pub mod clients;
pub mod files;
pub mod pair;
mod resolver;
pub mod self_signed;

use clients::ClientVerifier;
pub use resolver::Resolver;

/// The cryptography, by name: what a library would pick by itself depends on what else is linked.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// TLS 1.2 and 1.3 with the certificate of the resolver, for the clients of the verifier or for all, and HTTP/1.1 as the
/// only protocol inside.
pub fn config(
    provider: Arc<CryptoProvider>,
    resolver: Arc<Resolver>,
    clients: Option<Arc<ClientVerifier>>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let clients: Arc<dyn ClientCertVerifier> = match clients {
        Some(clients) => clients,
        None => WebPkiClientVerifier::no_client_auth(),
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_client_cert_verifier(clients)
        .with_cert_resolver(resolver);
    // The API server speaks HTTP/1.1 to webhook Services.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // It does not resume sessions either; and one that is resumed would not see a replaced certificate.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}
