//! Which CA signs, which one is next, and which ones are still trusted. No I/O and no clock: time is passed in.
//!
//! [`reconcile`] is one function of what the Secret holds, the time, and what the two webhook configurations hold. It says
//! what the Secret is to hold, which also says what `caBundle` is to hold.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;

use super::cert_authority::{Ca, earlier, later, validity};
use super::lifetimes::Lifetimes;
use super::propagation::Propagation;
use crate::registration::Bundle;

#[cfg(test)]
mod tests;

/// Of the CAs that only `caBundle` knows, no more than this are kept.
const MOST_PREVIOUS: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub current: CaEntry,
    /// It is trusted already.
    pub next: CaEntry,
    /// They are trusted while leaves of theirs may be valid.
    pub previous: Vec<RetiredCa>,
}

/// A CA that signs, or will.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaEntry {
    /// Counts the CAs since the Secret was empty, from 1.
    pub generation: u32,
    pub ca: Arc<Ca>,
    /// No leaf of it is valid for longer. `None` when that is not known: release 0.1.0 does not record it.
    pub leaf_lifetime: Option<Duration>,
}

/// A CA that signs no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetiredCa {
    pub certificate: CertificateDer<'static>,
    /// When it leaves `caBundle`.
    pub until: Timestamp,
}

/// What was read from the Secret. A CA that can't be read is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretContents {
    pub state: SecretState,
    pub current: Option<CaEntry>,
    pub next: Option<CaEntry>,
    pub previous: Vec<RetiredCa>,
    /// The highest generation that it names.
    pub generation: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SecretState {
    #[default]
    Empty,
    /// As this release writes it.
    Sound,
    /// As release 0.1.0 writes it.
    OldLayout,
    /// Not as any release writes it, and why not.
    Damaged(String),
}

