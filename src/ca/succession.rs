//! Which CA signs, and when the next one takes over. No clock and no I/O: time is handed in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustls_pki_types::CertificateDer;

use super::cert_authority::{Ca, later, whole_second};

#[cfg(test)]
mod tests;

/// The CAs that stand in the Secret: none, one, or the old and the new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Succession {
    /// None yet, or none any more.
    #[default]
    Vacant,
    /// One that signs.
    Sole(Reign),
    /// Two in the bundle, of which one signs.
    Handover {
        /// The one that signs until the schedule's first day.
        old: Reign,
        /// The one that signs from then on.
        new: Reign,
        /// `None` until the new one is known to be in every bundle.
        schedule: Option<Schedule>,
    },
}

/// A CA with its place in the succession.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reign {
    /// Counts the CAs since the Secret was empty, from 1.
    pub generation: u32,
    /// When it was put into the Secret.
    pub joined: Timestamp,
    /// The CA.
    pub ca: Arc<Ca>,
}

/// When a handover takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// From then on leaves come from the new one.
    pub signs_from: Timestamp,
    /// From then on no leaf of the old one is valid, and it may leave the bundle.
    pub leaves_at: Timestamp,
}

/// How long things last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    ca: Duration,
    leaf: Duration,
    grace: Duration,
}

/// Lifetimes with which a CA would end before its successor has taken over. Safe to print.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum UnsoundTerms {
    /// Less than a second, which certificates do not know, or for ever.
    #[error("{} is out of range: a CA, a leaf and a grace period last from 1 second to a year", Shown(*.0))]
    OutOfRange(Duration),
    /// A CA begins to hand over at two thirds of its life.
    #[error(
        "a CA lifetime of {} is too short for leaves of {} and a grace period of {}: its last third must hold both, so \
         it must be at least {}",
        Shown(*ca), Shown(*leaf), Shown(*grace), Shown(*least)
    )]
    ShortCa {
        /// The CA's lifetime.
        ca: Duration,
        /// The leaves'.
        leaf: Duration,
        /// The grace period.
        grace: Duration,
        /// The shortest lifetime of a CA with these.
        least: Duration,
    },
}

/// A duration as flags take it: `507h`, `2m30s`.
struct Shown(Duration);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let duration = SignedDuration::try_from(self.0).unwrap_or(SignedDuration::MAX);
        f.write_str(&format!("{duration:#}").replace(' ', ""))
    }
}

/// Where a CA's certificate has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// Wherever it is asked for: nobody is to be told, or someone else tells them.
    Everywhere,
    /// Only these are in every bundle that the API server uses.
    Only(Vec<CertificateDer<'static>>),
}

/// A change of the Secret that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A new CA of this generation joins.
    Join(u32),
    /// The handover gets its days.
    Schedule,
    /// The old CA leaves.
    Retire,
}

impl Succession {
    /// What is to be changed now, if anything.
    #[must_use]
    pub fn step(&self, now: Timestamp, distribution: &Distribution) -> Option<Step> {
        match self {
            Self::Vacant => Some(Step::Join(1)),
            Self::Sole(reign) => (now >= reign.hands_over()).then(|| Step::Join(reign.generation.saturating_add(1))),
            Self::Handover { old, new, schedule: None } => {
                // A bundle that can't be written must not end in leaves that nobody trusts, until the old ones aren't
                // trusted either.
                let ready = distribution.holds(&new.ca) || now >= old.ca.not_after();
                ready.then_some(Step::Schedule)
            }
            Self::Handover { schedule: Some(schedule), .. } => (now >= schedule.leaves_at).then_some(Step::Retire),
        }
    }

    /// With a new CA, at [`Step::Join`]. Otherwise as it is.
    #[must_use]
    pub fn joined(&self, ca: Ca, now: Timestamp) -> Self {
        let reign = |generation| Reign { generation, joined: whole_second(now), ca: Arc::new(ca) };
        match self {
            Self::Vacant => Self::Sole(reign(1)),
            Self::Sole(old) => {
                let new = reign(old.generation.saturating_add(1));
                Self::Handover { old: old.clone(), new, schedule: None }
            }
            Self::Handover { .. } => self.clone(),
        }
    }

