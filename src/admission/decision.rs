//! The decision on a request.

#![expect(missing_docs, reason = "the operations are those of Kubernetes")]

use crate::setting::evaluation::{Findings, MigrationOverride, RuleContext};
use crate::setting::facts::{Facts, Missing};
use crate::setting::field::Field;
use crate::setting::hash;
use crate::setting::violation::Violations;
use crate::setting::{GuardedSetting, Policy, RuleSet, StringField, Warning};

use super::Phase;
use super::change::Change;
use super::mutation::Mutation;
use super::setting::{Setting, Text};

/// A request about the guarded Setting, or about something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Another object, group or resource.
    NotOurs,
    Create(Setting<'a>),
    Update {
        old: Setting<'a>,
        new: Setting<'a>,
    },
    /// DELETE, of the object alone or of its whole collection.
    Delete,
}

impl Request<'_> {
    /// One of the strings as it was submitted, where it is one.
    pub fn submitted(&self, string: StringField) -> Option<&str> {
        match (self, string) {
            (Self::Create(new) | Self::Update { new, .. }, StringField::Value) => new.value.bytes(),
            (Self::Create(new) | Self::Update { new, .. }, StringField::Default) => new.default.bytes(),
            (Self::NotOurs | Self::Delete, _) => None,
        }
    }

    /// The Setting that it is about. Objects without a name, as in a suite, are taken for the first.
    fn guarded(&self) -> &'static GuardedSetting {
        let objects = match self {
            Self::NotOurs | Self::Delete => [None, None],
            Self::Create(new) => [Some(new), None],
            Self::Update { old, new } => [Some(new), Some(old)],
        };
        let mut names = objects.into_iter().flatten().filter_map(|object| object.metadata.name.bytes());
        let [first] = GuardedSetting::ALL;
        names.find_map(GuardedSetting::named).unwrap_or(first)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub verdict: Verdict,
    /// What mutation made of `value`; meaningful when allowed.
    pub value: Mutation,
    pub default: Mutation,
    /// What the user is told of an admitted change.
    pub warnings: Vec<Warning>,
    /// Whether running migrations were let pass by the operator's annotation.
    pub override_used: bool,
    /// The sha1 that Harvester will store; `None` where no value is stored by the request.
    pub config_hash: Option<String>,
    /// The rules that were held against something, whatever came of it.
    pub judged: RuleSet,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    NotDeletable,
    Invalid(Violations),
    /// Nothing certain speaks against it, but facts are missing that could.
    FactsMissing(Vec<Missing>),
}

impl Decision {
    fn plain(verdict: Verdict) -> Self {
        Self {
            verdict,
            value: Mutation::Unchanged,
            default: Mutation::Unchanged,
            warnings: Vec::new(),
            override_used: false,
            config_hash: None,
            judged: RuleSet::default(),
        }
    }
}

/// Decides on a request. With [`Phase::Mutate`] strings are rewritten first, and the result is judged.
pub fn decide(phase: Phase, request: &Request<'_>, facts: &Facts, policy: &Policy) -> Decision {
    let nothing = Setting::default();
    let (old, new, update) = match request {
        Request::NotOurs => return Decision::plain(Verdict::Allowed),
        Request::Delete => return Decision::plain(Verdict::NotDeletable),
        Request::Create(new) => (&nothing, new, false),
        Request::Update { old, new } => (old, new, true),
    };
    let setting = request.guarded();
    let value = Change::new(phase, setting, &old.value, &new.value);
    let default = Change::new(phase, setting, &old.default, &new.default);

    let mut findings = Findings::default();
    let being_deleted = old.metadata.deletion_timestamp != Text::Absent;
    if !being_deleted {
        let migration_override = old.value.bytes().filter(|_| update).map(|stored| {
            let named = new.metadata.allow_during_migration.bytes().filter(|named| !named.is_empty());
            MigrationOverride { stored, is_set: named.is_some_and(|named| named == hash(stored)) }
        });
        let context = RuleContext { setting, facts, policy, migration_override };
        value.evaluate(StringField::Value, context, &mut findings);
        default.evaluate(StringField::Default, context, &mut findings);
    }
    conclude(value, default, new, findings)
}

fn conclude(value: Change<'_>, default: Change<'_>, new: &Setting<'_>, findings: Findings) -> Decision {
    let verdict = if findings.violations.total() > 0 {
        Verdict::Invalid(findings.violations)
    } else if findings.missing.is_empty() {
        Verdict::Allowed
    } else {
        Verdict::FactsMissing(findings.missing)
    };
    if verdict != Verdict::Allowed {
        // Other warnings are about a change that does not happen; these name rules on trial.
        let warnings = findings.warnings.into_iter().filter(|warning| warning.rule.is_some()).collect();
        return Decision { warnings, judged: findings.judged, ..Decision::plain(verdict) };
    }
    let stored = value.mutation.replacement().or_else(|| new.value.bytes());
    let config_hash = stored.map(hash);
    let mut warnings = mutation_warnings(&value, &default);
    warnings.extend(findings.warnings);
    Decision {
        verdict,
        value: value.mutation,
        default: default.mutation,
        warnings,
        override_used: findings.override_used,
        config_hash,
        judged: findings.judged,
    }
}

/// At most one warning of each kind, whichever of the two strings it is about.
fn mutation_warnings(value: &Change<'_>, default: &Change<'_>) -> Vec<Warning> {
    let warning = |kind, what, matches: fn(&Mutation) -> bool| {
        let is_told = |change: &Change<'_>| matches(&change.mutation) && !change.is_by_form;
        let (string, fields) = match (is_told(value), is_told(default)) {
            (true, true) => (StringField::Value, "value and default"),
            (true, false) => (StringField::Value, "value"),
            (false, true) => (StringField::Default, "default"),
            (false, false) => return None,
        };
        Some(Warning::new(kind, Field::whole(string), format!("{fields} {what}")))
    };
    let rewritten = "rewritten in canonical form; for Git: migration-network-webhook canonicalize FILE";
    let restored = "restored: same meaning, other bytes; for Git: migration-network-webhook canonicalize --kube FILE";
    let warnings = [
        warning("rewritten", rewritten, |it| matches!(it, Mutation::Emptied | Mutation::Rewritten(_))),
        warning("restored", restored, |it| matches!(it, Mutation::Restored(_))),
    ];
    warnings.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
