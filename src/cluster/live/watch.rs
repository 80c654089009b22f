//! One watch: kube's watcher, restarted where it does not recover by itself.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use kube::runtime::utils::Backoff as _;
use kube::runtime::watcher::{Config, DefaultBackoff, Event, watcher};
use kube::{Api, Client};
use tokio::time::sleep;

use super::error::Error;
use super::last_heard::LastHeard;
use super::object::RawObject;
use super::served::served_version;
use super::watch_state::{Listing, WatchState};
use crate::cluster::kinds::WatchedResource;

/// How often an absent resource is looked for.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long the API server may pause within a list.
const PAUSE: Duration = Duration::from_secs(30);
/// A page is in memory as a whole: half of what kubectl asks for keeps even 250 large nodes within a few megabytes.
pub(super) const PAGE_OBJECTS: u32 = 250;
/// kube's backoff begins with nearly a second and grows to minutes, but a restarted API server should be found soon.
const BACKOFF_DIVISOR: u32 = 8;
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

pub(super) struct Watch {
    /// Its place in [`WatchState`].
    at: usize,
    resource: WatchedResource,
    client: Client,
    /// For what says nothing of the watch.
    discovery: Client,
    state: Arc<WatchState>,
    lasts: Duration,
    version: String,
    backoff: DefaultBackoff,
}

impl Watch {
    pub(super) fn new(
        at: usize,
        resource: WatchedResource,
        client: &Client,
        heard: &LastHeard,
        state: Arc<WatchState>,
        lasts: Duration,
    ) -> Self {
        let (client, discovery) = (heard.wrap(client.clone()), LastHeard::new().wrap(client.clone()));
        let (version, backoff) = (resource.version.to_owned(), DefaultBackoff::default());
        Self { at, resource, client, discovery, state, lasts, version, backoff }
    }

    pub(super) async fn run(mut self) -> Infallible {
        loop {
            let pause = self.list_and_watch().await;
            sleep(pause).await;
        }
    }

    /// Lists and watches until it has to be listed anew. Returns how long to wait before that.
    async fn list_and_watch(&mut self) -> Duration {
        let api: Api<RawObject> = Api::all_with(self.client.clone(), &self.resource.api_resource(&self.version));
        let mut events = pin!(watcher(api, self.config()));
        let mut listing: Option<Listing> = None;
        let state = Arc::clone(&self.state);
        loop {
            let event = tokio::select! {
                biased;
                () = state.until_stale(self.at) => return Duration::ZERO,
                event = events.next() => event,
                () = sleep(PAUSE), if listing.is_some() => {
                    state.failed(self.at, &Error::Silent { verb: "list", after: PAUSE });
                    return self.pause();
                }
            };
            match event {
                Some(Ok(Event::Init)) => listing = Some(state.list_begins(self.at)),
                Some(Ok(Event::InitApply(object))) => {
                    if let Some(listing) = &mut listing {
                        state.listed_one(self.at, &object, listing);
                    }
                }
                Some(Ok(Event::InitDone)) => {
                    state.listed(self.at, listing.take().unwrap_or_default());
                    self.backoff.reset();
                }
                Some(Ok(Event::Apply(object))) => state.applied(self.at, &object),
                Some(Ok(Event::Delete(object))) => state.deleted(self.at, &object),
                Some(Err(error)) => match self.failed(&Error::from(error)).await {
                    None => sleep(self.pause()).await,
                    Some(pause) => return pause,
                },
                None => return self.pause(),
            }
        }
    }

    /// How long to wait before it is listed anew, which kube's watcher would not do; `None` where what was heard still
    /// holds, and it goes on from there.
    async fn failed(&mut self, error: &Error) -> Option<Duration> {
        let resource = &self.resource;
        // The core is always there.
        if error.code() == Some(404) && !resource.group().is_empty() {
            match served_version(&self.discovery, resource).await {
                Ok(None) => {
                    self.state.absent(self.at);
                    return Some(LOOK_AGAIN);
                }
                Ok(Some(version)) if version != self.version => {
                    tracing::info!(%resource, version, "resource is served in another version");
                    self.version = version;
                    return Some(Duration::ZERO);
                }
                Ok(Some(_)) => self.state.failed(self.at, error),
                Err(error) => self.state.failed(self.at, &error),
            }
            return Some(self.pause());
        }
        if error.code() == Some(410) {
            // That is how the API server says that a watch has slept for too long.
            tracing::debug!(%resource, %error, "listing again");
            return Some(self.pause());
        }
        self.state.failed(self.at, error);
        // An event that can't be read is lost: only a list makes up for it.
        match error {
            Error::Garbled(_) | Error::Refused { code: 400 | 422, .. } => Some(self.pause()),
            _ => None,
        }
    }

    fn pause(&mut self) -> Duration {
        (self.backoff.next().unwrap_or(LOOK_AGAIN) / BACKOFF_DIVISOR).min(LONGEST_PAUSE)
    }

    /// Lists come in pages: kube ends a streaming list when a watch of this length would end.
    fn config(&self) -> Config {
        Config {
            field_selector: self.resource.field_selector(),
            timeout: u32::try_from(self.lasts.as_secs()).ok(),
            page_size: Some(PAGE_OBJECTS),
            ..Config::default()
        }
    }
}
