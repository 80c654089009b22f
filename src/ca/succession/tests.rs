use std::fmt;

use proptest::prelude::*;

use super::*;
use crate::ca::{Leaf, Names, Spread, Validity};

const START: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).unwrap()
}

fn terms(ca: u64, leaf: u64, grace: u64) -> Terms {
    let seconds = Duration::from_secs;
    Terms::new(seconds(ca), seconds(leaf), seconds(grace)).unwrap()
}

fn ca(generation: u32, now: Timestamp, terms: &Terms) -> Ca {
    Ca::make(generation, Validity::starting(now, terms.ca())).unwrap()
}

fn only(succession: &Succession) -> Distribution {
    Distribution::Only(succession.reigns().map(|reign| reign.ca.certificate().clone()).collect())
}

fn generations(succession: &Succession) -> Vec<u32> {
    succession.reigns().map(|reign| reign.generation).collect()
}

/// One life, with the times that this page promises.
#[test]
fn a_handover_takes_grace_and_one_leaf_lifetime() {
    let terms = terms(300, 30, 20);
    let everywhere = Distribution::Everywhere;
    let vacant = Succession::default();
    assert_eq!(
        (vacant.step(at(0), &everywhere), vacant.signer(at(0)), vacant.next_change(at(0))),
        (Some(Step::Join(1)), None, None)
    );

    let sole = vacant.joined(ca(1, at(0), &terms), at(0));
    assert_eq!((generations(&sole), sole.next_change(at(0))), (vec![1], Some(at(200))));
    assert_eq!(sole.step(at(199), &everywhere), None);
    assert_eq!(sole.step(at(200), &everywhere), Some(Step::Join(2)));

    let both = sole.joined(ca(2, at(205), &terms), at(205));
    assert_eq!((generations(&both), both.next_change(at(205))), (vec![1, 2], Some(at(300))));
    assert_eq!(both.step(at(206), &only(&sole)), None, "the bundle does not hold it yet");
    assert_eq!(both.step(at(206), &only(&both)), Some(Step::Schedule));

    let scheduled = both.scheduled(at(210), &terms);
    let Succession::Handover { schedule, .. } = &scheduled else { panic!("{scheduled:?}") };
    assert_eq!(*schedule, Some(Schedule { signs_from: at(230), leaves_at: at(260) }));
    let signer = |second| scheduled.signer(at(second)).map(|reign| reign.generation);
    assert_eq!((signer(210), signer(229), signer(230), signer(999)), (Some(1), Some(1), Some(2), Some(2)));
    assert_eq!((scheduled.next_change(at(210)), scheduled.next_change(at(230))), (Some(at(230)), Some(at(260))));
    assert_eq!(scheduled.step(at(259), &everywhere), None);
    assert_eq!(scheduled.step(at(260), &everywhere), Some(Step::Retire));

    let next = scheduled.retired();
    assert_eq!((generations(&next), next.next_change(at(260))), (vec![2], Some(at(405))));
}

#[test]
fn a_bundle_that_cannot_be_written_holds_the_handover_up_until_nothing_is_lost_by_it() {
    let terms = terms(300, 30, 20);
    let sole = Succession::Vacant.joined(ca(1, at(0), &terms), at(0));
    let both = sole.joined(ca(2, at(200), &terms), at(200));
    let stuck = only(&sole);
    assert_eq!((both.step(at(299), &stuck), both.signer(at(299)).unwrap().generation), (None, 1));
    assert_eq!((both.step(at(300), &stuck), both.signer(at(300)).unwrap().generation), (Some(Step::Schedule), 2));
    let late = |second| match both.scheduled(at(second), &terms) {
        Succession::Handover { schedule: Some(schedule), .. } => (schedule.signs_from, schedule.leaves_at),
        other => panic!("{other:?}"),
    };
    assert_eq!(late(260), (at(280), at(310)));
    assert_eq!(late(280), (at(290), at(320)), "before the old one's end, however short the grace");
    assert_eq!(late(400), (at(400), at(430)));
}