#[derive(Debug)]
pub struct Plan {
    /// What the Secret is to hold.
    pub rotation: Rotation,
    /// Where that differs from what it holds.
    pub changes: Vec<SecretChange>,
    /// Why the next CA is not promoted, although it is time.
    pub blocked: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretChange {
    /// It was empty; now it has CAs.
    Filled,
    /// It has the layout of this release now.
    Converted,
    /// What could not be read has been replaced.
    Repaired(String),
    /// That many CAs that `caBundle` holds, and the Secret did not, stay trusted for a while.
    Adopted(usize),
    /// The next CA of this generation was not valid, and another one takes its place.
    Replaced(u32),
    /// The next CA, of this generation, is the current one.
    Promoted(u32),
    /// Previous CAs, or leaves, last longer than recorded before.
    Extended,
    /// That many previous CAs are not trusted any more.
    Removed(usize),
}

/// Works out what the Secret is to hold. `make` makes a CA of a generation.
pub fn reconcile<E>(
    stored: &SecretContents,
    now: Timestamp,
    seen: &Propagation,
    lifetimes: &Lifetimes,
    mut make: impl FnMut(u32) -> Result<Ca, E>,
) -> Result<Plan, E> {
    let mut generation = stored.generation;
    let mut fresh = || {
        generation = generation.saturating_add(1);
        make(generation).map(|ca| CaEntry { generation, ca: Arc::new(ca), leaf_lifetime: Some(lifetimes.leaf) })
    };
    let mut changes = Vec::new();
    match &stored.state {
        SecretState::Empty => changes.push(SecretChange::Filled),
        SecretState::Sound => {}
        SecretState::OldLayout => changes.push(SecretChange::Converted),
        SecretState::Damaged(why) => changes.push(SecretChange::Repaired(why.clone())),
    }
    let (current, next) = match (stored.current.clone(), stored.next.clone()) {
        (Some(current), next) => (current, next),
        (None, Some(next)) => (next, None),
        (None, None) => (fresh()?, None),
    };
    let next = next.map_or_else(&mut fresh, Ok)?;
    let mut rotation = Rotation { current, next, previous: stored.previous.clone() };

    // To empty the Secret is how to revoke a CA: then nothing is trusted but what comes next.
    let kept = if stored.state == SecretState::Empty { now } else { lifetimes.kept(now) };
    let adopted = rotation.adopt(&seen.anywhere, now, kept);
    if adopted > 0 && stored.state != SecretState::Empty {
        changes.push(SecretChange::Adopted(adopted));
    }
    let blocked = match rotation.promotion(now, seen, lifetimes) {
        Promotion::Wait => None,
        Promotion::Blocked(why) => Some(why),
        Promotion::Outdated => {
            changes.push(SecretChange::Replaced(rotation.next.generation));
            let old = mem::replace(&mut rotation.next, fresh()?);
            rotation.retire(&old, now, lifetimes);
            None
        }
        Promotion::Go => {
            changes.push(SecretChange::Promoted(rotation.next.generation));
            let promoted = mem::replace(&mut rotation.next, fresh()?);
            let old = mem::replace(&mut rotation.current, promoted);
            rotation.retire(&old, now, lifetimes);
            None
        }
    };
    if rotation.extend(now, seen, lifetimes) {
        changes.push(SecretChange::Extended);
    }
    let count = rotation.previous.len();
    rotation.previous.retain(|old| {
        let is_over = later(old.until, lifetimes.margin()) <= now;
        !is_over || !seen.is_fresh(now) || seen.anywhere.holds(&old.certificate)
    });
    if rotation.previous.len() < count {
        changes.push(SecretChange::Removed(count - rotation.previous.len()));
    }
    Ok(Plan { rotation, changes, blocked })
}

impl SecretContents {
    /// The CAs with these previous ones; `None` when one can't be read.
    pub fn rotation(&self, previous: Vec<RetiredCa>) -> Option<Rotation> {
        Some(Rotation { current: self.current.clone()?, next: self.next.clone()?, previous })
    }
}

enum Promotion {
    /// It is not time yet.
    Wait,
    /// It is time, but not safe.
    Blocked(&'static str),
    /// It is time, but the next CA is not valid.
    Outdated,
    Go,
}

impl Rotation {
    /// The CAs that the API server is to trust.
    pub fn bundle(&self, now: Timestamp) -> Bundle {
        let previous = self.previous.iter().filter(|old| now < old.until).map(|old| &old.certificate);
        [&self.current.ca.certificate, &self.next.ca.certificate].into_iter().chain(previous).cloned().collect()
    }

    /// The CA that signs the leaf of a replica whose present leaf is of the CA `serving`.
    ///
    /// After a Secret came back from a backup the current CA may be one that the API server does not trust yet.
    pub fn signer<'a>(
        &'a self,
        now: Timestamp,
        seen: &Propagation,
        lifetimes: &Lifetimes,
        serving: Option<&'a Arc<Ca>>,
    ) -> &'a Arc<Ca> {
        let current = &self.current.ca;
        let settled_at = seen.settled_at(&current.certificate, lifetimes.settling());
        let is_trusted = settled_at.is_some_and(|settled_at| settled_at <= now) && current.validity.covers(now);
        let stays = |ca: &&Arc<Ca>| {
            let certificate = &ca.certificate;
            ca.validity.covers(now) && seen.holds(certificate) && self.bundle(now).holds(certificate)
        };
        serving.filter(|_| !is_trusted).filter(stays).unwrap_or(current)
    }

    /// The end of a leaf of this CA, when the Secret was read at `read_at`. It ends before the CA leaves `caBundle`,
    /// whatever other replicas have done since.
    pub fn leaf_end(&self, ca: &Ca, read_at: Timestamp, lifetimes: &Lifetimes) -> Timestamp {
        let retired = self.previous.iter().find(|old| old.certificate == ca.certificate);
        let removed = retired.map_or(Timestamp::MAX, |old| earlier(old.until, lifetimes.margin()));
        later(read_at, lifetimes.leaf).min(ca.validity.not_after).min(removed)
    }

