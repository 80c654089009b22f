//! The shared state of all watches, and publishing facts from it.
//!
//! Objects are indexed as they arrive. Facts are made of the index only when something changed in it that a rule needs,
//! and not more often than every few milliseconds: a node's heartbeat costs nothing here, and a burst of a thousand
//! events costs one walk over their kind.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::error::Error;
use super::last_heard::LastHeard;
use super::metrics::WatchMetrics;
use super::object::RawObject;
use super::watch_status::WatchStatus;
use crate::cluster::ClusterState;
use crate::cluster::index::Index;
use crate::cluster::kinds::WatchedResource;
use crate::setting::Facts;
use crate::setting::facts::{FactKind, Missing, ObjectName};

/// The least time between two publications: the first event of a burst counts at once, and the rest of it together.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(10);
/// How often the clock is looked at.
const TICK: Duration = Duration::from_secs(1);

/// What the watches report; publishes facts of it.
#[derive(Debug)]
pub(super) struct WatchState {
    cluster: Arc<ClusterState>,
    max_staleness: Duration,
    metrics: WatchMetrics,
    known: Mutex<Known>,
    changed: Notify,
}

#[derive(Debug)]
struct Known {
    index: Index,
    facts: Facts,
    watches: Vec<(WatchedResource, WatchStatus)>,
    /// The kinds of which the index knows more than the facts.
    changed: BTreeSet<FactKind>,
    /// Why each kind was last told to be lost, whatever its objects say.
    told: BTreeMap<FactKind, Option<String>>,
}

#[derive(Default)]
pub(super) struct Listing {
    objects: u64,
    kept: BTreeSet<ObjectName>,
    /// Why the first that can't be read can't, and how many there are.
    unread: Option<(Arc<str>, u64)>,
}

pub(super) struct KindFigures {
    pub(super) objects: usize,
    pub(super) undecodable: usize,
    /// Since its quietest watch heard something; since the start where it never did.
    pub(super) staleness: Duration,
}

impl WatchState {
    pub(super) fn new(
        cluster: Arc<ClusterState>,
        watches: impl Iterator<Item = (WatchedResource, LastHeard)>,
        max_staleness: Duration,
        metrics: WatchMetrics,
    ) -> Self {
        let known = Known {
            index: Index::default(),
            facts: Facts::unknown(WatchStatus::NOT_LISTED),
            watches: watches.map(|(resource, heard)| (resource, WatchStatus::new(heard))).collect(),
            changed: BTreeSet::new(),
            told: FactKind::ALL.map(|kind| (kind, Some(WatchStatus::NOT_LISTED.to_owned()))).into(),
        };
        Self { cluster, max_staleness, metrics, known: Mutex::new(known), changed: Notify::new() }
    }

    /// A list begins: until it is complete, something may be missed.
    pub(super) fn list_begins(&self, at: usize) -> Listing {
        self.lock().watches[at].1.doubt();
        Listing::default()
    }

    pub(super) fn listed_one(&self, at: usize, object: &RawObject, listing: &mut Listing) {
        let known = &mut *self.lock();
        let resource = &known.watches[at].0;
        let name = object.name(resource);
        listing.objects += 1;
        if let Err(why) = known.index.insert_json(resource.kind, name.clone(), object.json.get()) {
            listing.unread.get_or_insert((why, 0)).1 += 1;
        }
        if known.index.of(resource.kind).holds(&name) {
            listing.kept.insert(name);
        }
    }

    /// The list is complete: what it does not hold is gone.
    pub(super) fn listed(&self, at: usize, listing: Listing) {
        let Listing { objects, kept, unread } = listing;
        let known = &mut *self.lock();
        let resource = known.keep_only(at, &kept);
        known.watches[at].1.list();
        let (kept, undecodable) = known.index.of(resource.kind).counts();
        tracing::info!(%resource, objects, kept, undecodable, "listed");
        // One line for all of them: a list may hold as many as there are objects.
        if let Some((why, count)) = unread {
            tracing::warn!(%resource, %why, more = count - 1, "can't read an object; rejecting requests that depend on its kind");
        }
        self.metrics.events(resource.kind, objects);
        self.metrics.list(resource.kind);
        self.changed.notify_one();
    }

    /// The API server has no such resource.
    pub(super) fn absent(&self, at: usize) {
        let known = &mut *self.lock();
        let resource = known.keep_only(at, &BTreeSet::new());
        if known.watches[at].1.miss() {
            tracing::info!(%resource, "not served by this API server; treating the kind as empty");
        }
        self.changed.notify_one();
    }

    pub(super) fn applied(&self, at: usize, object: &RawObject) {
        let known = &mut *self.lock();
        let resource = known.watches[at].0;
        let result = known.index.insert_json(resource.kind, object.name(&resource), object.json.get());
        if self.noticed(known, resource.kind)
            && let Err(why) = result
        {
            tracing::warn!(%resource, %why, "can't read an object; rejecting requests that depend on its kind");
        }
    }

