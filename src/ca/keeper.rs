//! Follows the Secret, and brings the succession in it on.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::sleep;

use super::calendar;
use super::cert_authority::{Ca, Validity};
use super::failure::{Failure, Failures};
use super::secret::{CaSecret, Held};
use super::succession::{Distribution, Schedule, Step, Succession, Terms};

/// After the first failure, doubled with each one up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LAST_PAUSE: Duration = Duration::from_secs(30);
/// A step that others keep taking first is left to them after this many tries.
const TRIES: usize = 8;

/// One replica's part in the succession.
pub(super) struct Keeper {
    pub(super) secret: CaSecret,
    pub(super) terms: Terms,
    pub(super) failures: Arc<Failures>,
    /// What was read last.
    pub(super) known: watch::Sender<Succession>,
    /// `None` where whoever writes the bundles has just the grace period for it.
    pub(super) distribution: Option<watch::Receiver<Distribution>>,
}

impl Keeper {
    /// Keeps on until it is dropped.
    pub(super) async fn follow(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let turn = match self.turn().await {
                Ok(held) => self.rest(&held).await,
                Err(failure) => Err(failure),
            };
            if let Err(failure) = turn {
                self.failures.add(self.secret.shown(), &failure);
                sleep(pause).await;
                pause = (pause * 2).min(LAST_PAUSE).min(self.patience());
            } else {
                pause = FIRST_PAUSE;
            }
        }
    }

    /// Reads the Secret, and takes the steps that are due.
    async fn turn(&self) -> Result<Held, Failure> {
        let mut held = self.secret.read().await?;
        for verb in ["get", "read"] {
            self.failures.over(verb, self.secret.shown());
        }
        for _ in 0..TRIES {
            self.learn(&held.succession);
            let now = Timestamp::now();
            let Some(step) = held.succession.step(now, &self.distribution()) else { break };
            let next = self.take(&held.succession, step, now)?;
            held = if let Some(written) = self.secret.write(&held, &next).await? {
                say(step, &written.succession);
                written
            } else {
                self.secret.read().await?
            };
            self.failures.over("update", self.secret.shown());
        }
        self.learn(&held.succession);
        Ok(held)
    }

    fn take(&self, succession: &Succession, step: Step, now: Timestamp) -> Result<Succession, Failure> {
        Ok(match step {
            Step::Join(generation) => {
                let ca = Ca::make(generation, Validity::starting(now, self.terms.ca()));
                let ca =
                    ca.map_err(|error| Failure { verb: "sign", why: format!("can't sign a CA: {error}"), code: None })?;
                succession.joined(ca, now)
            }
            Step::Schedule => succession.scheduled(now, &self.terms),
            Step::Retire => succession.retired(),
        })
    }

    fn learn(&self, succession: &Succession) {
        self.known.send_if_modified(|known| {
            let news = known != succession;
            if news {
                known.clone_from(succession);
            }
            news
        });
    }

    /// Waits until there is something to do: by the Secret, by the bundles, or by the calendar.
    async fn rest(&mut self, held: &Held) -> Result<(), Failure> {
        let mut changed = pin!(self.secret.watch(held, self.patience()).await?);
        self.failures.over("watch", self.secret.shown());
        loop {
            let now = Timestamp::now();
            if held.succession.step(now, &self.distribution()).is_some() {
                return Ok(());
            }
            let bundles = async {
                let changed = match &mut self.distribution {
                    Some(distribution) => distribution.changed().await.is_ok(),
                    None => false,
                };
                if !changed {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                watched = &mut changed => return watched,
                () = bundles => {}
                () = sleep(calendar::pause(now, [held.succession.next_change(now)])) => {}
            }
        }
    }

    /// How long a change of the Secret may go unnoticed, whatever becomes of the watch: well within the grace period.
    fn patience(&self) -> Duration {
        (self.terms.grace() / 4).clamp(Duration::from_secs(1), Duration::from_mins(4))
    }

    fn distribution(&self) -> Distribution {
        self.distribution.as_ref().map_or(Distribution::Everywhere, |distribution| distribution.borrow().clone())
    }
}

/// What this replica has done for all.
fn say(step: Step, succession: &Succession) {
    match (step, succession) {
        (Step::Join(generation), Succession::Sole(_)) => {
            tracing::info!(generation, "the Secret was empty; now a new CA is in it, and signs");
        }
        (Step::Join(generation), _) => {
            tracing::info!(generation, "a new CA has joined; it does not sign before every caBundle holds it");
        }
        (_, Succession::Handover { new, schedule: Some(Schedule { signs_from, leaves_at }), .. }) => {
            let generation = new.generation;
            tracing::info!(generation, %signs_from, old_leaves_at = %leaves_at, "the new CA is in every caBundle");
        }
        _ => tracing::info!("the old CA has left; no certificate that it signed is valid any more"),
    }
}