    /// With days for the handover, at [`Step::Schedule`]. Otherwise as it is.
    #[must_use]
    pub fn scheduled(&self, now: Timestamp, terms: &Terms) -> Self {
        match self {
            Self::Handover { old, new, schedule: None } => {
                // A late start must still come before the old one's end.
                let latest = earlier(old.ca.not_after(), terms.leaf / 3).max(now);
                let signs_from = whole_second(later(now, terms.grace).min(latest));
                let leaves_at = whole_second(later(signs_from, terms.leaf));
                let schedule = Some(Schedule { signs_from, leaves_at });
                Self::Handover { old: old.clone(), new: new.clone(), schedule }
            }
            _ => self.clone(),
        }
    }

    /// Without the old CA, at [`Step::Retire`]. Otherwise as it is.
    #[must_use]
    pub fn retired(&self) -> Self {
        match self {
            Self::Handover { new, schedule: Some(_), .. } => Self::Sole(new.clone()),
            _ => self.clone(),
        }
    }

    /// The CA that signs leaves now; `None` while there is none.
    #[must_use]
    pub fn signer(&self, now: Timestamp) -> Option<&Reign> {
        match self {
            Self::Vacant => None,
            Self::Sole(reign) => Some(reign),
            Self::Handover { old, new, schedule } => {
                let handed_over = schedule.is_some_and(|schedule| now >= schedule.signs_from);
                Some(if handed_over || now >= old.ca.not_after() { new } else { old })
            }
        }
    }

    /// The last second for which a leaf of the CA may be valid.
    pub(super) fn end_of(&self, ca: &Ca) -> Timestamp {
        match self {
            Self::Handover { old, schedule: Some(schedule), .. } if *old.ca == *ca => {
                schedule.leaves_at.min(ca.not_after())
            }
            _ => ca.not_after(),
        }
    }

    /// All CAs, the oldest first.
    pub fn reigns(&self) -> impl Iterator<Item = &Reign> {
        let (old, new) = match self {
            Self::Vacant => (None, None),
            Self::Sole(reign) => (Some(reign), None),
            Self::Handover { old, new, .. } => (Some(old), Some(new)),
        };
        old.into_iter().chain(new)
    }

    /// The next point in time at which a step or another signer is due.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Vacant => None,
            Self::Sole(reign) => Some(reign.hands_over()),
            Self::Handover { old, schedule: None, .. } => Some(old.ca.not_after()),
            Self::Handover { schedule: Some(schedule), .. } => {
                Some(if now < schedule.signs_from { schedule.signs_from } else { schedule.leaves_at })
            }
        }
    }
}

impl Reign {
    /// When its successor joins: two thirds into its life.
    fn hands_over(&self) -> Timestamp {
        let life = self.ca.not_after().duration_since(self.joined);
        later(self.joined, life.try_into().unwrap_or(Duration::ZERO) * 2 / 3)
    }
}

impl Terms {
    /// How long a CA and a leaf live, and how long a CA is in the bundle before it signs.
    ///
    /// The grace period must be longer than it takes for a change of the Secret and of the bundle to be seen by all.
    ///
    /// # Errors
    ///
    /// If a CA would end before its successor has taken over.
    pub fn new(ca: Duration, leaf: Duration, grace: Duration) -> Result<Self, UnsoundTerms> {
        const LONGEST: Duration = Duration::from_hours(366 * 24);
        for duration in [ca, leaf, grace] {
            if !(Duration::from_secs(1)..=LONGEST).contains(&duration) {
                return Err(UnsoundTerms::OutOfRange(duration));
            }
        }
        let least = (leaf + grace) * 3;
        if ca < least { Err(UnsoundTerms::ShortCa { ca, leaf, grace, least }) } else { Ok(Self { ca, leaf, grace }) }
    }

    /// How long a CA lives.
    #[must_use]
    pub fn ca(&self) -> Duration {
        self.ca
    }

    /// How long a leaf lives.
    #[must_use]
    pub fn leaf(&self) -> Duration {
        self.leaf
    }

    /// How long a CA is in every bundle before it signs.
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.grace
    }
}

impl Distribution {
    fn holds(&self, ca: &Ca) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Only(certificates) => certificates.contains(ca.certificate()),
        }
    }
}

fn earlier(time: Timestamp, by: Duration) -> Timestamp {
    time.saturating_sub(by).unwrap_or(Timestamp::MIN)
}
