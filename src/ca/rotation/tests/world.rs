//! Replicas, the Secret and two webhook configurations, in any order of events.

use std::fmt;

use proptest::prelude::*;

use super::*;
use crate::ca::leaf::{Leaf, Names, Spread};

/// How long an API server goes by a configuration that was replaced.
const LAG: i64 = 3;
/// How far any clock is off.
const SKEW: i64 = 3;

struct World {
    now: i64,
    names: Names,
    /// Every state of the Secret; the last one is the present one.
    secret: Vec<SecretContents>,
    oldest_backup: usize,
    /// Every `caBundle` of each configuration.
    configurations: [Vec<(i64, Bundle)>; 2],
    writable: [bool; 2],
    replicas: Vec<Replica>,
}

struct Replica {
    lifetimes: Lifetimes,
    skew: i64,
    is_paused: bool,
    next: Step,
    seen: Propagation,
    looked_at: [usize; 2],
    read: usize,
    read_at: Timestamp,
    rotation: Option<Rotation>,
    leaf: Option<Leaf>,
}

/// What a replica does next, one after the other.
#[derive(Clone, Copy, Debug)]
enum Step {
    Look,
    Read,
    WriteSecret,
    WriteBundle(usize),
    Sign,
}

/// What happens in a second.
#[derive(Clone, Debug)]
enum Event {
    Nothing,
    SetClock(usize, i64),
    Pause(usize),
    Resume(usize),
    Writable([bool; 2]),
    Restore(usize),
}

impl World {
    fn new(leaf_lifetimes: &[u64]) -> Self {
        let replica = |leaf: &u64| Replica {
            lifetimes: Lifetimes::new(Duration::from_mins(3), Duration::from_secs(*leaf)).unwrap(),
            skew: 0,
            is_paused: false,
            next: Step::Look,
            seen: Propagation::default(),
            looked_at: [0; 2],
            read: 0,
            read_at: at(0),
            rotation: None,
            leaf: None,
        };
        let empty = SecretContents {
            state: SecretState::Empty,
            current: None,
            next: None,
            previous: Vec::new(),
            generation: 0,
        };
        let mut world = Self {
            now: 0,
            names: Names::new("webhook", "default", &[]).unwrap(),
            secret: vec![empty],
            oldest_backup: 1,
            configurations: [0, 1].map(|_| vec![(-LAG, Bundle::default())]),
            writable: [true; 2],
            replicas: leaf_lifetimes.iter().map(replica).collect(),
        };
        // The first leaves, which nobody trusts until then.
        for number in 0..world.replicas.len() {
            while world.replicas[number].leaf.is_none() {
                world.step(number);
            }
        }
        world.now = LAG;
        world
    }

    fn step(&mut self, number: usize) {
        let newest = self.secret.len() - 1;
        let latest = self.configurations.each_ref().map(|versions| versions.len() - 1);
        let replica = &mut self.replicas[number];
        let now = at(self.now + replica.skew);
        replica.next = match replica.next {
            Step::Look => {
                replica.looked_at = latest;
                let held = self.configurations.each_ref().map(|versions| vec![&versions.last().unwrap().1]);
                replica.seen.update(now, &held);
                Step::Read
            }
            Step::Read => {
                (replica.read, replica.read_at) = (newest, now);
                Step::WriteSecret
            }
            Step::WriteSecret => {
                let make = |generation| Ok::<_, ()>(ca(generation, now, 180));
                let plan = reconcile(&self.secret[replica.read], now, &replica.seen, &replica.lifetimes, make).unwrap();
                if plan.changes.is_empty() || replica.read == newest {
                    if !plan.changes.is_empty() {
                        let (rotation, read) = (plan.rotation.clone(), &self.secret[newest]);
                        self.secret.push(SecretContents {
                            generation: rotation.next.generation.max(read.generation),
                            state: SecretState::Sound,
                            current: Some(rotation.current),
                            next: Some(rotation.next),
                            previous: rotation.previous,
                        });
                        (replica.read, replica.read_at) = (newest + 1, now);
                        if plan.changes.contains(&SecretChange::Extended) {
                            self.oldest_backup = newest + 1;
                        }
                    }
                    replica.rotation = Some(plan.rotation);
                    Step::WriteBundle(0)
                } else {
                    Step::Read
                }
            }
            Step::WriteBundle(which) => {
                let bundle = replica.rotation.as_ref().unwrap().bundle(now);
                let is_current = self.configurations[which].last().unwrap().1.is_same(&bundle);
                if replica.looked_at[which] == latest[which] {
                    if !is_current && self.writable[which] {
                        self.configurations[which].push((self.now, bundle));
                        replica.looked_at[which] += 1;
                    }
                    if which == 0 { Step::WriteBundle(1) } else { Step::Sign }
                } else {
                    Step::Look
                }
            }
            Step::Sign => {
                let rotation = replica.rotation.as_ref().unwrap();
                let serving = replica.leaf.as_ref().map(|leaf| &leaf.issuer);
                let signer = rotation.signer(now, &replica.seen, &replica.lifetimes, serving);
                let end = rotation.leaf_end(signer, replica.read_at, &replica.lifetimes);
                if now < end && replica.leaf.as_ref().is_none_or(|leaf| leaf.is_due(signer, end, now)) {
                    replica.leaf = Some(Leaf::issue(signer, &self.names, now, end, Spread::random()).unwrap());
                }
                Step::Look
            }
        };
    }

