//! Flags: which clients get an answer, and whether refusals name migrations.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rustls::crypto::CryptoProvider;

use super::Follow;
use crate::server::Metrics;
use crate::server::tls::clients::{ClientCaFile, ClientVerifier};

/// The clients that get an answer.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Clients")]
pub(super) struct ClientArgs {
    /// CA certificates in PEM: only clients with a certificate of one of them get an answer; reloaded when it changes. By
    /// default every client gets an answer
    #[arg(long, value_name = "FILE", env = "MNW_TLS_CLIENT_CA")]
    tls_client_ca: Option<PathBuf>,

    /// Name that a client's certificate must have, as DNS name or common name; repeatable. By default any name is accepted
    #[arg(
        long,
        value_name = "NAME",
        env = "MNW_TLS_CLIENT_NAME",
        value_delimiter = ',',
        requires = "tls_client_ca",
        value_parser = name
    )]
    tls_client_name: Vec<String>,

    /// Do not name migrations in refusals and warnings; only say how many are running
    #[arg(long, env = "MNW_HIDE_MIGRATION_NAMES")]
    pub(super) hide_migration_names: bool,
}

impl ClientArgs {
    /// What checks the clients, and what keeps its CA new; nothing where everyone may ask. Fails if there is no CA in the
    /// file.
    pub(super) fn open(
        self,
        provider: Arc<CryptoProvider>,
        metrics: &Metrics,
        interval: Duration,
    ) -> anyhow::Result<(Option<Arc<ClientVerifier>>, Follow)> {
        let Some(file) = self.tls_client_ca else { return Ok((None, Box::pin(std::future::ready(())))) };
        let (verifier, files) = ClientCaFile::load(file, self.tls_client_name, provider, metrics.reload_failures())
            .context("--tls-client-ca (MNW_TLS_CLIENT_CA)")?;
        Ok((Some(verifier), Box::pin(Arc::new(files).follow(interval))))
    }
}

fn name(text: &str) -> Result<String, &'static str> {
    if text.is_empty() { Err("must be a name: an empty one would let nobody ask") } else { Ok(text.to_owned()) }
}
