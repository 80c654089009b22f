//! Which CAs the API server is known to trust.

use std::time::Duration;

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;

use super::cert_authority::later;
use crate::registration::Bundle;

/// What was read of the two webhook configurations is good for this long.
const FRESH: Duration = Duration::from_secs(30);

/// What the two webhook configurations were seen to hold.
#[derive(Clone, Debug, Default)]
pub struct Propagation {
    read_at: Option<Timestamp>,
    /// How many of the two exist and call the server.
    configurations: usize,
    /// The CAs that every entry holds, each with the time since when that was seen.
    everywhere: Vec<(CertificateDer<'static>, Timestamp)>,
    /// The CAs that any entry holds.
    pub anywhere: Bundle,
}

impl Propagation {
    /// Takes in what was just read: the `caBundle` of each entry that calls the server, by configuration.
    pub fn update(&mut self, now: Timestamp, held: &[Vec<&Bundle>; 2]) {
        let mut bundles = held.iter().flatten();
        let first = bundles.next().map_or_else(Bundle::default, |first| (*first).clone());
        let everywhere = bundles.fold(first, |all, bundle| all.intersection(bundle));
        // A clock that was set back starts the wait anew.
        let since = |ca| self.everywhere.iter().find(|(seen, _)| seen == ca).map_or(now, |(_, since)| now.min(*since));
        self.everywhere = everywhere.iter().map(|ca| (ca.clone(), since(ca))).collect();
        self.anywhere = held.iter().flatten().flat_map(|bundle| bundle.iter()).cloned().collect();
        self.configurations = held.iter().filter(|bundles| !bundles.is_empty()).count();
        self.read_at = Some(now);
    }

    /// Whether every entry that calls the server holds the CA.
    pub fn holds(&self, ca: &CertificateDer<'_>) -> bool {
        self.everywhere.iter().any(|(held, _)| held == ca)
    }

    /// When every entry has held the CA for this long; `None` while one does not hold it.
    pub fn settled_at(&self, ca: &CertificateDer<'_>, settling: Duration) -> Option<Timestamp> {
        self.everywhere.iter().find(|(held, _)| held == ca).map(|(_, since)| later(*since, settling))
    }

    /// Whether the two configurations were read a moment ago.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.read_at.is_some_and(|read_at| read_at <= now && now <= later(read_at, FRESH))
    }

    /// Whether both configurations exist and call the server.
    pub fn is_complete(&self) -> bool {
        self.configurations == 2
    }

    /// Whether neither configuration exists and calls the server.
    pub fn is_empty(&self) -> bool {
        self.configurations == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::Bundle;

    #[test]
    fn a_ca_counts_from_when_every_entry_holds_it() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        let [a, b] = [1_u8, 2].map(|byte| CertificateDer::from(vec![byte]));
        let bundle = |cas: &[&CertificateDer<'static>]| cas.iter().map(|ca| (*ca).clone()).collect::<Bundle>();
        let (one, both, none) = (bundle(&[&a]), bundle(&[&a, &b]), Bundle::default());
        let settling = Duration::from_secs(5);
        let mut seen = Propagation::default();
        assert!(!seen.is_fresh(at(0)) && seen.is_empty());

        for (now, held, a_settles, b_settles, complete) in [
            (0, [vec![&one], vec![&one, &both]], Some(5), None, true),
            (3, [vec![&both], vec![&both, &both]], Some(5), Some(8), true),
            (4, [vec![&both], vec![]], Some(5), Some(8), false),
            // The clock is set back, and goes on.
            (-60, [vec![&both], vec![&both]], Some(-55), Some(-55), true),
            (9, [vec![&both], vec![&both, &none]], None, None, true),
            (10, [vec![&both], vec![&both, &both]], Some(15), Some(15), true),
        ] {
            seen.update(at(now), &held);
            assert_eq!(seen.settled_at(&a, settling), a_settles.map(at), "a at {now}");
            assert_eq!(seen.settled_at(&b, settling), b_settles.map(at), "b at {now}");
            assert_eq!((seen.holds(&b), seen.is_complete()), (b_settles.is_some(), complete), "at {now}");
            assert_eq!([-1, 0, 30, 31].map(|more| seen.is_fresh(at(now + more))), [false, true, true, false]);
            assert!(seen.anywhere.holds(&a));
        }
        seen.update(at(11), &[vec![], vec![]]);
        assert!(seen.is_empty() && !seen.holds(&a));
    }
}