    fn happen(&mut self, event: &Event) {
        match *event {
            Event::Nothing => {}
            Event::SetClock(number, skew) => self.replicas[number].skew = skew,
            Event::Pause(number) => self.replicas[number].is_paused = true,
            Event::Resume(number) => self.replicas[number].is_paused = false,
            Event::Writable(writable) => self.writable = writable,
            Event::Restore(back) => {
                // Not the empty one: to empty the Secret is how to revoke its CAs. None from before another restore: in that
                // one a CA may have gone that has come back since. And none from before a previous CA was kept for longer,
                // which replicas do while the current one is not trusted.
                let index = self.secret.len().saturating_sub(1 + back).max(self.oldest_backup);
                self.oldest_backup = self.secret.len();
                self.secret.push(self.secret[index].clone());
            }
        }
    }

    /// Every leaf that is served, or would be by a replica that is paused, is trusted by every API server.
    fn check(&self) {
        for (number, replica) in self.replicas.iter().enumerate() {
            let Some(leaf) = replica.leaf.as_ref().filter(|leaf| at(self.now) <= leaf.not_after) else { continue };
            for versions in &self.configurations {
                let replaced = versions.iter().skip(1).map(|(since, _)| *since).chain([i64::MAX]);
                for ((_, bundle), _) in versions.iter().zip(replaced).filter(|(_, until)| *until > self.now - LAG) {
                    let is_trusted = bundle.holds(&leaf.issuer.certificate);
                    assert!(is_trusted, "the leaf of replica {number} is not trusted: {self}");
                }
            }
        }
    }

    fn promotions(&self) -> Vec<u32> {
        let mut generations: Vec<u32> =
            self.secret.iter().skip(1).map(|it| it.current.as_ref().unwrap().generation).collect();
        generations.dedup();
        generations
    }
}

/// Tells CAs apart in messages.
fn label(ca: &CertificateDer<'_>) -> u16 {
    ca.iter().rev().take(8).fold(0_u16, |sum, byte| sum.wrapping_mul(31).wrapping_add(u16::from(*byte)))
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "now {}, promotions {:?}", self.now, self.promotions())?;
        for replica in &self.replicas {
            let leaf = replica.leaf.as_ref();
            let leaf = leaf.map(|leaf| (leaf.not_after, leaf.renewed_at, label(&leaf.issuer.certificate)));
            write!(f, "\nskew {} next {:?} leaf {leaf:?}", replica.skew, replica.next)?;
        }
        for versions in &self.configurations {
            for (since, bundle) in versions.iter().rev().take(4) {
                write!(f, "\nsince {since}: {:?}", bundle.iter().map(label).collect::<Vec<_>>())?;
            }
        }
        Ok(())
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        20 => Just(Event::Nothing),
        2 => (0_usize..3, -SKEW..=SKEW).prop_map(|(number, skew)| Event::SetClock(number, skew)),
        1 => (0_usize..3).prop_map(Event::Pause),
        2 => (0_usize..3).prop_map(Event::Resume),
        2 => any::<[bool; 2]>().prop_map(Event::Writable),
        1 => (0_usize..6).prop_map(Event::Restore),
    ]
}

/// For each second, what happens, and how many steps each replica takes.
fn seconds() -> impl Strategy<Value = Vec<(Event, [usize; 3])>> {
    proptest::collection::vec((event(), [0_usize..8, 0_usize..8, 0_usize..8]), 500)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 300, ..ProptestConfig::default() })]

    /// Clocks that are set, bundles that can't be written, replicas that are paused, Secrets that come back from a backup.
    #[test]
    fn no_order_of_events_serves_an_untrusted_leaf(seconds in seconds()) {
        let mut world = World::new(&[40, 40, 60]);
        for (event, steps) in seconds {
            world.happen(&event);
            for (number, count) in steps.into_iter().enumerate() {
                for _ in 0..count {
                    if !world.replicas[number].is_paused {
                        world.step(number);
                        world.check();
                    }
                }
            }
            world.now += 1;
            world.check();
        }
    }
}

/// Replicas in a quiet world: each CA is promoted in time, and every leaf is valid.
#[test]
fn cas_take_over_in_time() {
    let mut world = World::new(&[40, 40]);
    let mut promoted_at = Vec::new();
    while world.now < 600 {
        for step in 0..24 {
            world.step(step % 2);
            world.check();
        }
        if world.promotions().len() > promoted_at.len() {
            promoted_at.push(world.now);
        }
        for replica in &world.replicas {
            assert!(replica.leaf.as_ref().unwrap().not_after > at(world.now), "{world}");
        }
        world.now += 1;
    }
    assert_eq!(promoted_at, [3, 60, 120, 180, 240, 300, 360, 420, 480, 540]);
    assert_eq!(world.configurations[0].last().unwrap().1.iter().count(), 3, "the current, the next, the previous one");
}

/// The configurations can't be written after the first time: the CAs that they hold sign to their end.
#[test]
fn without_the_right_to_write_nothing_new_signs() {
    let mut world = World::new(&[40]);
    world.writable = [true, false];
    while world.now < 180 {
        for _ in 0..12 {
            world.step(0);
            world.check();
        }
        assert!(world.replicas[0].leaf.as_ref().unwrap().not_after > at(world.now), "{world}");
        world.now += 1;
    }
    assert_eq!(world.promotions(), [1, 2]);
}
