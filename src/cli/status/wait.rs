//! Looks at a cluster until it is as it should be.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::time::{Instant, sleep, sleep_until};

use crate::observe::Observation;
use crate::status::progress;

/// The report of the first look that is the last, or of the last one in that time. On a terminal a line says meanwhile what
/// Harvester is doing.
pub(super) async fn until<T>(
    look: impl AsyncFn() -> Observation,
    judge: impl Fn(&Observation) -> (bool, T),
    patience: Duration,
    pause: Duration,
) -> T {
    let end = Instant::now() + patience;
    let line = io::stderr().is_terminal().then(ProgressBar::new_spinner);
    let report = loop {
        let observation = look().await;
        let (over, report) = judge(&observation);
        if over || Instant::now() >= end {
            break report;
        }
        if let Some(line) = &line {
            line.set_message(progress(&observation.observed));
            line.tick();
        }
        tokio::select! {
            () = sleep(pause) => {}
            () = sleep_until(end) => {}
        }
    };
    if let Some(line) = line {
        line.finish_and_clear();
    }
    report
}
