//! The source of the server's certificate.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use prometheus_client::registry::Registry;
use rustls::crypto::CryptoProvider;

use super::Follow;
use super::own_ca::OwnCaArgs;
use crate::cli::cluster::KubeArgs;
use crate::cli::flags;
use crate::server::Metrics;
use crate::server::tls::Resolver;
use crate::server::tls::files::CertificateFiles;
use crate::server::tls::self_signed::SelfSigned;

/// The certificate that is served, from one of these sources.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Certificate")]
pub(super) struct CertificateArgs {
    /// Certificate chain in PEM; reloaded when it changes
    #[arg(long, value_name = "FILE", env = "MNW_TLS_CERT", requires = "tls_key", conflicts_with = "tls_self_signed")]
    tls_cert: Option<PathBuf>,

    /// Private key in PEM, unencrypted; reloaded when it changes
    #[arg(long, value_name = "FILE", env = "MNW_TLS_KEY", requires = "tls_cert", conflicts_with = "tls_self_signed")]
    tls_key: Option<PathBuf>,

    /// How often to poll these files and --tls-client-ca. An invalid file changes nothing; the failed reload is logged and
    /// counted
    #[arg(long, value_name = "TIME", default_value = "2s", env = "MNW_TLS_RELOAD_INTERVAL", value_parser = flags::time)]
    pub(super) tls_reload_interval: Duration,

    /// Create a self-signed certificate in memory, for localhost and loopback addresses; for trying things out
    #[arg(long, env = "MNW_TLS_SELF_SIGNED")]
    tls_self_signed: bool,

    /// Additional name or address for a certificate that is created here; repeatable
    #[arg(long, value_name = "NAME", env = "MNW_TLS_SAN", value_delimiter = ',', conflicts_with = "tls_cert")]
    tls_san: Vec<String>,

    #[command(flatten)]
    own_ca: OwnCaArgs,
}

impl CertificateArgs {
    /// Puts the first certificate in, or sees to it that one comes; fails if none can come.
    pub(super) async fn open(
        self,
        provider: Arc<CryptoProvider>,
        resolver: Arc<Resolver>,
        metrics: Metrics,
        kube: &KubeArgs,
        registry: &mut Registry,
    ) -> anyhow::Result<Follow> {
        match (self.tls_cert, self.tls_key) {
            (Some(certificate), Some(key)) => {
                let files = CertificateFiles::load(certificate, key, provider, resolver, metrics.reload_failures())
                    .context("--tls-cert (MNW_TLS_CERT), --tls-key (MNW_TLS_KEY)")?;
                let follow = Arc::new(files).follow(self.tls_reload_interval);
                Ok(match self.own_ca.keep(kube, registry).await? {
                    Some(keep) => Box::pin(async { _ = tokio::join!(follow, keep) }),
                    None => Box::pin(follow),
                })
            }
            _ if self.tls_self_signed => {
                let source = SelfSigned::load(&self.tls_san, provider, resolver)?;
                tracing::warn!("using a self-signed certificate, new at every start; clients can't verify it");
                Ok(Box::pin(source.follow()))
            }
            _ => match self.own_ca.open(&self.tls_san, kube, resolver, registry).await? {
                Some(follow) => Ok(follow),
                None => bail!(
                    "there is no certificate to serve: give --tls-cert FILE and --tls-key FILE, --tls-secret \
                     NAMESPACE/NAME and --tls-service NAME, or --tls-self-signed"
                ),
            },
        }
    }
}
