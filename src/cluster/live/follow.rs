//! Follows one source for good: lists, watches, and begins again whenever that breaks.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::api::{Api, From};
use super::backoff::Backoff;
use super::board::{Board, fold};
use super::error::Error;
use super::event::Event;
use super::lines::Lines;
use super::list;
use super::source::Source;
use super::standing::Next;
use crate::cluster::fold::{Fold, Undecodable};

/// How often an absent resource is looked for.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How much later than agreed the API server may end a watch.
const GRACE: Duration = Duration::from_secs(5);
/// What ends sooner than this has to wait before it is tried again, even if it ended well.
const SHORT: Duration = Duration::from_secs(1);

/// One source's follower.
pub(super) struct Follower {
    at: usize,
    api: Api,
    board: Arc<Board>,
    /// How long a watch lasts.
    watch_for: Duration,
    /// The version in which the resource is served.
    served: String,
    /// The version of the last thing heard; none if it has to be listed.
    heard: Option<String>,
    /// Whether the last streaming list came to nothing, so that pages are tried next.
    stalled: bool,
}

impl Follower {
    pub(super) fn new(at: usize, api: Api, board: Arc<Board>, watch_for: Duration) -> Self {
        let served = Source::ALL[at].version.to_owned();
        Self { at, api, board, watch_for, served, heard: None, stalled: false }
    }

    /// Follows until it is dropped.
    pub(super) async fn run(mut self) -> Infallible {
        let mut backoff = Backoff::new();
        loop {
            let begun = Instant::now();
            let result = self.round().await;
            let long = begun.elapsed() >= SHORT;
            if long {
                backoff.reset();
            }
            match result {
                Ok(()) if long => {}
                Ok(()) => sleep(backoff.next()).await,
                Err(error) => {
                    if error.is_expired() || error.is_not_found() || error.is_invalid() {
                        self.heard = None;
                    }
                    // That is how the API server says that a watch has slept for too long.
                    if error.is_expired() {
                        tracing::debug!(resource = %self.source(), %error, "listing again");
                        self.board.expired(self.at, &error);
                    } else {
                        self.board.failed(self.at, &error);
                    }
                    sleep(backoff.next()).await;
                }
            }
        }
    }

    /// Lists if need be, and watches until the watch ends.
    async fn round(&mut self) -> Result<(), Error> {
        let grace = GRACE.min(self.watch_for);
        if self.board.is_list_due(self.at, self.watch_for + grace) {
            self.heard = None;
        }
        let mut open = None;
        if self.heard.is_none() {
            let Some((version, watch)) = self.list().await? else {
                sleep(LOOK_AGAIN).await;
                return Ok(());
            };
            self.heard = Some(version);
            open = watch;
        }
        if let Some(lines) = open {
            // It was asked to last for as long as a list may take, and is now replaced like any other.
            let end = Instant::now() + self.watch_for;
            return self.watch(lines, end).await.map(|_| ());
        }
        let agreed = Instant::now() + self.watch_for;
        let from = From::Version(self.heard.as_deref().unwrap_or_default());
        let lines = self.api.watch(self.source(), &self.served, from, self.watch_for).await?;
        self.board.resumed(self.at);
        match self.watch(lines, agreed + grace).await? {
            // A watch that lasted as agreed and brought nothing says that nothing happened. It has to count: the API
            // server sends no bookmarks of a kind of which it saw no event since it started.
            Ended::ByServer if Instant::now() >= agreed => {
                if self.board.bookmark(self.at) == Next::ListAgain {
                    self.heard = None;
                }
                Ok(())
            }
            Ended::ByServer | Ended::Early => Ok(()),
            Ended::ByClock => Err(Error::Silent { verb: "watch", after: self.watch_for + grace }),
        }
    }

    /// Lists. What comes back is the version, and the watch if one is open; nothing if the resource is absent.
    async fn list(&mut self) -> Result<Option<(String, Option<Lines>)>, Error> {
        let source = self.source();
        let (mut listed, mut objects) = (Fold::default(), 0);
        let mut unread: Option<(Undecodable, u64)> = None;
        let mut each = |object| {
            objects += 1;
            // The fold keeps those that can't be read.
            if let Err(undecodable) = fold(&mut listed, source.kind, object) {
                unread.get_or_insert((undecodable, 0)).1 += 1;
            }
        };
        let streamed = !std::mem::take(&mut self.stalled);
        let result = list::list(&self.api, source, &mut self.served, streamed, &mut each).await;
        self.stalled = streamed && matches!(result, Err(Error::Silent { .. }));
        let Some(list) = result? else {
            self.board.absent(self.at);
            return Ok(None);
        };
        self.board.listed(self.at, listed, objects, list.how);
        // One line for all of them: a list may hold as many as there are objects.
        if let Some((first, count)) = unread {
            tracing::warn!(resource = %source, why = %first.why, more = count - 1, "an object can't be read");
        }
        Ok(Some((list.version, list.watch)))
    }

    /// Watches until the watch or the time is over, or a list is due.
    async fn watch(&mut self, mut lines: Lines, end: Instant) -> Result<Ended, Error> {
        loop {
            let Ok(line) = timeout_at(end, lines.next()).await else { return Ok(Ended::ByClock) };
            let Some(line) = line? else { return Ok(Ended::ByServer) };
            let (version, next) = match Event::read(self.source().kind, line)? {
                Event::Put(object) => (object.version.clone(), self.board.put(self.at, object)),
                Event::Gone(object) => {
                    let next = self.board.gone(self.at, &object);
                    (object.version, next)
                }
                Event::Bookmark { version, .. } => (version, self.board.bookmark(self.at)),
            };
            self.heard = Some(version).filter(|version| !version.is_empty() && next == Next::GoOn);
            if self.heard.is_none() {
                return Ok(Ended::Early);
            }
        }
    }

    fn source(&self) -> &'static Source {
        &Source::ALL[self.at]
    }
}

/// How a watch ended.
enum Ended {
    /// The API server ended it.
    ByServer,
    /// It lasted for too long.
    ByClock,
    /// What was heard last is nothing to go on from.
    Early,
}
