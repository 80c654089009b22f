//! Health of one watch.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::last_heard::LastHeard;

/// How often the age of a stale watch is told anew: each telling makes a view.
const TELL_AGAIN: Duration = Duration::from_secs(5);
/// How often the same error is logged.
const LOG_AGAIN: Duration = Duration::from_mins(1);
/// How long nothing may fail before a watch counts as recovered.
const RECOVERED: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct WatchStatus {
    phase: WatchPhase,
    heard: LastHeard,
    /// Since when something may have been missed, until it is listed again.
    doubtful: Option<Instant>,
    /// What failed last, safe to print.
    error: Option<(Arc<str>, Instant)>,
    /// What was last logged as failed; nothing once it recovered.
    logged: Option<(Arc<str>, Instant)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WatchPhase {
    NotListed,
    Absent,
    Listed,
    /// Silent for too long: what came before is worth nothing until it is listed again.
    Stale,
}

impl WatchStatus {
    pub(super) const NOT_LISTED: &str = "not listed yet";

    pub(super) fn new(heard: LastHeard) -> Self {
        Self { phase: WatchPhase::NotListed, heard, doubtful: None, error: None, logged: None }
    }

    pub(super) fn list(&mut self) {
        self.enter(WatchPhase::Listed);
    }

    /// It is not served, which is as good as an empty list. Returns whether that is new.
    pub(super) fn miss(&mut self) -> bool {
        let known = self.phase == WatchPhase::Absent;
        self.enter(WatchPhase::Absent);
        !known
    }

    fn enter(&mut self, phase: WatchPhase) {
        self.heard.stamp();
        (self.phase, self.doubtful, self.error) = (phase, None, None);
    }

    /// From now on something may be missed: it is listed anew.
    pub(super) fn doubt(&mut self) {
        self.doubtful.get_or_insert_with(|| self.heard.at());
    }

    /// It failed. Returns whether to log that: what goes on, or comes and goes, is logged once in a while.
    pub(super) fn fail(&mut self, now: Instant, error: String) -> bool {
        let error: Arc<str> = error.into();
        self.error = Some((Arc::clone(&error), now));
        let known = |(logged, at): &(Arc<str>, Instant)| *logged == error && now.duration_since(*at) < LOG_AGAIN;
        let log = !self.logged.as_ref().is_some_and(known);
        if log {
            self.logged = Some((error, now));
        }
        log
    }

    /// Whether a failure that was logged is over. Asked once in a while.
    pub(super) fn has_recovered(&mut self, now: Instant) -> bool {
        let quiet = self.error.as_ref().is_none_or(|(_, at)| now.duration_since(*at) >= RECOVERED);
        let well = matches!(self.phase, WatchPhase::Listed | WatchPhase::Absent) && self.trouble().is_none();
        quiet && well && self.logged.take().is_some()
    }

    /// When it becomes stale, if nothing is heard before.
    pub(super) fn stale_at(&self, max_staleness: Duration) -> Option<Instant> {
        match self.phase {
            WatchPhase::NotListed | WatchPhase::Stale => None,
            // One millisecond later it is longer than that.
            WatchPhase::Listed | WatchPhase::Absent => {
                Some(self.known_until() + max_staleness + Duration::from_millis(1))
            }
        }
    }

    /// It is stale: only a list makes it good again.
    pub(super) fn expire(&mut self) {
        self.doubt();
        self.phase = WatchPhase::Stale;
    }

    /// Why its facts can't be relied on, if so; safe to print.
    pub(super) fn missing(&self, now: Instant, max_staleness: Duration) -> Option<String> {
        let what = match self.phase {
            WatchPhase::NotListed => Self::NOT_LISTED.to_owned(),
            WatchPhase::Listed | WatchPhase::Absent if self.silence(now) <= max_staleness => return None,
            _ => {
                let step = TELL_AGAIN.as_secs();
                let seconds = self.silence(now).as_secs() / step * step;
                format!("no word from the API server for {seconds} s")
            }
        };
        Some(match &self.error {
            Some((error, _)) => format!("{what}: {error}"),
            None => what,
        })
    }

    /// What is wrong with it while its facts can still be relied on; safe to print.
    pub(super) fn trouble(&self) -> Option<&str> {
        let (error, at) = self.error.as_ref()?;
        let reliable = matches!(self.phase, WatchPhase::Listed | WatchPhase::Absent);
        (reliable && self.known_until() <= *at).then_some(&**error)
    }

    pub(super) fn silence(&self, now: Instant) -> Duration {
        now.duration_since(self.known_until())
    }

    fn known_until(&self) -> Instant {
        self.doubtful.unwrap_or_else(|| self.heard.at())
    }

    pub(super) fn is_listed(&self) -> bool {
        self.phase != WatchPhase::NotListed
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const MAX: Duration = Duration::from_mins(3);
    const SECOND: Duration = Duration::from_secs(1);

    fn status() -> (WatchStatus, LastHeard) {
        let heard = LastHeard::new();
        (WatchStatus::new(heard.clone()), heard)
    }

    fn missing(status: &WatchStatus) -> Option<String> {
        status.missing(Instant::now(), MAX)
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_missing_until_it_is_listed() {
        let (mut status, _) = status();
        assert_eq!(missing(&status).unwrap(), "not listed yet");
        assert!(status.fail(Instant::now(), "refused".to_owned()));
        advance(500 * SECOND).await;
        assert_eq!(missing(&status).unwrap(), "not listed yet: refused");
        assert_eq!((status.stale_at(MAX), status.is_listed()), (None, false));
        status.list();
        assert_eq!((missing(&status), status.is_listed()), (None, true));
        assert!(status.has_recovered(Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stale_watch_is_missing_until_it_is_listed_again() {
        let (mut status, heard) = status();
        status.list();
        let start = Instant::now();
        advance(100 * SECOND).await;
        heard.stamp();
        assert_eq!(status.stale_at(MAX), Some(start + 280 * SECOND + Duration::from_millis(1)));
        advance(180 * SECOND).await;
        assert_eq!(missing(&status), None);
        advance(14 * SECOND).await;
        assert_eq!(missing(&status).unwrap(), "no word from the API server for 190 s");
        status.expire();
        assert!(status.fail(Instant::now(), "connection refused".to_owned()));
        assert_eq!((status.stale_at(MAX), status.trouble()), (None, None));
        advance(SECOND).await;
        // A word is no list.
        heard.stamp();
        assert_eq!(missing(&status).unwrap(), "no word from the API server for 195 s: connection refused");
        status.list();
        assert_eq!(missing(&status), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_have_been_missed_counts_from_then() {
        let (mut status, heard) = status();
        status.list();
        advance(SECOND).await;
        status.doubt();
        advance(179 * SECOND).await;
        heard.stamp();
        status.doubt();
        assert_eq!(missing(&status), None);
        advance(SECOND).await;
        assert_eq!(missing(&status).unwrap(), "no word from the API server for 180 s");
    }

    #[tokio::test(start_paused = true)]
    async fn what_goes_on_is_logged_once_in_a_while() {
        let (mut status, heard) = status();
        status.list();
        advance(SECOND).await;
        assert!(status.fail(Instant::now(), "reset".to_owned()));
        assert_eq!(status.trouble(), Some("reset"));
        advance(SECOND).await;
        heard.stamp();
        assert_eq!(status.trouble(), None);
        assert!(!status.has_recovered(Instant::now()));
        advance(SECOND).await;
        assert!(!status.fail(Instant::now(), "reset".to_owned()));
        assert!(status.fail(Instant::now(), "refused".to_owned()));
        advance(59 * SECOND).await;
        assert!(!status.fail(Instant::now(), "refused".to_owned()));
        advance(SECOND).await;
        assert!(status.fail(Instant::now(), "refused".to_owned()));
        advance(SECOND).await;
        heard.stamp();
        assert!(!status.has_recovered(Instant::now()));
        advance(4 * SECOND).await;
        assert!(status.has_recovered(Instant::now()) && !status.has_recovered(Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn absence_is_a_list_like_any_other() {
        let (mut status, _) = status();
        assert!(status.miss());
        assert!(!status.miss());
        assert_eq!((missing(&status), status.is_listed()), (None, true));
        advance(181 * SECOND).await;
        assert_eq!(missing(&status).unwrap(), "no word from the API server for 180 s");
        status.expire();
        assert!(status.miss());
    }
}
