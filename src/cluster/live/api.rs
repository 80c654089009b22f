//! Requests to the API server.
//!
//! kube's client sends them and knows how to authenticate. Lists and watches are read here rather than by
//! `kube::runtime::watcher`, which has no word for what a cache that decides admissions must know: bookmarks (is it
//! quiet, or dead?), one object among many that can't be read, and streaming lists that the server refuses.

use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use hyper::Request;
use hyper::body::Bytes;
use kube::Client;
use kube::api::{ListParams, WatchParams};
use kube::client::Body;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::error::Error;
use super::lines::Lines;
use super::source::Source;

/// How long the API server may take to begin an answer.
const ANSWER: Duration = Duration::from_secs(15);
/// How long it may take for a whole page.
const PAGE: Duration = Duration::from_secs(30);
/// A page is in memory as a whole: half of what kubectl asks for keeps even 250 large nodes within a few megabytes.
const PAGE_OBJECTS: u32 = 250;
/// The largest page.
const MAX_PAGE: usize = 64 << 20;
/// The largest answer to anything else.
const MAX_SMALL: usize = 4 << 20;

/// Where a watch begins.
pub(super) enum From<'a> {
    /// With every object, and then a bookmark that says so.
    AllObjects,
    /// After a version.
    Version(&'a str),
}

/// The API server, as far as it is asked for lists and watches.
#[derive(Clone)]
pub(super) struct Api {
    client: Client,
}

impl Api {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// A page of a list, the first one as of now.
    pub(super) async fn page(&self, source: &Source, version: &str, token: String) -> Result<Bytes, Error> {
        let params = ListParams {
            field_selector: source.field_selector(),
            limit: Some(PAGE_OBJECTS),
            continue_token: Some(token).filter(|token| !token.is_empty()),
            ..ListParams::default()
        };
        let request = source.request(version).list(&params).map_err(|error| Error::unreachable(&error))?;
        self.get("list", request, PAGE, MAX_PAGE).await
    }

    /// A watch that the API server ends after the given time.
    pub(super) async fn watch(
        &self,
        source: &Source,
        version: &str,
        from: From<'_>,
        ends_after: Duration,
    ) -> Result<Lines, Error> {
        let params = WatchParams {
            field_selector: source.field_selector(),
            timeout: Some(u32::try_from(ends_after.as_secs()).unwrap_or(u32::MAX)),
            send_initial_events: matches!(from, From::AllObjects),
            ..WatchParams::default()
        };
        // No version: as of now, and not what some API server still has in its cache.
        let after = if let From::Version(version) = from { version } else { "" };
        let request = source.request(version).watch(&params, after).map_err(|error| Error::unreachable(&error))?;
        Ok(Lines::new(self.send("watch", request).await?))
    }

    /// The version in which the API server has this resource now, if it has it at all.
    ///
    /// A CRD may be absent; and what is served in a newer version only must not be taken for absent.
    pub(super) async fn served_version(&self, source: &Source) -> Result<Option<String>, Error> {
        if source.group.is_empty() {
            return Ok(Some(source.version.to_owned()));
        }
        let Some(group) = self.discover::<Group>(&format!("/apis/{}", source.group)).await? else { return Ok(None) };
        let mut versions: Vec<String> = group.versions.into_iter().map(|served| served.version).collect();
        versions.sort_by_key(|version| version != source.version);
        for version in versions {
            let path = format!("/apis/{}/{version}", source.group);
            let resources = self.discover::<Resources>(&path).await?.unwrap_or_default().resources;
            if resources.iter().any(|resource| resource.name == source.plural) {
                return Ok(Some(version));
            }
        }
        Ok(None)
    }

    /// A discovery document; `None` where there is none.
    async fn discover<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Error> {
        let request = Request::get(path).body(Vec::new()).map_err(|error| Error::unreachable(&error))?;
        match self.get("discovery", request, ANSWER, MAX_SMALL).await {
            Ok(body) => serde_json::from_slice(&body)
                .map(Some)
                .map_err(|error| Error::Garbled(format!("discovery of {path}: {error}"))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn get(
        &self,
        verb: &'static str,
        request: Request<Vec<u8>>,
        within: Duration,
        max: usize,
    ) -> Result<Bytes, Error> {
        timeout(within, async { collect(self.send(verb, request).await?, max).await })
            .await
            .unwrap_or(Err(Error::Silent { verb, after: within }))
    }

    /// Sends a request; what comes back is the body of a success.
    async fn send(&self, verb: &'static str, request: Request<Vec<u8>>) -> Result<Body, Error> {
        let answer = timeout(ANSWER, self.client.send(request.map(Body::from))).await;
        let answer = answer.map_err(|_| Error::Silent { verb, after: ANSWER })?;
        let (head, body) = answer.map_err(|error| Error::unreachable(&error))?.into_parts();
        if head.status.is_success() {
            return Ok(body);
        }
        let said = timeout(ANSWER, collect(body, MAX_SMALL)).await.unwrap_or_else(|_| Ok(Bytes::new()))?;
        Err(Error::refused(verb, head.status.as_u16(), &said))
    }
}

async fn collect(body: Body, max: usize) -> Result<Bytes, Error> {
    match Limited::new(body, max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(Error::unreachable(&*error)),
    }
}

#[derive(Deserialize)]
struct Group {
    versions: Vec<Served>,
}

#[derive(Deserialize)]
struct Served {
    version: String,
}

#[derive(Default, Deserialize)]
struct Resources {
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
}