/// A cluster that was switched off for longer than a CA lives.
#[test]
fn a_ca_that_has_ended_is_replaced_at_once() {
    let terms = terms(300, 30, 20);
    let nowhere = Distribution::Only(Vec::new());
    let sole = Succession::Vacant.joined(ca(1, at(0), &terms), at(0));
    assert_eq!(sole.step(at(9000), &nowhere), Some(Step::Join(2)));
    let both = sole.joined(ca(2, at(9000), &terms), at(9000));
    assert_eq!(both.step(at(9000), &nowhere), Some(Step::Schedule));
    let scheduled = both.scheduled(at(9000), &terms);
    assert_eq!(scheduled.signer(at(9000)).unwrap().generation, 2);
    assert_eq!(scheduled.step(at(9030), &nowhere), Some(Step::Retire));
}

#[test]
fn steps_that_are_not_due_change_nothing() {
    let terms = terms(300, 30, 20);
    let vacant = Succession::Vacant;
    let sole = vacant.joined(ca(1, at(0), &terms), at(0));
    let both = sole.joined(ca(2, at(200), &terms), at(200));
    let scheduled = both.scheduled(at(201), &terms);
    assert_eq!((vacant.scheduled(at(1), &terms), vacant.retired()), (vacant.clone(), vacant.clone()));
    assert_eq!((sole.scheduled(at(1), &terms), sole.retired()), (sole.clone(), sole));
    assert_eq!((both.joined(ca(3, at(1), &terms), at(1)), both.retired()), (both.clone(), both));
    assert_eq!(scheduled.scheduled(at(209), &terms), scheduled);
}

#[test]
fn terms_leave_time_for_a_handover() {
    let of = |ca, leaf, grace| {
        let seconds = Duration::from_secs;
        Terms::new(seconds(ca), seconds(leaf), seconds(grace)).map_err(|error| error.to_string())
    };
    assert_eq!(of(150, 30, 20).map(|terms| (terms.ca().as_secs(), terms.leaf().as_secs())), Ok((150, 30)));
    assert_eq!(
        of(149, 30, 20).unwrap_err(),
        "a CA lifetime of 2m29s is too short for leaves of 30s and a grace period of 20s: its last third must hold \
         both, so it must be at least 2m30s"
    );
    let range = "is out of range: a CA, a leaf and a grace period last from 1 second to a year";
    assert_eq!(of(150, 30, 0).unwrap_err(), format!("0s {range}"));
    assert_eq!(of(400 * 24 * 3600, 30, 1).unwrap_err(), format!("9600h {range}"));
    assert_eq!(of(36_000, 604_800, 3_600).unwrap_err().rsplit(' ').next(), Some("507h"));
}

/// The longest time in which a replica has not seen what is in the Secret, in seconds.
const STALE: i64 = 8;
/// How long an API server goes by a bundle that was replaced.
const LAG: i64 = 3;
/// How far any clock is off.
const SKEW: i64 = 2;
/// How long a replica that runs takes to do what is due.
const IDLE: i64 = 2;
/// How long a bundle that can be written takes.
const LATE: i64 = 12;

/// One thing that one replica does, before the clock moves on.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Hears of what is in the Secret, or of what was a moment ago.
    Read { behind: usize },
    /// Does what is due, by what it has read.
    Work,
    /// Reads the registered bundle.
    LookAtBundle,
    /// Then reads the Secret.
    LookAtSecret,
    /// Then writes the one into the other, unless someone came in between.
    WriteBundle,
}

struct World {
    now: i64,
    terms: Terms,
    names: Names,
    /// Every state of the Secret; the last one is the present one. A write names the state it replaces.
    secret: Vec<(i64, Succession)>,
    /// Every registered bundle.
    bundles: Vec<(i64, Distribution)>,
    replicas: Vec<Replica>,
}

