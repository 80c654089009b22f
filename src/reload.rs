//! Files that are polled for changes.
//!
//! A mounted Secret or `ConfigMap` is a directory of symlinks that kubelet swaps as a whole, so file events tell nothing:
//! contents are compared. A change is applied once two polls in a row have read the same.

use std::fmt::Display;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How soon a change is polled again: files may be half written, or one of a pair.
const SETTLING: Duration = Duration::from_millis(100);

/// Content of files, and what it is applied to.
pub trait Reload: Send + Sync + 'static {
    /// What the files hold.
    type Content: Hash;
    /// Why they can't be read or applied. Safe to print.
    type Error: Display;

    /// Reads the files. It may block.
    fn read(&self) -> Result<Self::Content, Self::Error>;

    /// Puts the content to use.
    fn apply(&self, content: &Self::Content) -> Result<(), Self::Error>;

    /// Called after each poll in which what the files hold can't be used; `first` for the first poll with this error.
    fn failed(&self, error: &str, first: bool);

    /// Called after each poll in which what the files hold is in use.
    fn succeeded(&self) {}
}

/// What one poll found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// The files hold what is in use.
    Unchanged,
    /// They changed since the last poll; the next one decides.
    Unsettled,
    /// The new content is in use.
    Reloaded,
    /// The new content can't be used; the last good one is.
    Failed,
}

/// Files that are reloaded when they change.
#[derive(Debug)]
pub struct Polled<T> {
    files: T,
    state: Mutex<State>,
}

/// Digests only: a private key is kept by no one but its user.
#[derive(Debug)]
struct State {
    applied: u64,
    /// Read by the last poll for the first time.
    unsettled: Option<u64>,
    failed: Option<u64>,
    error: Option<String>,
}

impl State {
    const fn new(applied: u64) -> Self {
        Self { applied, unsettled: None, failed: None, error: None }
    }
}

impl<T: Reload> Polled<T> {
    /// Polls files whose content is in use already.
    pub fn new(files: T, content: &T::Content) -> Self {
        Self { files, state: Mutex::new(State::new(digest(content))) }
    }

    /// Polls until it is dropped.
    pub async fn follow(self: Arc<Self>, interval: Duration) {
        let mut pause = interval;
        loop {
            tokio::time::sleep(pause).await;
            let polled = Arc::clone(&self);
            let poll = tokio::task::spawn_blocking(move || polled.poll()).await;
            pause = if matches!(poll, Ok(Poll::Unsettled)) { SETTLING.min(interval) } else { interval };
        }
    }

    /// Polls once.
    pub fn poll(&self) -> Poll {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let content = match self.files.read() {
            Ok(content) => content,
            Err(error) => return self.failed(&mut state, error.to_string()),
        };
        let found = digest(&content);
        let applied = found == state.applied;
        if !applied {
            if state.failed == Some(found)
                && let Some(error) = state.error.clone()
            {
                return self.failed(&mut state, error);
            }
            if state.unsettled.replace(found) != Some(found) {
                return Poll::Unsettled;
            }
            if let Err(error) = self.files.apply(&content) {
                state.failed = Some(found);
                return self.failed(&mut state, error.to_string());
            }
        }
        *state = State::new(found);
        self.files.succeeded();
        if applied { Poll::Unchanged } else { Poll::Reloaded }
    }

    fn failed(&self, state: &mut State, error: String) -> Poll {
        self.files.failed(&error, state.error.as_ref() != Some(&error));
        state.error = Some(error);
        Poll::Failed
    }
}

fn digest(content: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers, of which odd ones can't be used and zero can't be read.
    #[derive(Default)]
    struct Numbers {
        file: Mutex<u32>,
        applied: Mutex<Vec<u32>>,
        errors: Mutex<Vec<(String, bool)>>,
    }

    impl Reload for Numbers {
        type Content = u32;
        type Error = String;

        fn read(&self) -> Result<u32, String> {
            match *self.file.lock().unwrap() {
                0 => Err("no file".to_owned()),
                number => Ok(number),
            }
        }

        fn apply(&self, content: &u32) -> Result<(), String> {
            if content % 2 == 1 {
                return Err(format!("{content} is odd"));
            }
            self.applied.lock().unwrap().push(*content);
            Ok(())
        }

        fn failed(&self, error: &str, first: bool) {
            self.errors.lock().unwrap().push((error.to_owned(), first));
        }
    }

    #[test]
    fn a_change_is_applied_once_it_has_settled_and_an_error_is_new_once() {
        let polled = Polled::new(Numbers::default(), &2);
        let poll = |number| {
            *polled.files.file.lock().unwrap() = number;
            polled.poll()
        };
        assert_eq!(
            [poll(2), poll(4), poll(6), poll(6)],
            [Poll::Unchanged, Poll::Unsettled, Poll::Unsettled, Poll::Reloaded]
        );
        assert_eq!(*polled.files.applied.lock().unwrap(), [6]);
        assert_eq!([poll(7), poll(7), poll(7), poll(0)], [Poll::Unsettled, Poll::Failed, Poll::Failed, Poll::Failed]);
        assert_eq!([poll(6), poll(7), poll(7)], [Poll::Unchanged, Poll::Unsettled, Poll::Failed]);
        let errors = [("7 is odd", true), ("7 is odd", false), ("no file", true), ("7 is odd", true)];
        assert_eq!(*polled.files.errors.lock().unwrap(), errors.map(|(error, first)| (error.to_owned(), first)));
        assert_eq!(*polled.files.applied.lock().unwrap(), [6]);
    }
}
