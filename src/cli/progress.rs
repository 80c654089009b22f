//! The progress bar of a long run.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

/// What takes less is over before it is read.
const LONG: Duration = Duration::from_millis(750);

/// A bar on standard error: only on a terminal, and only once the run turns out to be long.
pub(super) struct RunProgress {
    /// `None` where it is not known before the end.
    total: Option<usize>,
    done: usize,
    since: Instant,
    watched: bool,
    bar: Option<ProgressBar>,
}

impl RunProgress {
    pub(super) fn of(total: usize) -> Self {
        Self { total: Some(total), ..Self::unbounded() }
    }

    pub(super) fn unbounded() -> Self {
        Self { total: None, done: 0, since: Instant::now(), watched: io::stderr().is_terminal(), bar: None }
    }

    pub(super) fn step(&mut self) {
        self.done += 1;
        if self.watched && self.since.elapsed() > LONG {
            let bar = self.bar.get_or_insert_with(|| match self.total {
                Some(total) => ProgressBar::new(total as u64),
                None => ProgressBar::no_length(),
            });
            bar.set_position(self.done as u64);
        }
    }

    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
