//! What was decided. Each request counts here, so that the counters are looked up once and not each time: a look-up hashes
//! every label.

use std::array::from_fn;
use std::sync::{Arc, OnceLock};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::Counters;
use crate::admission::{DecisionRecord, Phase};
use crate::setting::RuleId;

const OPERATIONS: [&str; 4] = ["CREATE", "UPDATE", "DELETE", "unknown"];
const VERDICTS: [&str; 5] = ["allowed", "refused", "unavailable", "malformed", "late"];
const OUTCOMES: [&str; 4] = ["kept", "emptied", "restored", "rewritten"];

/// The counters of decisions. Clones count into the same.
#[derive(Clone, Debug)]
pub(super) struct Decisions {
    decided: Counters<3>,
    /// Of these, those that came up, by operation and verdict; first for one phase, then for the other.
    met: Arc<[[[OnceLock<Counter>; VERDICTS.len()]; OPERATIONS.len()]; 2]>,
    refusals: Counters<1>,
    by_rule: [Counter; RuleId::ALL.len()],
    mutations: Counters<1>,
    by_outcome: [Counter; OUTCOMES.len()],
}

impl Default for Decisions {
    /// Rules and outcomes are there from the start, at zero.
    fn default() -> Self {
        let (refusals, mutations) = (Counters::default(), Counters::default());
        Self {
            decided: Counters::default(),
            met: Arc::default(),
            by_rule: RuleId::ALL.map(|rule| refusals.get_or_create_owned(&[("rule", rule.as_str())])),
            refusals,
            by_outcome: from_fn(|index| mutations.get_or_create_owned(&[("outcome", OUTCOMES[index])])),
            mutations,
        }
    }
}

impl Decisions {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("decisions", "Reviews answered, by phase, operation and verdict", self.decided.clone());
        registry.register(
            "refusals",
            "Refusals by the rule that refused; one may count for several",
            self.refusals.clone(),
        );
        registry.register("mutations", "What mutation made of the value of an admitted change", self.mutations.clone());
    }

    pub(super) fn count(&self, phase: Phase, record: &DecisionRecord) {
        let DecisionRecord { operation, verdict, rules, mutation, .. } = record;
        let new = || {
            let labels = [("phase", phase.name()), ("operation", *operation), ("verdict", *verdict)];
            self.decided.get_or_create_owned(&labels)
        };
        let index = |names: &[&str], name: &str| names.iter().position(|it| *it == name);
        match (index(&OPERATIONS, operation), index(&VERDICTS, verdict)) {
            (Some(operation), Some(verdict)) => self.met[phase as usize][operation][verdict].get_or_init(new).inc(),
            _ => new().inc(),
        };
        for rule in rules.iter() {
            self.by_rule[rule as usize].inc();
        }
        if phase == Phase::Mutate
            && *verdict == "allowed"
            && let Some(outcome) = index(&OUTCOMES, mutation)
        {
            self.by_outcome[outcome].inc();
        }
    }
}
