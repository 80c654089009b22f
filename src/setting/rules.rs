//! The rules: a submitted value held against itself and against the cluster.
//!
//! Every rule runs and every violation is reported, in table order. A rule that can't be judged because
//! facts are missing says so instead; one that has no sound input (a range that is none) stays silent, as
//! the rule that reports that input speaks for it.

mod address;
mod cluster;
mod migration;
mod sibling;
mod value;

use std::sync::Arc;

use super::facts::{Fact, FactKind, Facts, Missing, Nodes};
use super::field::{Field, FieldPath, StringField};
use super::parsed_value::{MAX_LISTED, Problems};
use super::policy::Policy;
use super::problem::Problem;
use super::rule::{RuleId, RuleSet};
use super::violation::Violation;
use super::vlan::VlanId;
use super::warning::Warning;

pub use value::ValidatedValue;

/// What the rules are held against.
#[derive(Clone, Copy, Debug)]
pub struct RuleContext<'a> {
    /// The cluster.
    pub facts: &'a Facts,
    /// The operator's choices.
    pub policy: &'a Policy,
    /// The way out of `migration-in-progress`; `None` where there is none.
    pub migration_override: Option<MigrationOverride<'a>>,
}

/// How an operator goes ahead while virtual machines migrate: by naming the stored value's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MigrationOverride<'a> {
    /// The stored value.
    pub stored: &'a str,
    /// Whether the submitted object names its sha1.
    pub taken: bool,
}

/// Everything that the rules found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Reasons to refuse.
    pub violations: Violations,
    /// Reasons to warn, should the change be admitted.
    pub warnings: Vec<Warning>,
    /// Facts without which the verdict is open; each kind once.
    pub missing: Vec<Missing>,
    /// Whether migrations were let pass by the way out: running ones, or whatever there is where none can be seen.
    pub override_used: bool,
    /// The rules that were held against something: not those that had no sound input or lacked a fact.
    pub judged: RuleSet,
}

/// Violations in the order reported: the first few, how many more, and which rules in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    listed: Vec<Violation>,
    more: usize,
    rules: RuleSet,
}

impl Violations {
    /// Those listed, at most [`MAX_LISTED`].
    #[must_use]
    pub fn listed(&self) -> &[Violation] {
        &self.listed
    }

    /// How many there are in all.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.listed.len() + self.more
    }

    /// The rules broken, those of unlisted violations too.
    #[must_use]
    pub const fn rules(&self) -> RuleSet {
        self.rules
    }

    /// Counts violations that are not worth listing: there are others of the same rule.
    const fn count(&mut self, more: usize, rule: RuleId) {
        if more > 0 {
            self.rules.insert(rule);
            self.more += more;
        }
    }

    fn push(&mut self, violation: Violation) {
        self.rules.insert(violation.rule());
        if self.listed.len() < MAX_LISTED {
            self.listed.push(violation);
        } else {
            self.more += 1;
        }
    }
}

/// Holds a value that becomes enabled against every rule.
pub fn judge(root: StringField, checked: &ValidatedValue<'_>, context: RuleContext<'_>, findings: &mut Findings) {
    let judge = &mut Judge { root, context, findings };
    for (_, rule) in RULES {
        rule(judge, checked);
    }
}

type Rule = fn(&mut Judge<'_, '_>, &ValidatedValue<'_>);

/// The rules in table order.
const RULES: [(RuleId, Rule); 13] = [
    (RuleId::ValueSyntax, value::syntax),
    (RuleId::VlanRange, value::vlan_range),
    (RuleId::VlanUntaggedOnMgmt, value::vlan_untagged_on_mgmt),
    (RuleId::RangeNotIpv4Network, value::range_not_ipv4_network),
    (RuleId::RangeReserved, address::range_reserved),
    (RuleId::RangeContainsNodeAddress, address::range_contains_node_address),
    (RuleId::ExcludeInvalid, value::exclude_invalid),
    (RuleId::RangeTooSmall, address::range_too_small),
    (RuleId::MigrationInProgress, |judge, _| migration::migration_in_progress(judge)),
    (RuleId::ClusterNetworkMissing, cluster::cluster_network),
    (RuleId::WhereaboutsCrdMissing, |judge, _| cluster::whereabouts_crd_missing(judge)),
    (RuleId::NetworkOverlap, sibling::network_overlap),
    (RuleId::VlanExclusive, sibling::vlan_exclusive),
];

/// Holds a value that becomes empty against the one rule that then matters.
pub fn evaluate_disable(root: StringField, context: RuleContext<'_>, findings: &mut Findings) {
    migration::migration_in_progress(&mut Judge { root, context, findings });
}

/// One string being judged, and where the findings go.
struct Judge<'a, 'f> {
    root: StringField,
    context: RuleContext<'a>,
    findings: &'f mut Findings,
}

impl<'a> Judge<'a, '_> {
    /// Reports a problem: as a violation, or as a warning where the operator wants the rule to warn.
    fn report(&mut self, path: FieldPath, problem: Problem) {
        let violation = Violation { field: Field { string: self.root, path }, problem };
        if self.only_warns(violation.rule()) {
            self.warn(Warning::RuleOnlyWarns(Box::new(violation)));
        } else {
            self.findings.violations.push(violation);
        }
    }

    /// Reports the problems of a rule that always refuses.
    fn report_all(&mut self, problems: &Problems, rule: RuleId) {
        for (path, problem) in problems.listed() {
            self.report(path.clone(), problem.clone());
        }
        self.findings.violations.count(problems.more(), rule);
    }

    /// Notes that a rule has what it needs. Called before it reports anything.
    fn judged(&mut self, rule: RuleId) {
        self.findings.judged.insert(rule);
    }

    fn warn(&mut self, warning: Warning) {
        // The API server passes on 4096 characters of them in all.
        if self.findings.warnings.len() < MAX_LISTED {
            self.findings.warnings.push(warning);
        }
    }

    fn only_warns(&self, rule: RuleId) -> bool {
        rule.may_warn() && self.context.policy.warn.contains(rule)
    }

    /// A fact that the rule depends on; notes it as missing where it is.
    fn need<T>(&mut self, fact: &'a Fact<T>, rule: RuleId) -> Option<&'a T> {
        match fact {
            Ok(fact) => Some(Arc::as_ref(fact)),
            Err(missing) => self.note_missing(missing.clone(), rule),
        }
    }

    /// The nodes; a cluster without any is one that has not been seen yet.
    fn nodes(&mut self, rule: RuleId) -> Option<&'a Nodes> {
        let nodes = self.need(&self.context.facts.nodes, rule)?;
        if nodes.is_empty() {
            return self.note_missing(Missing { kind: FactKind::Nodes, why: "the view has none".into() }, rule);
        }
        Some(nodes)
    }

    fn note_missing<T>(&mut self, missing: Missing, rule: RuleId) -> Option<T> {
        if self.only_warns(rule) {
            self.warn(Warning::NotJudged { rule, missing });
        } else if !self.findings.missing.contains(&missing) {
            self.findings.missing.push(missing);
        }
        None
    }
}

/// The VLAN and cluster network of a value, where both are sound.
struct Segment<'a> {
    cluster_network: &'a str,
    vlan: VlanId,
}

#[cfg(test)]
mod tests;