    pub(super) fn deleted(&self, at: usize, object: &RawObject) {
        let known = &mut *self.lock();
        let resource = known.watches[at].0;
        known.index.of_mut(resource.kind).remove(&object.name(&resource));
        self.noticed(known, resource.kind);
    }

    /// Counts an event. Returns whether it means anything to the rules.
    fn noticed(&self, known: &mut Known, kind: FactKind) -> bool {
        self.metrics.events(kind, 1);
        let changed = known.index.of_mut(kind).take_changed();
        if changed {
            known.changed.insert(kind);
            self.changed.notify_one();
        }
        changed
    }

    pub(super) fn failed(&self, at: usize, error: &Error) {
        let (resource, status) = &mut self.lock().watches[at];
        self.metrics.error(resource.kind);
        if status.fail(Instant::now(), error.to_string()) {
            tracing::warn!(%resource, %error, "watch failed, retrying");
        }
        self.changed.notify_one();
    }

    /// Waits until a watch that was listed becomes stale.
    pub(super) async fn until_stale(&self, at: usize) {
        loop {
            let stale_at = self.lock().watches[at].1.stale_at(self.max_staleness);
            match stale_at {
                None => std::future::pending().await,
                Some(stale_at) if stale_at <= Instant::now() => break,
                Some(stale_at) => sleep_until(stale_at).await,
            }
        }
        let (resource, status) = &mut self.lock().watches[at];
        status.expire();
        tracing::error!(%resource, "watch is stale; rejecting requests that depend on it until it recovers");
        self.changed.notify_one();
    }

    pub(super) async fn run(&self) -> Infallible {
        loop {
            self.publish(Instant::now());
            // What happens meanwhile is noticed right after.
            sleep(PUBLISH_INTERVAL).await;
            // It is the same whether something changed or time went by.
            let _ = timeout(TICK, self.changed.notified()).await;
        }
    }

    /// Publishes facts, if they changed.
    fn publish(&self, now: Instant) {
        let known = &mut *self.lock();
        for (resource, status) in &mut known.watches {
            if status.has_recovered(now) {
                tracing::info!(%resource, "watch recovered");
            }
        }
        let changed = std::mem::take(&mut known.changed);
        let mut news = false;
        for kind in FactKind::ALL {
            let lost = known.lost(kind, now, self.max_staleness);
            if lost == known.told[&kind] && (lost.is_some() || !changed.contains(&kind)) {
                continue;
            }
            match &lost {
                Some(why) => known.facts.lose(Missing { kind, why: why.as_str().into() }),
                None => known.index.of(kind).refresh(&mut known.facts),
            }
            known.told.insert(kind, lost);
            news = true;
        }
        if news {
            self.cluster.publish(known.facts.clone());
        }
        let read_errors = known.read_errors(now, self.max_staleness);
        if *self.cluster.read_errors() != read_errors {
            self.cluster.set_read_errors(read_errors);
        }
        if !self.cluster.is_listed() && known.watches.iter().all(|(_, status)| status.is_listed()) {
            tracing::info!("all kinds have been listed");
            self.cluster.set_listed();
        }
    }

    pub(super) fn figures(&self) -> [(FactKind, KindFigures); FactKind::ALL.len()] {
        let (known, now) = (self.lock(), Instant::now());
        FactKind::ALL.map(|kind| {
            let (objects, undecodable) = known.index.of(kind).counts();
            let staleness = known.of(kind).map(|status| status.silence(now)).max().unwrap_or_default();
            (kind, KindFigures { objects, undecodable, staleness })
        })
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Lets go of what a list does not hold; of only one name where it was for that name.
    fn keep_only(&mut self, at: usize, kept: &BTreeSet<ObjectName>) -> WatchedResource {
        let resource = self.watches[at].0;
        let others = |name: &ObjectName| resource.name.is_some_and(|only| *name.name != *only);
        self.index.of_mut(resource.kind).retain(&|name| kept.contains(name) || others(name));
        if self.index.of_mut(resource.kind).take_changed() {
            self.changed.insert(resource.kind);
        }
        resource
    }

    fn of(&self, kind: FactKind) -> impl Iterator<Item = &WatchStatus> {
        let of_kind = move |(resource, _): &&(WatchedResource, _)| resource.kind == kind && resource.is_asked_for();
        self.watches.iter().filter(of_kind).map(|(_, status)| status)
    }

    /// Why a kind of fact can't be relied on, whatever its objects say.
    fn lost(&self, kind: FactKind, now: Instant, max_staleness: Duration) -> Option<String> {
        self.of(kind).find_map(|status| status.missing(now, max_staleness))
    }

    fn read_errors(&self, now: Instant, max_staleness: Duration) -> Vec<String> {
        let error = |(resource, status): &(WatchedResource, WatchStatus)| {
            let unheard = if resource.is_asked_for() { None } else { status.missing(now, max_staleness) };
            Some(format!("{resource} ({})", unheard.as_deref().or(status.trouble())?))
        };
        self.watches.iter().filter_map(error).collect()
    }
}
