//! What is decided about a request, and how.

use crate::setting::config::{Config, hash};
use crate::setting::equivalence::Meaning;
use crate::setting::facts::{Facts, Missing};
use crate::setting::json::is_blank;
use crate::setting::parsed_value::ParsedValue;
use crate::setting::problem::Problem;
use crate::setting::rules::{
    Findings, MigrationOverride, RuleContext, ValidatedValue, Violations, evaluate_disable, judge,
};
use crate::setting::{Policy, RuleSet, StringField, Warning, go_json};

use super::Phase;
use super::setting::{Setting, Text};

/// A request about the guarded Setting, or about something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Another object, group or resource.
    NotOurs,
    /// CREATE.
    Create(Setting<'a>),
    /// UPDATE.
    Update {
        /// The stored object.
        old: Setting<'a>,
        /// The submitted one.
        new: Setting<'a>,
    },
    /// DELETE, of the object alone or of its whole collection.
    Delete,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Allowed or refused.
    pub verdict: Verdict,
    /// What mutation made of `value`; meaningful when allowed.
    pub value: Mutation,
    /// What mutation made of `default`.
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

/// Allowed, or why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The request may go on.
    Allowed,
    /// The Setting is never deleted.
    NotDeletable,
    /// Rules are broken.
    Invalid(Violations),
    /// Nothing certain speaks against it, but facts are missing that could.
    FactsMissing(Vec<Missing>),
}

/// What mutation did to a string.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mutation {
    /// Stored as submitted.
    #[default]
    Unchanged,
    /// White space became the empty string.
    Emptied,
    /// The stored bytes took its place: it meant the same.
    Restored(String),
    /// The canonical form took its place.
    Rewritten(String),
}

impl Mutation {
    /// Its name, for logs, metrics and reports.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unchanged => "kept",
            Self::Emptied => "emptied",
            Self::Restored(_) => "restored",
            Self::Rewritten(_) => "rewritten",
        }
    }

    /// The string that is stored instead of the submitted one.
    #[must_use]
    pub fn replacement(&self) -> Option<&str> {
        match self {
            Self::Unchanged => None,
            Self::Emptied => Some(""),
            Self::Restored(text) | Self::Rewritten(text) => Some(text),
        }
    }
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
#[must_use]
pub fn decide(phase: Phase, request: &Request<'_>, facts: &Facts, policy: &Policy) -> Decision {
    let nothing = Setting::default();
    let (old, new, update) = match request {
        Request::NotOurs => return Decision::plain(Verdict::Allowed),
        Request::Delete => return Decision::plain(Verdict::NotDeletable),
        Request::Create(new) => (&nothing, new, false),
        Request::Update { old, new } => (old, new, true),
    };
    let changed = |old: &Text<'_>, new| if is_unchanged(old, new) { None } else { read(new) };
    let drafts = [changed(&old.value, &new.value), changed(&old.default, &new.default)];
    let [value_draft, default_draft] = &drafts;
    let value = Change::new(phase, &old.value, &new.value, value_draft.as_ref());
    let default = Change::new(phase, &old.default, &new.default, default_draft.as_ref());

    let mut findings = Findings::default();
    let being_deleted = old.metadata.deletion_timestamp != Text::Absent;
    if !being_deleted {
        let migration_override = old.value.bytes().filter(|_| update).map(|stored| {
            let named = new.metadata.annotations.allow_during_migration.bytes().filter(|named| !named.is_empty());
            MigrationOverride { stored, taken: named.is_some_and(|named| named == hash(stored)) }
        });
        let context = RuleContext { facts, policy, migration_override };
        value.judge(StringField::Value, context, &mut findings);
        default.judge(StringField::Default, context, &mut findings);
    }
    conclude(value, default, new, findings)
}

/// Whether Harvester is told the very bytes that it knows.
fn is_unchanged(old: &Text<'_>, new: &Text<'_>) -> bool {
    old.bytes().is_some_and(|old| new.bytes() == Some(old))
}

