//! Lifetimes of CAs and leaves.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::cert_authority::later;

/// The lifetimes of what this replica makes. Those of other replicas may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    pub ca: Duration,
    pub leaf: Duration,
}

/// Lifetimes with which a CA would end before its leaves. Safe to print.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum UnsoundLifetimes {
    /// Less than a second, which certificates do not know, or far too long.
    #[error("{} is out of range: a CA and a leaf are valid for 1 second to 10 years", shown(*.0))]
    OutOfRange(Duration),
    /// A CA signs for up to two thirds of its life.
    #[error(
        "a CA lifetime of {} is too short for leaves of {}: it must be at least three times as long, {}",
        shown(*ca), shown(*leaf), shown(*leaf * 3)
    )]
    ShortCa { ca: Duration, leaf: Duration },
}

impl Lifetimes {
    pub fn new(ca: Duration, leaf: Duration) -> Result<Self, UnsoundLifetimes> {
        const LONGEST: Duration = Duration::from_hours(10 * 366 * 24);
        if let Some(lifetime) = [ca, leaf].into_iter().find(|it| !(Duration::from_secs(1)..=LONGEST).contains(it)) {
            return Err(UnsoundLifetimes::OutOfRange(lifetime));
        }
        if ca < leaf * 3 { Err(UnsoundLifetimes::ShortCa { ca, leaf }) } else { Ok(Self { ca, leaf }) }
    }

    /// How long a CA has to stand in `caBundle` before a leaf of it is served: every API server has taken it up by then.
    pub fn settling(&self) -> Duration {
        (self.leaf / 4).min(Duration::from_mins(1))
    }

    /// How much longer than its last leaf a CA stays in `caBundle`: the clocks of nodes differ.
    pub fn margin(&self) -> Duration {
        self.leaf.min(Duration::from_mins(5))
    }

    /// When a CA leaves `caBundle` whose last leaf is signed now.
    pub(super) fn kept(&self, now: Timestamp) -> Timestamp {
        later(now, self.leaf + self.margin())
    }
}

/// A duration as flags take it: `507h`, `2m30s`.
fn shown(duration: Duration) -> String {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    format!("{duration:#}").replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_go_together_or_say_why_not() {
        let of = |ca, leaf| {
            let [ca, leaf] = [ca, leaf].map(Duration::from_secs);
            Lifetimes::new(ca, leaf).map(|it| (it.settling().as_millis(), it.margin().as_secs()))
        };
        let year = 365 * 24 * 3600;
        assert_eq!(of(24, 6), Ok((1_500, 6)));
        assert_eq!(of(10 * year, 7 * 24 * 3600), Ok((60_000, 300)));
        assert_eq!(of(3, 1), Ok((250, 1)));
        let range = "is out of range: a CA and a leaf are valid for 1 second to 10 years";
        for (ca, leaf, why) in [
            (24, 0, format!("0s {range}")),
            (11 * year, 6, format!("96360h {range}")),
            (
                17,
                6,
                "a CA lifetime of 17s is too short for leaves of 6s: it must be at least three times as long, 18s"
                    .to_owned(),
            ),
        ] {
            assert_eq!(of(ca, leaf).unwrap_err().to_string(), why);
        }
    }
}
