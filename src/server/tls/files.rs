//! A certificate that something else renews: two files, looked at again and again.
//!
//! A mounted Secret is a directory of symlinks into another, which the kubelet replaces as a whole. So there is nothing
//! to be told by watching the files: their content is compared.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::crypto::CryptoProvider;

use super::pair::{self, Unusable};
use super::{Resolver, expiry};
use crate::manifest::Shown;
use crate::server::metrics::Metrics;

/// How soon a change is looked at again: two files that are being written one after the other are not yet a pair.
const SETTLING: Duration = Duration::from_millis(100);
/// The most that is read of a file; a long chain has a few KiB.
const MAX_BYTES: u64 = 1 << 20;

/// Why there is no new certificate. Safe to print.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file can't be read.
    #[error("{} can't be read: {why}", Shown(path))]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// A file is too large.
    #[error("{} is larger than 1 MiB, which no certificate or key is", Shown(.0))]
    TooLarge(PathBuf),
    /// The two are no pair.
    #[error("{} and {} can't be served: {why}", Shown(certificate), Shown(key))]
    Unusable {
        /// The file of the chain.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why.
        why: Unusable,
    },
}

/// What a look at the files found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// Nothing new.
    Unchanged,
    /// Something new, to be looked at once more before it is taken.
    Unsettled,
    /// A new pair is served.
    Changed,
    /// What is there can't be served; the last good pair is.
    Refused,
}

/// Two files that hold a chain and its key.
#[derive(Debug)]
pub struct Files {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    resolver: Arc<Resolver>,
    metrics: Metrics,
    progress: Mutex<Progress>,
}

/// Digests of what was read: the key itself is kept by no one but the resolver.
#[derive(Debug, Default)]
struct Progress {
    served: Option<u64>,
    /// Changed, and not yet seen twice the same.
    unsettled: Option<u64>,
    refused: Option<u64>,
    /// What was logged already.
    said: Option<String>,
}

impl Progress {
    /// Says each distinct problem once, not every other second.
    fn refuse(&mut self, error: &Error) -> Poll {
        let why = error.to_string();
        if self.said.as_ref() != Some(&why) {
            tracing::error!(%error, "the new certificate is not taken; the last good one stays");
            self.said = Some(why);
        }
        Poll::Refused
    }
}

#[derive(Hash)]
struct Content {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Content {
    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

impl Files {
    /// Reads the files for the first time and serves what they hold.
    ///
    /// # Errors
    ///
    /// If they hold no pair.
    pub fn load(
        certificate: PathBuf,
        key: PathBuf,
        provider: Arc<CryptoProvider>,
        resolver: Arc<Resolver>,
        metrics: Metrics,
    ) -> Result<Self, Error> {
        let files = Self { certificate, key, provider, resolver, metrics, progress: Mutex::default() };
        let content = files.read()?;
        files.serve(&content)?;
        files.progress().served = Some(content.digest());
        Ok(files)
    }

    /// Looks at the files until it is dropped, with this much time between two looks.
    pub async fn follow(self: Arc<Self>, every: Duration) {
        let mut pause = every;
        loop {
            tokio::time::sleep(pause).await;
            let files = Arc::clone(&self);
            let poll = tokio::task::spawn_blocking(move || files.poll()).await;
            pause = if matches!(poll, Ok(Poll::Unsettled)) { SETTLING.min(every) } else { every };
        }
    }

    /// Looks at the files once. It blocks while it reads them.
    pub fn poll(&self) -> Poll {
        let poll = self.look();
        if poll == Poll::Refused {
            // Each time, so that an alert can tell how long it lasts.
            self.metrics.reload_failed();
        }
        poll
    }

    fn look(&self) -> Poll {
        let mut progress = self.progress();
        let content = match self.read() {
            Ok(content) => content,
            Err(error) => return progress.refuse(&error),
        };
        let found = content.digest();
        if progress.served == Some(found) {
            *progress = Progress { served: Some(found), ..Progress::default() };
            return Poll::Unchanged;
        }
        if progress.refused == Some(found) {
            return Poll::Refused;
        }
        if progress.unsettled.replace(found) != Some(found) {
            return Poll::Unsettled;
        }
        match self.serve(&content) {
            Ok(()) => {
                *progress = Progress { served: Some(found), ..Progress::default() };
                Poll::Changed
            }
            Err(error) => {
                progress.refused = Some(found);
                progress.refuse(&error)
            }
        }
    }

    fn serve(&self, content: &Content) -> Result<(), Error> {
        let pair = pair::read(&content.certificate, &content.key, &self.provider).map_err(|why| Error::Unusable {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            why,
        })?;
        let not_after = pair.cert.first().and_then(|leaf| expiry::not_after(leaf));
        let chain = pair.cert.len();
        self.resolver.replace(Arc::new(pair));
        if not_after.is_some_and(expiry::is_over) {
            tracing::warn!(not_after, "the certificate has expired; it is served all the same");
        }
        tracing::info!(not_after, chain, "the certificate is served");
        Ok(())
    }

    /// Both files as they were at one time: the first is read again after the second, in case they changed in between.
    fn read(&self) -> Result<Content, Error> {
        let mut certificate = read(&self.certificate)?;
        for _ in 0..8 {
            let key = read(&self.key)?;
            let again = read(&self.certificate)?;
            if again == certificate {
                return Ok(Content { certificate, key });
            }
            certificate = again;
        }
        // Changing faster than it can be read: whatever is there is then judged as a pair.
        Ok(Content { certificate, key: read(&self.key)? })
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|why| Error::Io { path: path.to_owned(), why })?;
    if bytes.len() as u64 > MAX_BYTES { Err(Error::TooLarge(path.to_owned())) } else { Ok(bytes) }
}
