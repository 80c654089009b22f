//! How a source is doing.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

/// How often the age of a silence is told anew: each telling makes a view.
const TELL_AGAIN: Duration = Duration::from_secs(5);
/// How often the same error is logged.
const LOG_AGAIN: Duration = Duration::from_mins(1);

/// What is known of one source beside its objects.
#[derive(Debug)]
pub(super) struct Standing {
    state: State,
    /// When a list, an event or a bookmark came last; at first, when it was begun.
    heard: Instant,
    /// What is wrong now, safe to print.
    error: Option<Arc<str>>,
    /// What was last logged as wrong, and when; nothing once it was heard again.
    logged: Option<(Arc<str>, Instant)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    NotListed,
    Absent,
    Listed,
    /// It was silent for too long: what came before is worth nothing until it is listed again.
    Stale,
}

/// What a source that has heard something does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Next {
    /// It goes on.
    GoOn,
    /// It was silent for so long that it lists again.
    ListAgain,
}

impl Standing {
    pub(super) const NOT_LISTED: &str = "not listed yet";

    pub(super) fn new(now: Instant) -> Self {
        Self { state: State::NotListed, heard: now, error: None, logged: None }
    }

    /// It was listed.
    pub(super) fn list(&mut self, now: Instant) {
        *self = Self { state: State::Listed, ..Self::new(now) };
    }

    /// It was found absent, which is as good as an empty list. Returns whether that is new.
    pub(super) fn miss(&mut self, now: Instant) -> bool {
        let known = self.state == State::Absent;
        *self = Self { state: State::Absent, ..Self::new(now) };
        !known
    }

    /// It was heard. Returns what to do, and whether something was logged as wrong until now.
    pub(super) fn hear(&mut self, now: Instant, max_staleness: Duration) -> (Next, bool) {
        self.look(now, max_staleness);
        if self.state == State::Stale {
            return (Next::ListAgain, false);
        }
        self.heard = now;
        self.error = None;
        (Next::GoOn, self.logged.take().is_some())
    }

    /// It is answered again, though it has told nothing yet.
    pub(super) fn resume(&mut self) {
        self.error = None;
    }

    /// Something may have been missed, which is nobody's fault and not worth a line.
    pub(super) fn doubt(&mut self, error: String) {
        self.error = Some(error.into());
    }

    /// It went wrong. Returns whether to log that: what goes on, or comes and goes, is logged once in a while.
    pub(super) fn fail(&mut self, now: Instant, error: String) -> bool {
        let error: Arc<str> = error.into();
        self.error = Some(Arc::clone(&error));
        let known = |(logged, at): &(Arc<str>, Instant)| *logged == error && now.duration_since(*at) < LOG_AGAIN;
        let log = !self.logged.as_ref().is_some_and(known);
        if log {
            self.logged = Some((error, now));
        }
        log
    }

    /// Looks at the clock. Returns whether it has just become stale.
    pub(super) fn look(&mut self, now: Instant, max_staleness: Duration) -> bool {
        let silent = now.duration_since(self.heard) > max_staleness;
        let stale = silent && matches!(self.state, State::Listed | State::Absent);
        if stale {
            self.state = State::Stale;
        }
        stale
    }

    /// When it must be looked at next, if nothing happens before.
    pub(super) fn next_look(&self, now: Instant, max_staleness: Duration) -> Option<Instant> {
        match self.state {
            State::NotListed => None,
            // One millisecond later it is longer than that.
            State::Listed | State::Absent => Some(self.heard + max_staleness + Duration::from_millis(1)),
            State::Stale => Some(now + TELL_AGAIN),
        }
    }

    /// Why its facts can't be relied on, if so; safe to print.
    pub(super) fn missing(&self, now: Instant) -> Option<String> {
        let what = match self.state {
            State::Listed | State::Absent => return None,
            State::NotListed => Self::NOT_LISTED.to_owned(),
            State::Stale => {
                let step = TELL_AGAIN.as_secs();
                let seconds = self.silence(now).as_secs() / step * step;
                format!("no word from the API server for {seconds} s")
            }
        };
        Some(match &self.error {
            Some(error) => format!("{what}: {error}"),
            None => what,
        })
    }