struct Replica {
    skew: i64,
    seen: usize,
    seen_at: i64,
    worked_at: i64,
    registered_at: i64,
    /// The bundle it has looked at, and what it found in the Secret after that.
    looked_at: Option<usize>,
    wanted: Option<Distribution>,
    distribution: Distribution,
    leaf: Option<Leaf>,
    issued: Vec<(u32, Timestamp)>,
}

impl World {
    fn new(skews: [i64; 3]) -> Self {
        let nothing = Distribution::Only(Vec::new());
        let replicas = skews.map(|skew| Replica {
            skew,
            seen: 0,
            seen_at: 0,
            worked_at: 0,
            registered_at: 0,
            looked_at: None,
            wanted: None,
            distribution: nothing.clone(),
            leaf: None,
            issued: Vec::new(),
        });
        Self {
            now: 0,
            terms: terms(180, 40, 18),
            names: Names::new("webhook", "default", &[]).unwrap(),
            secret: vec![(0, Succession::Vacant)],
            bundles: vec![(0, nothing)],
            replicas: replicas.into(),
        }
    }

    fn act(&mut self, number: usize, act: Act) {
        let newest = self.secret.len() - 1;
        let replica = &mut self.replicas[number];
        let now = at(self.now + replica.skew);
        match act {
            Act::Read { behind } => {
                replica.seen = newest.saturating_sub(behind).max(replica.seen);
                let until = self.secret.get(replica.seen + 1).map_or(self.now, |(since, _)| *since);
                replica.seen_at = until;
            }
            Act::Work => {
                replica.worked_at = self.now;
                let seen = &self.secret[replica.seen].1;
                if replica.leaf.as_ref().is_none_or(|leaf| leaf.is_due(seen, now)) {
                    let leaf = Leaf::issue(seen, &self.names, now, &self.terms, Spread::random()).unwrap();
                    if let Some(leaf) = leaf {
                        let issuer = seen.signer(now).unwrap();
                        replica.issued.push((issuer.generation, leaf.not_after()));
                        replica.leaf = Some(leaf);
                    }
                }
                let Some(step) = seen.step(now, &replica.distribution) else { return };
                let next = match step {
                    Step::Join(generation) => seen.joined(ca(generation, now, &self.terms), now),
                    Step::Schedule => seen.scheduled(now, &self.terms),
                    Step::Retire => seen.retired(),
                };
                assert_ne!(next, *seen, "{step:?} was due");
                if replica.seen == newest {
                    self.secret.push((self.now, next));
                    replica.seen += 1;
                    replica.seen_at = self.now;
                }
            }
            Act::LookAtBundle => (replica.looked_at, replica.wanted) = (Some(self.bundles.len() - 1), None),
            Act::LookAtSecret => replica.wanted = replica.looked_at.map(|_| only(&self.secret[newest].1)),
            Act::WriteBundle => {
                let Some((looked_at, wanted)) = replica.looked_at.take().zip(replica.wanted.take()) else { return };
                if looked_at != self.bundles.len() - 1 {
                    return;
                }
                replica.registered_at = self.now;
                replica.distribution = wanted.clone();
                if self.bundles[looked_at].1 != wanted {
                    self.bundles.push((self.now, wanted));
                }
            }
        }
    }

    /// A second passes: whoever has been idle for too long does something.
    fn pass(&mut self, registering: bool) {
        self.now += 1;
        for number in 0..self.replicas.len() {
            let replica = &self.replicas[number];
            let (read, work) = (self.now - replica.seen_at > STALE, self.now - replica.worked_at > IDLE);
            let register = registering && self.now - replica.registered_at > LATE;
            if read {
                self.act(number, Act::Read { behind: 0 });
            }
            if work {
                self.act(number, Act::Work);
            }
            if register {
                for act in [Act::LookAtBundle, Act::LookAtSecret, Act::WriteBundle] {
                    self.act(number, act);
                }
            }
        }
    }

