//! A user who never stops: the Setting is changed every 30 ms through the API server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::api::{Answer, Api, Patch};
use crate::harness::cluster::SETTING;

/// So many callers, each in its turn: one that waits long holds no other up.
pub const CALLERS: u32 = 8;
const EVERY: Duration = Duration::from_millis(30);

/// Long enough to see that all is well before and after.
pub const CALM: Duration = Duration::from_secs(1);

/// Changes that are being made in the background.
#[derive(Debug)]
pub struct Changes {
    ended: Arc<AtomicBool>,
    callers: Vec<JoinHandle<Vec<Change>>>,
    began: Instant,
}

/// One change: when it began, how long it took, and what became of it.
#[derive(Debug)]
pub struct Change {
    pub at: Instant,
    pub took: Duration,
    pub outcome: Outcome,
}

#[derive(Debug)]
pub enum Outcome {
    /// As the rules decide.
    Decided,
    /// Stored, though a rule forbids it.
    Unguarded,
    /// Refused for another reason.
    Fault(String),
}

/// What became of them.
#[derive(Debug)]
pub struct Tally {
    /// How long it went on.
    pub took: Duration,
    /// How many there were.
    pub sent: usize,
    /// Refused for another reason than a rule, by reason.
    pub faults: BTreeMap<String, usize>,
    /// From the first to the last of these.
    pub faulty: Duration,
    /// The longest that one took.
    pub longest: Duration,
    /// How many bad values were stored.
    pub stored: usize,
    /// From the first to the last of these.
    pub unguarded: Duration,
}

impl Changes {
    /// Starts them. Each changes the VLAN; every third time to one that a rule refuses.
    pub fn start(api: &Api) -> Self {
        let (ended, began) = (Arc::new(AtomicBool::new(false)), Instant::now());
        let callers = (0..CALLERS).map(|caller| {
            let (api, ended) = (api.clone(), ended.clone());
            thread::spawn(move || {
                let mut changes = Vec::new();
                for turn in 0.. {
                    let number = turn * CALLERS + caller;
                    thread::sleep((began + EVERY * number).saturating_duration_since(Instant::now()));
                    if ended.load(Ordering::Acquire) {
                        break;
                    }
                    changes.push(change(&api, number));
                }
                changes
            })
        });
        let callers = callers.collect();
        Self { ended, callers, began }
    }

    /// Ends them, and tells of each.
    pub fn each(mut self) -> Vec<Change> {
        self.ended.store(true, Ordering::Release);
        let callers = std::mem::take(&mut self.callers).into_iter();
        callers.flat_map(|caller| caller.join().expect("a caller does not panic")).collect()
    }

    /// Ends them, and tells.
    pub fn end(self) -> Tally {
        let began = self.began;
        let changes = self.each();
        let span = |chosen: fn(&Outcome) -> bool| {
            let chosen = || changes.iter().filter(|change| chosen(&change.outcome));
            let (first, last) = (chosen().map(|one| one.at).min(), chosen().map(|one| one.at + one.took).max());
            first.zip(last).map_or(Duration::ZERO, |(first, last)| last - first)
        };
        let mut faults = BTreeMap::new();
        for change in &changes {
            if let Outcome::Fault(reason) = &change.outcome {
                *faults.entry(reason.clone()).or_default() += 1;
            }
        }
        Tally {
            took: began.elapsed(),
            sent: changes.len(),
            faults,
            faulty: span(|outcome| matches!(outcome, Outcome::Fault(_))),
            longest: changes.iter().map(|change| change.took).max().unwrap_or_default(),
            stored: changes.iter().filter(|change| matches!(change.outcome, Outcome::Unguarded)).count(),
            unguarded: span(|outcome| matches!(outcome, Outcome::Unguarded)),
        }
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
    }
}

fn change(api: &Api, number: u32) -> Change {
    let bad = number % 3 == 2;
    let vlan = number % 900 + 2 + if bad { 5000 } else { 0 };
    let value = json!({"clusterNetwork": "vm-migration", "vlan": vlan, "range": "192.168.1.0/24"});
    let at = Instant::now();
    let answer = api.patch(SETTING, Patch::Merge, &json!({"value": value.to_string()}));
    Change { at, took: at.elapsed(), outcome: outcome(answer, bad) }
}

fn outcome(answer: Answer, bad: bool) -> Outcome {
    match answer {
        Ok(_) if bad => Outcome::Unguarded,
        Ok(_) => Outcome::Decided,
        Err(refusal) if bad && refusal.status["details"]["causes"][0]["field"] == "value.vlan" => Outcome::Decided,
        Err(refusal) => Outcome::Fault(reason(refusal.code, &refusal.message)),
    }
}

/// What the API server says of a certificate that it does not trust.
pub const DISTRUST: [&str; 2] = ["unknown authority", "certificate has expired"];

/// In the words of whoever failed, without what differs from one time to the next.
pub fn reason(code: u16, message: &str) -> String {
    const KNOWN: [&str; 7] = [
        "context deadline exceeded",
        "connection refused",
        "no route to host",
        "no endpoints available",
        "connection reset",
        "EOF",
        "i/o timeout",
    ];
    let whose = if message.contains("failed calling webhook") { "webhook" } else { "API server" };
    match KNOWN.iter().chain(&DISTRUST).find(|known| message.contains(**known)) {
        Some(known) => format!("{whose}: {known}"),
        None => format!("{whose}: {code} {}", message.rsplit(": ").next().unwrap_or(message)),
    }
}