    /// The points in time at which there may be something to do.
    pub fn dates(&self, seen: &Propagation, lifetimes: &Lifetimes) -> Vec<Timestamp> {
        let settled = [&self.current, &self.next].map(|it| seen.settled_at(&it.ca.certificate, lifetimes.settling()));
        let ends = self.previous.iter().flat_map(|old| [old.until, later(old.until, lifetimes.margin())]);
        let end = self.current.ca.validity.not_after;
        ends.chain(settled.into_iter().flatten()).chain([self.due(), earlier(end, lifetimes.leaf), end]).collect()
    }

    /// When the next CA is to be promoted: a third into its own life, and not later than two thirds into the current one's.
    fn due(&self) -> Timestamp {
        self.next.ca.validity.thirds(1).min(self.current.ca.validity.thirds(2))
    }

    fn promotion(&self, now: Timestamp, seen: &Propagation, lifetimes: &Lifetimes) -> Promotion {
        let (current, next) = (self.current.ca.validity, self.next.ca.validity);
        if now < self.due() && current.covers(now) {
            return Promotion::Wait;
        }
        if !next.covers(now) {
            return Promotion::Outdated;
        }
        if !seen.is_fresh(now) {
            return Promotion::Blocked("the webhook configurations can't be read");
        }
        // A configuration that does not exist delays the promotion, but not to the end of the current CA.
        let is_last_call = earlier(current.not_after, lifetimes.leaf) <= now || !current.covers(now);
        if !seen.is_complete() && !is_last_call {
            return Promotion::Blocked("a webhook configuration does not exist, or does not call this server");
        }
        if seen.is_empty() {
            return Promotion::Go;
        }
        match seen.settled_at(&self.next.ca.certificate, lifetimes.settling()) {
            None => Promotion::Blocked("caBundle does not hold it yet"),
            Some(settled_at) if now < settled_at => Promotion::Wait,
            Some(_) => Promotion::Go,
        }
    }

    /// Keeps trusting what `caBundle` holds beside the CAs of the Secret, so that no replica loses its leaf's CA when the
    /// Secret comes back from a backup.
    fn adopt(&mut self, held: &Bundle, now: Timestamp, until: Timestamp) -> usize {
        let count = self.previous.len();
        for certificate in held.iter() {
            let is_known = [&self.current, &self.next].iter().any(|it| &it.ca.certificate == certificate)
                || self.previous.iter().any(|old| old.certificate == *certificate);
            let is_valid = validity(certificate).is_some_and(|validity| now <= validity.not_after);
            if !is_known && is_valid && self.previous.len() < MOST_PREVIOUS {
                self.previous.push(RetiredCa { certificate: certificate.clone(), until });
            }
        }
        self.previous.len() - count
    }

    fn retire(&mut self, old: &CaEntry, now: Timestamp, lifetimes: &Lifetimes) {
        let last_leaf = match old.leaf_lifetime {
            Some(leaf) => later(now, leaf.max(lifetimes.leaf)),
            None => old.ca.validity.not_after,
        };
        let until = later(last_leaf, lifetimes.margin());
        self.previous.push(RetiredCa { certificate: old.ca.certificate.clone(), until });
    }

    /// Records longer lifetimes before a leaf has them; whether there are any.
    fn extend(&mut self, now: Timestamp, seen: &Propagation, lifetimes: &Lifetimes) -> bool {
        let mut is_longer = false;
        if self.current.leaf_lifetime.is_some_and(|leaf| leaf < lifetimes.leaf) {
            self.current.leaf_lifetime = Some(lifetimes.leaf);
            is_longer = true;
        }
        // Replicas go on with a previous CA while the current one is not trusted. One that has slept does not know that: the
        // others may be about to remove it.
        let is_trusted = seen.holds(&self.current.ca.certificate) && self.current.ca.validity.covers(now);
        if !is_trusted && seen.is_fresh(now) {
            let until = lifetimes.kept(now);
            let is_short = |old: &&mut RetiredCa| now < old.until && old.until < earlier(until, lifetimes.margin() / 2);
            for old in self.previous.iter_mut().filter(is_short) {
                old.until = until;
                is_longer = true;
            }
        }
        is_longer
    }
}
