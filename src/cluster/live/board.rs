//! What is known of every source, and how it gets into the view.
//!
//! Events are folded as they arrive. Facts are made of the fold only when something changed in it that a rule needs,
//! and not more often than every few milliseconds: a node's heartbeat costs nothing here, and a burst of a thousand
//! events costs one walk over their kind.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout_at};

use super::error::Error;
use super::event::Object;
use super::metrics::{Figure, Metrics};
use super::source::Source;
use super::standing::{Next, Standing};
use crate::cluster::View;
use crate::cluster::fold::{Fold, Undecodable};
use crate::setting::Facts;
use crate::setting::facts::{FactKind, Missing};

/// The least time between two views: the first event of a burst is seen at once, and the rest of it together.
const BETWEEN_VIEWS: Duration = Duration::from_millis(10);

/// Where the sources report, and the view is made.
#[derive(Debug)]
pub(super) struct Board {
    view: Arc<View>,
    max_staleness: Duration,
    metrics: Metrics,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    fold: Fold,
    facts: Facts,
    /// In the order of [`Source::ALL`].
    standings: Vec<Standing>,
    /// The kinds of which the fold knows more than the facts.
    changed: BTreeSet<FactKind>,
    /// Why each kind was last told to be lost, whatever its fold says.
    told: BTreeMap<FactKind, Option<String>>,
}

impl Board {
    pub(super) fn new(view: Arc<View>, max_staleness: Duration, metrics: Metrics) -> Self {
        let now = Instant::now();
        let state = State {
            fold: Fold::default(),
            facts: Facts::unknown(Standing::NOT_LISTED),
            standings: Source::ALL.iter().map(|_| Standing::new(now)).collect(),
            changed: BTreeSet::new(),
            told: FactKind::ALL.map(|kind| (kind, Some(Standing::NOT_LISTED.to_owned()))).into(),
        };
        Self { view, max_staleness, metrics, state: Mutex::new(state), changed: Notify::new() }
    }

    /// A source was listed.
    pub(super) fn listed(&self, at: usize, listed: Fold, objects: u64, how: &'static str) {
        let source = &Source::ALL[at];
        let mut state = self.lock();
        state.adopt(source, listed);
        state.standings[at].list(Instant::now());
        let (kept, undecodable) = state.fold.counts(source.kind);
        tracing::info!(resource = %source, how, objects, kept, undecodable, "listed");
        self.metrics.events(source.kind, objects);
        self.metrics.list(source.kind, how);
        self.changed.notify_one();
    }

    /// The API server has no such resource.
    pub(super) fn absent(&self, at: usize) {
        let source = &Source::ALL[at];
        let mut state = self.lock();
        state.adopt(source, Fold::default());
        if state.standings[at].miss(Instant::now()) {
            tracing::info!(resource = %source, "not served by this API server, so there are none");
        }
        self.changed.notify_one();
    }

    /// An object is there.
    pub(super) fn put(&self, at: usize, object: Object) -> Next {
        let source = &Source::ALL[at];
        let mut state = self.lock();
        let result = fold(&mut state.fold, source.kind, object);
        let changed = self.changed(source, &mut state);
        if let Err(undecodable) = result
            && changed
        {
            tracing::warn!(resource = %source, why = %undecodable.why, "an object can't be read");
        }
        self.hear(at, &mut state)
    }

    /// An object is gone.
    pub(super) fn gone(&self, at: usize, object: &Object) -> Next {
        let source = &Source::ALL[at];
        let mut state = self.lock();
        state.fold.remove(source.kind, &object.name);
        self.changed(source, &mut state);
        self.hear(at, &mut state)
    }

    /// Nothing happened, says the API server.
    pub(super) fn bookmark(&self, at: usize) -> Next {
        self.hear(at, &mut self.lock())
    }

    /// Something went wrong.
    pub(super) fn failed(&self, at: usize, error: &Error) {
        let source = &Source::ALL[at];
        let words = error.to_string();
        self.metrics.error(source.kind);
        if self.lock().standings[at].fail(Instant::now(), words) {
            tracing::warn!(resource = %source, %error, "can't be followed; trying again");
        }
        self.changed.notify_one();
    }

    /// What it was watched from is too long ago: something may have been missed, until it is listed again.
    pub(super) fn expired(&self, at: usize, error: &Error) {
        self.lock().standings[at].doubt(error.to_string());
        self.changed.notify_one();
    }

    /// It is answered again.
    pub(super) fn resumed(&self, at: usize) {
        self.lock().standings[at].resume();
        self.changed.notify_one();
    }

