//! A view from files that follows their edits.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::view::fold;
use super::{Error, Loaded};
use crate::cluster::View;
use crate::manifest::{Text, tree};

/// How soon a change is looked at again: a file that is being written must not be served half.
const SETTLING: Duration = Duration::from_millis(100);

/// Files that are read again when they change.
///
/// An edit that can't be read changes nothing: the last good view is served on, and
/// [`View::troubles`] says why it is not the newest.
pub struct Watched {
    paths: Vec<PathBuf>,
    view: Arc<View>,
    progress: Mutex<Progress>,
}

/// Digests of what was read.
#[derive(Default)]
struct Progress {
    served: u64,
    /// Changed, and not yet seen twice the same.
    unsettled: Option<u64>,
    refused: Option<u64>,
}

/// What a look at the files found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// Nothing new.
    Unchanged,
    /// Something new, to be looked at once more before it is taken.
    Unsettled,
    /// A new view is served.
    Changed,
    /// What is there can't be read; the last good view is served.
    Refused,
}

impl Watched {
    /// Loads the files for the first time.
    ///
    /// # Errors
    ///
    /// As [`super::load`].
    pub fn load(paths: Vec<PathBuf>) -> Result<(Self, Loaded), Error> {
        let files = tree::read(&paths)?;
        let loaded = fold(&files)?;
        let view = Arc::new(View::unknown("not read yet"));
        view.publish(loaded.facts.clone());
        view.set_listed();
        let watched =
            Self { paths, view, progress: Mutex::new(Progress { served: digest(&files), ..Progress::default() }) };
        Ok((watched, loaded))
    }

    /// The view that is served: the same place for good, in which edits appear.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.view)
    }

    /// Looks at the files until it is dropped, with this much time between two looks: 2 s is a good choice.
    pub async fn follow(self: Arc<Self>, every: Duration) {
        let mut pause = every;
        loop {
            tokio::time::sleep(pause).await;
            let watched = Arc::clone(&self);
            let poll = tokio::task::spawn_blocking(move || watched.poll()).await;
            pause = if matches!(poll, Ok(Poll::Unsettled)) { SETTLING.min(every) } else { every };
        }
    }

    /// Looks at the files once. It blocks while it reads them.
    pub fn poll(&self) -> Poll {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let files = match tree::read(&self.paths) {
            Ok(files) => files,
            Err(error) => return self.refuse(&error.into()),
        };
        let found = digest(&files);
        if found == progress.served {
            progress.unsettled = None;
            progress.refused = None;
            self.view.set_troubles(Vec::new());
            return Poll::Unchanged;
        }
        if progress.refused == Some(found) {
            return Poll::Refused;
        }
        if progress.unsettled.replace(found) != Some(found) {
            return Poll::Unsettled;
        }
        match fold(&files) {
            Ok(loaded) => {
                for missing in loaded.facts.missing() {
                    tracing::warn!(%missing, "the cluster files lack a fact");
                }
                tracing::info!(objects = loaded.objects, "the cluster files changed, and the view with them");
                *progress = Progress { served: found, ..Progress::default() };
                self.view.set_troubles(Vec::new());
                self.view.publish(loaded.facts);
                Poll::Changed
            }
            Err(error) => {
                progress.refused = Some(found);
                self.refuse(&error)
            }
        }
    }

    /// Says each reason once, not every other second.
    fn refuse(&self, error: &Error) -> Poll {
        let why = error.to_string();
        if self.view.troubles().first() != Some(&why) {
            tracing::error!(why, "the cluster files can't be read; the last good view stays");
        }
        self.view.set_troubles(vec![why]);
        Poll::Refused
    }
}

fn digest(files: &[Text]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in files {
        (&file.path, &file.text).hash(&mut hasher);
    }
    hasher.finish()
}
