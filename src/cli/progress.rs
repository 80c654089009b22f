//! The progress bar of a long run.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};

/// What takes less is over before it is read.
const LONG: Duration = Duration::from_millis(750);

/// A bar on standard error: only on a terminal, and only once the run turns out to be long.
pub(super) struct RunProgress {
    bar: ProgressBar,
    is_shown: bool,
}

impl RunProgress {
    /// The bar of so many steps; `None` where that is not known before the end.
    pub(super) fn new(steps: Option<usize>) -> Self {
        let steps = steps.map(|steps| steps as u64);
        Self { bar: ProgressBar::with_draw_target(steps, ProgressDrawTarget::hidden()), is_shown: false }
    }

    pub(super) fn step(&mut self) {
        if !self.is_shown && self.bar.elapsed() > LONG {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.is_shown = true;
        }
        self.bar.inc(1);
    }

    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