/// Reads what a string would enable; `None` where it is blank.
pub(super) fn read<'t>(text: &'t Text<'_>) -> Option<ParsedValue<'t>> {
    match text {
        Text::Absent => None,
        Text::Text(text) => (!is_blank(text)).then(|| ParsedValue::read(text)),
        Text::Other(seen) => Some(ParsedValue::unreadable(Problem::NotAString { seen: *seen })),
    }
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
        let on_trial = |warning: &Warning| matches!(warning, Warning::RuleOnlyWarns(_));
        let warnings = findings.warnings.into_iter().filter(on_trial).collect();
        return Decision { warnings, judged: findings.judged, ..Decision::plain(verdict) };
    }
    let stored = value.mutation.replacement().or_else(|| new.value.bytes());
    let config_hash = stored.map(hash);
    let mut warnings = mutation_warnings(&value.mutation, &default.mutation);
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
fn mutation_warnings(value: &Mutation, default: &Mutation) -> Vec<Warning> {
    let fields = |matches: fn(&Mutation) -> bool| match (matches(value), matches(default)) {
        (true, true) => Some("value and default"),
        (true, false) => Some("value"),
        (false, true) => Some("default"),
        (false, false) => None,
    };
    let rewritten = fields(|mutation| matches!(mutation, Mutation::Emptied | Mutation::Rewritten(_)));
    let restored = fields(|mutation| matches!(mutation, Mutation::Restored(_)));
    let rewritten = rewritten.map(|fields| Warning::Rewritten { fields });
    rewritten.into_iter().chain(restored.map(|fields| Warning::Restored { fields })).collect()
}

/// What becomes of one of the two strings.
struct Change<'d> {
    mutation: Mutation,
    outcome: Outcome<'d>,
}

/// What Harvester will see of it.
#[expect(clippy::large_enum_variant, reason = "there are two in a decision, on the stack")]
enum Outcome<'d> {
    /// The very bytes that it knows.
    Unchanged,
    /// Nothing where there was nothing.
    StaysBlank,
    /// Nothing where there was something.
    Disabled,
    /// Something new.
    Enabled(ValidatedValue<'d>),
}

impl<'d> Change<'d> {
    fn new(phase: Phase, old: &Text<'_>, new: &Text<'_>, draft: Option<&'d ParsedValue<'d>>) -> Self {
        let unchanged = |mutation| Self { mutation, outcome: Outcome::Unchanged };
        if is_unchanged(old, new) {
            return unchanged(Mutation::Unchanged);
        }
        let Some(draft) = draft else {
            let white_space = new.bytes().is_some_and(|text| !text.is_empty());
            let mutation = if phase == Phase::Mutate && white_space { Mutation::Emptied } else { Mutation::Unchanged };
            let was_blank = old.bytes().is_some_and(is_blank);
            return Self { mutation, outcome: if was_blank { Outcome::StaysBlank } else { Outcome::Disabled } };
        };
        if phase == Phase::Mutate
            && let Some(stored) = old.bytes()
            && equal(draft, stored)
        {
            return unchanged(Mutation::Restored(stored.to_owned()));
        }
        let checked = ValidatedValue::new(draft);
        let canonical = (phase == Phase::Mutate).then(|| checked.config().as_ref().map(Config::canonical)).flatten();
        let mutation = canonical
            .filter(|canonical| new.bytes() != Some(canonical))
            .map_or(Mutation::Unchanged, Mutation::Rewritten);
        Self { mutation, outcome: Outcome::Enabled(checked) }
    }

    fn judge(&self, root: StringField, context: RuleContext<'_>, findings: &mut Findings) {
        match &self.outcome {
            Outcome::Unchanged | Outcome::StaysBlank => {}
            // Harvester reads `default` nowhere, so emptying it changes nothing.
            Outcome::Disabled if root == StringField::Default => {}
            Outcome::Disabled => evaluate_disable(root, context, findings),
            Outcome::Enabled(checked) => judge(root, checked, context, findings),
        }
    }
}

/// Whether a submitted value means what the stored bytes mean.
fn equal(draft: &ParsedValue<'_>, stored: &str) -> bool {
    let Some(submitted) = Meaning::of_submitted(draft) else { return false };
    go_json::network_config(stored)
        .ok()
        .is_some_and(|stored| Meaning::of_stored(&stored).is_some_and(|stored| stored == submitted))
}

#[cfg(test)]
mod tests;
