//! Input and output of the rules.

use std::fmt;
use std::sync::Arc;

use super::facts::{Fact, FactKind, Facts, Missing, Nodes};
use super::field::{Field, FieldPath, StringField};
use super::guarded::GuardedSetting;
use super::key::Key;
use super::policy::Policy;
use super::problem::{MAX_LISTED, Problem, Problems, Reason};
use super::rule_id::{RuleId, RuleSet};
use super::violation::{Violation, Violations};
use super::warning::Warning;

/// What a value is evaluated against.
#[derive(Clone, Copy, Debug)]
pub struct RuleContext<'a> {
    pub setting: &'static GuardedSetting,
    pub facts: &'a Facts,
    pub policy: &'a Policy,
    /// The override of `migration-in-progress`; `None` where there is none.
    pub migration_override: Option<MigrationOverride<'a>>,
}

/// How an operator goes ahead while virtual machines migrate: by an annotation with the stored value's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MigrationOverride<'a> {
    pub stored: &'a str,
    /// Whether the submitted object names its sha1.
    pub is_set: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    pub violations: Violations,
    pub warnings: Vec<Warning>,
    /// Facts without which the verdict is open; each kind once.
    pub missing: Vec<Missing>,
    /// Whether migrations were let pass by the override: running ones, or whatever there is where none can be seen.
    pub override_used: bool,
    /// The rules that were held against something: not those that had no sound input or lacked a fact.
    pub judged: RuleSet,
}

pub(super) struct Evaluation<'a, 'f> {
    pub(super) string: StringField,
    pub(super) rule: RuleId,
    pub(super) context: RuleContext<'a>,
    pub(super) findings: &'f mut Findings,
}

impl<'a> Evaluation<'a, '_> {
    pub(super) fn report_key(&mut self, key: &'static Key, reason: Reason, message: impl fmt::Display) {
        self.report(Problem::new(FieldPath::Key(key), reason, message));
    }

    /// Reports a problem: as a violation, or as a warning where the operator wants the rule to warn.
    pub(super) fn report(&mut self, problem: Problem) {
        let violation = Violation::new(self.rule, self.string, problem);
        if self.only_warns() {
            self.add_warning(Warning::of(&violation));
        } else {
            self.findings.violations.push(violation);
        }
    }

    /// Reports the problems of a rule that always refuses.
    pub(super) fn report_all(&mut self, problems: &Problems) {
        problems.listed().iter().for_each(|problem| self.report(problem.clone()));
        self.findings.violations.count(problems.more(), self.rule);
    }

    /// Notes that the rule has what it needs. Called before it reports anything.
    pub(super) fn judged(&mut self) {
        self.findings.judged.insert(self.rule);
    }

    /// Warns of a part of the value; the text continues the name of the field.
    pub(super) fn warn(&mut self, kind: &'static str, path: FieldPath, text: impl fmt::Display) {
        let field = Field { string: self.string, path };
        let text = format!("{field}{text}");
        self.add_warning(Warning::new(kind, field, text));
    }

    fn add_warning(&mut self, warning: Warning) {
        // The API server passes on 4096 characters of them in all.
        if self.findings.warnings.len() < MAX_LISTED {
            self.findings.warnings.push(warning);
        }
    }

    fn only_warns(&self) -> bool {
        self.rule.may_warn() && self.context.policy.warn.contains(self.rule)
    }

    /// A fact that the rule depends on; notes it as missing where it is.
    pub(super) fn need<T>(&mut self, fact: &'a Fact<T>) -> Option<&'a T> {
        match fact {
            Ok(fact) => Some(Arc::as_ref(fact)),
            Err(missing) => {
                self.note_missing(missing.clone());
                None
            }
        }
    }

    /// The nodes; a cluster without any is one that has not been seen yet.
    pub(super) fn nodes(&mut self) -> Option<&'a Nodes> {
        let nodes = self.need(&self.context.facts.nodes)?;
        if nodes.is_empty() {
            self.note_missing(Missing { kind: FactKind::Nodes, why: "the view has none".into() });
            return None;
        }
        Some(nodes)
    }

    pub(super) fn note_missing(&mut self, missing: Missing) {
        if self.only_warns() {
            let text = format!("{} (only warns here) could not be judged: {missing}", self.rule);
            self.add_warning(Warning::new("not-judged", Field::whole(StringField::Value), text));
        } else if !self.findings.missing.contains(&missing) {
            self.findings.missing.push(missing);
        }
    }
}