    /// What is wrong with it while its facts can still be relied on; safe to print.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.error.as_deref().filter(|_| matches!(self.state, State::Listed | State::Absent))
    }

    /// For how long it has said nothing.
    pub(super) fn silence(&self, now: Instant) -> Duration {
        now.duration_since(self.heard)
    }

    /// Whether it was ever listed or found absent.
    pub(super) fn is_listed(&self) -> bool {
        self.state != State::NotListed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: Duration = Duration::from_mins(3);

    fn seconds(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn it_is_missing_until_it_is_listed() {
        let start = Instant::now();
        let mut standing = Standing::new(start);
        assert_eq!(standing.missing(start).unwrap(), "not listed yet");
        assert!(standing.fail(start, "refused".to_owned()));
        assert_eq!(standing.missing(seconds(start, 500)).unwrap(), "not listed yet: refused");
        assert!(!standing.look(seconds(start, 500), MAX));
        assert_eq!(standing.next_look(start, MAX), None);
        assert!(!standing.is_listed());
        standing.list(seconds(start, 501));
        assert_eq!(standing.missing(seconds(start, 501)), None);
        assert!(standing.is_listed());
    }

    #[test]
    fn silence_makes_it_missing_until_it_is_listed_again() {
        let start = Instant::now();
        let mut standing = Standing::new(start);
        standing.list(start);
        assert_eq!(standing.next_look(start, MAX), Some(seconds(start, 180) + Duration::from_millis(1)));
        assert!(!standing.look(seconds(start, 180), MAX));
        assert!(standing.look(seconds(start, 181), MAX));
        assert!(!standing.look(seconds(start, 182), MAX));
        assert_eq!(standing.missing(seconds(start, 194)).unwrap(), "no word from the API server for 190 s");
        assert_eq!(standing.next_look(seconds(start, 194), MAX), Some(seconds(start, 199)));
        assert!(standing.fail(seconds(start, 194), "connection refused".to_owned()));
        let missing = standing.missing(seconds(start, 195)).unwrap();
        assert_eq!(missing, "no word from the API server for 195 s: connection refused");
        assert_eq!(standing.hear(seconds(start, 196), MAX), (Next::ListAgain, false));
        assert_eq!(
            standing.missing(seconds(start, 196)).unwrap(),
            "no word from the API server for 195 s: connection refused"
        );
        standing.list(seconds(start, 197));
        assert_eq!(standing.missing(seconds(start, 197)), None);
        assert!(standing.is_listed());
    }

    #[test]
    fn a_word_before_that_is_enough() {
        let start = Instant::now();
        let mut standing = Standing::new(start);
        standing.list(start);
        assert!(standing.fail(start, "connection reset".to_owned()));
        assert_eq!(standing.missing(start), None);
        assert_eq!(standing.hear(seconds(start, 179), MAX), (Next::GoOn, true));
        assert_eq!(standing.hear(seconds(start, 300), MAX), (Next::GoOn, false));
        assert!(!standing.look(seconds(start, 480), MAX));
        // Nobody looked at the clock, but it has run all the same.
        assert_eq!(standing.hear(seconds(start, 481), MAX), (Next::ListAgain, false));
    }

    #[test]
    fn what_may_have_been_missed_is_told_until_it_is_listed_again() {
        let start = Instant::now();
        let mut standing = Standing::new(start);
        standing.list(start);
        standing.doubt("too old".to_owned());
        assert_eq!((standing.trouble(), standing.missing(start)), (Some("too old"), None));
        standing.list(seconds(start, 1));
        assert_eq!(standing.trouble(), None);
        // And it is no reason to say that it is followed again.
        standing.doubt("too old".to_owned());
        assert_eq!(standing.hear(seconds(start, 2), MAX), (Next::GoOn, false));
    }

    #[test]
    fn what_goes_on_is_logged_once_in_a_while() {
        let start = Instant::now();
        let mut standing = Standing::new(start);
        standing.list(start);
        assert_eq!(standing.trouble(), None);
        assert!(standing.fail(seconds(start, 1), "reset".to_owned()));
        assert_eq!(standing.trouble(), Some("reset"));
        assert!(!standing.fail(seconds(start, 2), "reset".to_owned()));
        standing.resume();
        assert_eq!(standing.trouble(), None);
        assert!(!standing.fail(seconds(start, 3), "reset".to_owned()));
        assert!(standing.fail(seconds(start, 4), "refused".to_owned()));
        assert!(!standing.fail(seconds(start, 63), "refused".to_owned()));
        assert!(standing.fail(seconds(start, 64), "refused".to_owned()));
        standing.resume();
        assert_eq!(standing.hear(seconds(start, 65), MAX), (Next::GoOn, true));
        assert!(standing.fail(seconds(start, 66), "refused".to_owned()));
    }

    #[test]
    fn absence_is_a_list_like_any_other() {
        let start = Instant::now();
        let mut standing = Standing::new(start);
        assert!(standing.miss(start));
        assert!(!standing.miss(seconds(start, 5)));
        assert_eq!(standing.missing(seconds(start, 5)), None);
        assert!(standing.is_listed());
        assert!(standing.look(seconds(start, 186), MAX));
        assert!(standing.miss(seconds(start, 190)));
    }
}