    /// The bundles by which an API server may judge now.
    fn in_force(&self) -> impl Iterator<Item = &Distribution> {
        let replaced = self.bundles.iter().skip(1).map(|(since, _)| *since).chain([i64::MAX]);
        let still = move |(bundle, until)| (until > self.now - LAG).then_some(bundle);
        self.bundles.iter().map(|(_, bundle)| bundle).zip(replaced).filter_map(still)
    }

    /// Every leaf that is served is trusted by every API server.
    fn check(&self) {
        for replica in &self.replicas {
            let Some(leaf) = &replica.leaf else { continue };
            assert!(leaf.not_after() >= at(self.now), "a leaf has ended: {self}");
            for bundle in self.in_force() {
                // Before the first bundle nobody can be trusted.
                let founding = *bundle == Distribution::Only(Vec::new());
                assert!(founding || bundle.holds(leaf.issuer()), "a leaf is served that nobody trusts: {self}");
            }
        }
    }

    /// No CA ever left while a leaf of it was valid, and there was never more than one line of them.
    fn check_history(&self) {
        let mut heads: Vec<Arc<Ca>> = Vec::new();
        for (since, succession) in &self.secret {
            for reign in succession.reigns() {
                let index = reign.generation as usize - 1;
                if index == heads.len() {
                    heads.push(Arc::clone(&reign.ca));
                }
                assert_eq!(heads[index], reign.ca, "two CAs of one generation");
            }
            let oldest = succession.reigns().next().map_or(1, |reign| reign.generation);
            for (generation, not_after) in self.replicas.iter().flat_map(|replica| &replica.issued) {
                let gone = *generation < oldest && *not_after > at(since + SKEW);
                assert!(!gone, "generation {generation} left before its leaf ended: {self}");
            }
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "now {}", self.now)?;
        for (since, succession) in &self.secret {
            write!(f, "\nsince {since}: {:?}", generations(succession))?;
        }
        for replica in &self.replicas {
            write!(f, "\nskew {} seen {} leaf {:?}", replica.skew, replica.seen, replica.leaf)?;
        }
        Ok(())
    }
}

fn acts() -> impl Strategy<Value = Vec<(usize, Act, bool)>> {
    let act = prop_oneof![
        (0_usize..2).prop_map(|behind| Act::Read { behind }),
        Just(Act::Work),
        Just(Act::LookAtBundle),
        Just(Act::LookAtSecret),
        Just(Act::WriteBundle),
    ];
    proptest::collection::vec((0_usize..3, act, any::<bool>()), 900)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Three replicas with clocks that differ, stale reads, and any order of reads and writes.
    #[test]
    fn no_order_of_events_serves_an_untrusted_leaf(
        acts in acts(),
        skews in [-SKEW..=SKEW, -SKEW..=SKEW, -SKEW..=SKEW],
    ) {
        let mut world = World::new(skews);
        for (number, act, passes) in acts {
            world.act(number, act);
            if passes {
                world.pass(true);
            }
            world.check();
        }
        world.check_history();
        let newest = generations(&world.secret.last().unwrap().1);
        prop_assert!(newest.iter().max() >= Some(&3), "the run must have seen handovers: {newest:?}");
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// Nobody may write the bundle: the CA that is in it signs to its end.
    #[test]
    fn a_bundle_that_stays_as_it_is_stays_enough(acts in acts()) {
        let mut world = World::new([0, 1, -1]);
        for act in [Act::Work, Act::LookAtBundle, Act::LookAtSecret, Act::WriteBundle] {
            world.act(0, act);
        }
        for (number, act, _) in acts {
            if !matches!(act, Act::WriteBundle) {
                world.act(number, act);
            }
            if world.now < 175 {
                world.pass(false);
            }
            world.check();
        }
        prop_assert_eq!(generations(&world.secret.last().unwrap().1), [1, 2]);
    }
}