    /// Whether a watch would come too late to show that a source is alive: before it tells anything, the source would
    /// be stale.
    pub(super) fn is_list_due(&self, at: usize, watch_for: Duration) -> bool {
        self.lock().standings[at].silence(Instant::now()) + watch_for > self.max_staleness
    }

    /// Takes notice of an event. Returns whether it means anything to the rules.
    fn changed(&self, source: &Source, state: &mut State) -> bool {
        self.metrics.events(source.kind, 1);
        let changed = state.fold.take_changed(source.kind);
        if changed {
            state.changed.insert(source.kind);
            self.changed.notify_one();
        }
        changed
    }

    fn hear(&self, at: usize, state: &mut State) -> Next {
        let (next, healed) = state.standings[at].hear(Instant::now(), self.max_staleness);
        if healed {
            tracing::info!(resource = %Source::ALL[at], "followed again");
        }
        next
    }

    /// Makes views, until it is dropped.
    pub(super) async fn run(&self) -> Infallible {
        loop {
            let next_look = self.publish(Instant::now());
            // What happens meanwhile is noticed right after.
            sleep(BETWEEN_VIEWS).await;
            match next_look {
                Some(next_look) => {
                    // It is the same whether something changed or time ran out.
                    let _ = timeout_at(next_look, self.changed.notified()).await;
                }
                None => self.changed.notified().await,
            }
        }
    }

    /// Makes a view, if there is news. Returns when to look again if nothing changes before.
    pub(super) fn publish(&self, now: Instant) -> Option<Instant> {
        let mut state = self.lock();
        let state = &mut *state;
        for (source, standing) in Source::ALL.iter().zip(&mut state.standings) {
            if standing.look(now, self.max_staleness) {
                tracing::error!(resource = %source, "no word for too long: what depends on it is refused until it is listed again");
            }
        }
        let changed = std::mem::take(&mut state.changed);
        let mut news = false;
        for kind in FactKind::ALL {
            let lost = state.lost(kind, now);
            if lost == state.told[&kind] && (lost.is_some() || !changed.contains(&kind)) {
                continue;
            }
            match &lost {
                Some(why) => state.facts.lose(Missing { kind, why: why.as_str().into() }),
                None => state.fold.refresh(kind, &mut state.facts),
            }
            state.told.insert(kind, lost);
            news = true;
        }
        if news {
            self.view.publish(state.facts.clone());
        }
        let troubles = state.troubles(now);
        if *self.view.troubles() != troubles {
            self.view.set_troubles(troubles);
        }
        if !self.view.is_listed() && state.standings.iter().all(Standing::is_listed) {
            tracing::info!("everything was listed once");
            self.view.set_listed();
        }
        state.standings.iter().filter_map(|standing| standing.next_look(now, self.max_staleness)).min()
    }

    /// What can be read off for each kind.
    pub(super) fn figures(&self, now: Instant) -> Vec<(FactKind, Figure)> {
        let state = self.lock();
        let of = |kind| {
            let (objects, undecodable) = state.fold.counts(kind);
            let staleness = state.of(kind).map(|standing| standing.silence(now)).max().unwrap_or_default();
            (kind, Figure { objects, undecodable, staleness: staleness.as_secs_f64() })
        };
        FactKind::ALL.map(of).into()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn adopt(&mut self, source: &Source, listed: Fold) {
        self.fold.adopt(source.kind, listed, source.object_name().as_ref());
        if self.fold.take_changed(source.kind) {
            self.changed.insert(source.kind);
        }
    }

    /// The sources that a kind of fact comes from.
    fn of(&self, kind: FactKind) -> impl Iterator<Item = &Standing> {
        let sources = Source::ALL.iter().zip(&self.standings);
        sources.filter(move |(source, _)| source.kind == kind && source.is_asked_for()).map(|(_, standing)| standing)
    }

    /// Why a kind of fact can't be relied on, whatever its objects say.
    fn lost(&self, kind: FactKind, now: Instant) -> Option<String> {
        self.of(kind).find_map(|standing| standing.missing(now))
    }

    /// What is wrong beside the facts that are missing.
    fn troubles(&self, now: Instant) -> Vec<String> {
        let trouble = |(source, standing): (&Source, &Standing)| {
            let unheard = if source.is_asked_for() { None } else { standing.missing(now) };
            Some(format!("{source} ({})", unheard.as_deref().or(standing.trouble())?))
        };
        Source::ALL.iter().zip(&self.standings).filter_map(trouble).collect()
    }
}

/// Takes an object into a fold.
pub(super) fn fold(fold: &mut Fold, kind: FactKind, object: Object) -> Result<(), Undecodable> {
    match object.pruned {
        Ok(pruned) => fold.insert(kind, &pruned, None),
        Err(why) => Err(fold.refuse(kind, object.name, &why)),
    }
}
