//! Keeps a good leaf served, whatever becomes of the API server meanwhile.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::sleep;

use super::calendar;
use super::failure::{Failure, Failures};
use super::leaf::{Leaf, Names, Spread};
use super::succession::{Succession, Terms};
use crate::server::tls::Resolver;

/// One replica's leaf, and what it is made of.
pub(super) struct Signer {
    pub(super) names: Names,
    pub(super) terms: Terms,
    pub(super) resolver: Arc<Resolver>,
    pub(super) failures: Arc<Failures>,
    pub(super) known: watch::Receiver<Succession>,
}

impl Signer {
    /// Keeps on until it is dropped, or nobody is left who could bring news.
    pub(super) async fn follow(mut self) {
        let spread = Spread::random();
        let mut leaf = None;
        loop {
            let now = Timestamp::now();
            self.renew(&mut leaf, now, spread);
            let pause = self.pause(leaf.as_ref(), now);
            tokio::select! {
                news = self.known.changed() => if news.is_err() { return },
                () = sleep(pause) => {}
            }
        }
    }

    /// Makes a leaf when one is due; when that fails, the one before serves on.
    fn renew(&mut self, leaf: &mut Option<Leaf>, now: Timestamp, spread: Spread) {
        let known = self.known.borrow_and_update();
        if leaf.as_ref().is_some_and(|leaf| !leaf.is_due(&known, now)) {
            return;
        }
        match Leaf::issue(&known, &self.names, now, &self.terms, spread) {
            Ok(None) => {}
            Ok(Some(new)) => {
                self.resolver.replace(Arc::clone(new.certified()));
                let generation = known.signer(now).map(|reign| reign.generation);
                tracing::info!(not_after = %new.not_after(), generation, "a new certificate is served");
                self.failures.over("sign", "a leaf");
                *leaf = Some(new);
            }
            Err(error) => {
                let failure = Failure { verb: "sign", why: format!("can't sign a leaf: {error}"), code: None };
                self.failures.add("a leaf", &failure);
            }
        }
    }

    fn pause(&self, leaf: Option<&Leaf>, now: Timestamp) -> Duration {
        calendar::pause(now, [self.known.borrow().next_change(now), leaf.map(Leaf::renewed_at)])
    }
}
