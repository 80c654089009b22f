//! All objects of a source, from one consistent moment.

use std::time::Duration;

use tokio::time::timeout;

use super::api::{Api, From};
use super::error::Error;
use super::event::{Event, Object, Page};
use super::lines::Lines;
use super::source::Source;

/// How long the API server may pause within a streaming list.
const PAUSE: Duration = Duration::from_secs(30);
/// How long a streaming list may take. The API server would end it after this time.
const STREAM: Duration = Duration::from_mins(15);
/// As many objects as are read before others get their turn.
const TURN: usize = 64;

/// A finished list.
pub(super) struct Listed {
    /// The version that it shows, after which a watch begins.
    pub(super) version: String,
    /// `stream` or `pages`.
    pub(super) how: &'static str,
    /// The watch that a streaming list turns into.
    pub(super) watch: Option<Lines>,
}

/// Lists in the version that is served, which is found out and noted in `served` if it is another one; `None` if there
/// is no such resource in any version.
///
/// Objects are handed over one by one as they arrive, and are worth nothing unless the list succeeds.
pub(super) async fn list(
    api: &Api,
    source: &Source,
    served: &mut String,
    streamed: bool,
    each: &mut (dyn FnMut(Object) + Send),
) -> Result<Option<Listed>, Error> {
    let refused = match in_version(api, source, served, streamed, each).await {
        Err(error) if error.is_not_found() => error,
        result => return result.map(Some),
    };
    match api.served_version(source).await? {
        None => Ok(None),
        Some(version) if version == *served => Err(refused),
        Some(version) => {
            tracing::info!(resource = %source, version, "served in another version");
            *served = version;
            in_version(api, source, served, streamed, each).await.map(Some)
        }
    }
}

async fn in_version(
    api: &Api,
    source: &Source,
    version: &str,
    streamed: bool,
    each: &mut (dyn FnMut(Object) + Send),
) -> Result<Listed, Error> {
    if streamed {
        match stream(api, source, version, each).await {
            // Off by default in Kubernetes 1.33, unknown before 1.27.
            Err(error) if error.is_invalid() => tracing::debug!(resource = %source, %error, "no streaming list"),
            result => return result,
        }
    }
    pages(api, source, version, each).await
}

/// One watch that begins with all objects.
async fn stream(
    api: &Api,
    source: &Source,
    version: &str,
    each: &mut (dyn FnMut(Object) + Send),
) -> Result<Listed, Error> {
    let mut lines = api.watch(source, version, From::AllObjects, STREAM).await?;
    loop {
        let line = timeout(PAUSE, lines.next()).await.unwrap_or(Err(Error::Silent { verb: "watch", after: PAUSE }))?;
        let line = line.ok_or_else(|| Error::Unreachable("it ended a streaming list half way".to_owned()))?;
        match Event::read(source.kind, line)? {
            Event::Put(object) => each(object),
            Event::Bookmark { version, all_listed: true } => {
                return Ok(Listed { version, how: "stream", watch: Some(lines) });
            }
            // Nothing goes while all that is there is told.
            Event::Gone(_) | Event::Bookmark { .. } => {}
        }
    }
}

/// Page by page, of which only one is in memory.
async fn pages(
    api: &Api,
    source: &Source,
    version: &str,
    each: &mut (dyn FnMut(Object) + Send),
) -> Result<Listed, Error> {
    let mut token = String::new();
    loop {
        let body = api.page(source, version, token).await?;
        let Page { metadata, items } = Page::read(&body)?;
        for (index, item) in items.unwrap_or_default().into_iter().enumerate() {
            if index % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            each(Object::read(source.kind, item));
        }
        token = metadata.r#continue;
        if token.is_empty() {
            if metadata.resource_version.is_empty() {
                return Err(Error::Garbled("a list without a resourceVersion".to_owned()));
            }
            return Ok(Listed { version: metadata.resource_version, how: "pages", watch: None });
        }
    }
}
