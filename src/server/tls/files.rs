//! A certificate from two files, reloaded when they change.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use rustls::crypto::CryptoProvider;

use super::Resolver;
use super::pair::{self, Unusable};
use crate::escape::QuotedPath;
use crate::reload::{Polled, Reload};
use crate::x509;

/// The most that is read of a file; a long chain has a few KiB.
const MAX_BYTES: u64 = 1 << 20;

/// Why there is no new certificate. Safe to print.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Error {
    #[error("{} can't be read: {why}", QuotedPath(path))]
    Io { path: PathBuf, why: io::Error },
    #[error("{} is larger than 1 MiB, which no certificate or key is", QuotedPath(.0))]
    TooLarge(PathBuf),
    #[error("{} and {} can't be served: {why}", QuotedPath(certificate), QuotedPath(key))]
    Unusable { certificate: PathBuf, key: PathBuf, why: Unusable },
    #[error("{} is no client CA: {why}", QuotedPath(file))]
    UnusableCa { file: PathBuf, why: Unusable },
}

/// A chain and its key in two PEM files.
#[derive(Debug)]
pub struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    resolver: Arc<Resolver>,
    failures: Counter,
}

impl CertificateFiles {
    /// Serves what the files hold, and polls them for a new pair from then on. Each poll that fails is counted.
    pub fn load(
        certificate: PathBuf,
        key: PathBuf,
        provider: Arc<CryptoProvider>,
        resolver: Arc<Resolver>,
        failures: Counter,
    ) -> Result<Polled<Self>, Error> {
        let files = Self { certificate, key, provider, resolver, failures };
        let content = files.read()?;
        files.apply(&content)?;
        Ok(Polled::new(files, &content))
    }
}

impl Reload for CertificateFiles {
    type Content = [Vec<u8>; 2];
    type Error = Error;

    /// Both files as they were at one time: the first is read again after the second, in case they changed in between.
    fn read(&self) -> Result<[Vec<u8>; 2], Error> {
        let mut certificate = read(&self.certificate)?;
        for _ in 0..8 {
            let key = read(&self.key)?;
            let again = read(&self.certificate)?;
            if again == certificate {
                return Ok([certificate, key]);
            }
            certificate = again;
        }
        // Changing faster than it can be read: whatever is there is then checked as a pair.
        Ok([certificate, read(&self.key)?])
    }

    fn apply(&self, [certificate, key]: &[Vec<u8>; 2]) -> Result<(), Error> {
        let pair = pair::read(certificate, key, &self.provider).map_err(|why| Error::Unusable {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            why,
        })?;
        let end = pair.cert.first().and_then(|leaf| x509::not_after(leaf));
        let (not_after, chain) = (end.map(|end| end.to_string()), pair.cert.len());
        self.resolver.replace(Arc::new(pair));
        if end.is_some_and(|end| end < Timestamp::now()) {
            tracing::warn!(not_after, "certificate has expired; still serving it");
        }
        tracing::info!(not_after, chain, "serving a certificate");
        Ok(())
    }

    fn failed(&self, error: &str, first: bool) {
        // Each time, so that an alert can tell how long it lasts.
        self.failures.inc();
        if first {
            tracing::error!(%error, "can't reload the certificate; the last good one stays in use");
        }
    }
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|why| Error::Io { path: path.to_owned(), why })?;
    if bytes.len() as u64 > MAX_BYTES { Err(Error::TooLarge(path.to_owned())) } else { Ok(bytes) }
}
