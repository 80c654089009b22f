//! Compares the old and the new text of one string: what to store and what to check.

use super::Phase;
use super::mutation::Mutation;
use super::setting::Text;
use crate::setting::equivalence::Meaning;
use crate::setting::evaluation::{Findings, RuleContext};
use crate::setting::json::is_blank;
use crate::setting::rules::evaluate;
use crate::setting::{GuardedSetting, ParsedValue, StringField, ValidatedValue, go_json};

/// What becomes of one of the two strings.
pub(super) struct Change<'v> {
    pub(super) mutation: Mutation,
    /// Whether the submitted text is what is stored but for what Harvester's form adds at every save, so that there is nothing
    /// to tell anyone about.
    pub(super) is_by_form: bool,
    outcome: Outcome<'v>,
}

/// What Harvester will see of it.
enum Outcome<'v> {
    /// The very bytes that it knows, or nothing where there was nothing.
    Same,
    /// Nothing where there was something.
    Disabled,
    /// Something new.
    Enabled(Box<ValidatedValue<'v>>),
}

impl<'v> Change<'v> {
    pub(super) fn new(phase: Phase, setting: &GuardedSetting, old: &Text<'_>, new: &'v Text<'_>) -> Self {
        let change = |mutation: Mutation, outcome| {
            let (submitted, stored) = (new.bytes(), mutation.replacement());
            let is_by_form = submitted.zip(stored).is_some_and(|(submitted, stored)| is_by_form(submitted, stored));
            Self { mutation, is_by_form, outcome }
        };
        // Harvester is told the very bytes that it knows.
        if old.bytes().is_some_and(|old| new.bytes() == Some(old)) {
            return change(Mutation::Unchanged, Outcome::Same);
        }
        let Some(parsed) = read(setting, new) else {
            let white_space = new.bytes().is_some_and(|text| !text.is_empty());
            let mutation = if phase == Phase::Mutate && white_space { Mutation::Emptied } else { Mutation::Unchanged };
            let was_blank = old.bytes().is_some_and(is_blank);
            return change(mutation, if was_blank { Outcome::Same } else { Outcome::Disabled });
        };
        if phase == Phase::Mutate
            && let Some(stored) = old.bytes()
            && equal(&parsed, stored)
        {
            return change(Mutation::Restored(stored.to_owned()), Outcome::Same);
        }
        let value = ValidatedValue::new(parsed);
        let canonical = if phase == Phase::Mutate { (setting.canonical)(&value) } else { None };
        let mutation = canonical
            .filter(|canonical| new.bytes() != Some(canonical))
            .map_or(Mutation::Unchanged, Mutation::Rewritten);
        change(mutation, Outcome::Enabled(Box::new(value)))
    }

    pub(super) fn evaluate(&self, string: StringField, context: RuleContext<'_>, findings: &mut Findings) {
        match &self.outcome {
            Outcome::Same => {}
            // Harvester reads `default` nowhere, so emptying it changes nothing.
            Outcome::Disabled if string == StringField::Default => {}
            // These rules look at the cluster alone.
            Outcome::Disabled => {
                let nothing = ValidatedValue::new(ParsedValue::default());
                evaluate(context.setting.disable_rules, string, &nothing, context, findings);
            }
            Outcome::Enabled(value) => evaluate(context.setting.rules, string, value, context, findings),
        }
    }
}

/// Reads what a string would enable; `None` where it is blank.
pub(super) fn read<'t>(setting: &GuardedSetting, text: &'t Text<'_>) -> Option<ParsedValue<'t>> {
    match text {
        Text::Absent => None,
        Text::Text(text) => (!is_blank(text)).then(|| (setting.parse)(text)),
        Text::Other(seen) => Some(ParsedValue::not_a_string(*seen)),
    }
}

/// Whether Harvester's form made the submitted text of the stored one: it writes an empty `exclude` at every save.
fn is_by_form(submitted: &str, stored: &str) -> bool {
    let before = submitted.strip_suffix(r#","exclude":[]}"#);
    before.is_some() && before == stored.strip_suffix('}')
}

/// Whether a submitted value means what the stored bytes mean.
fn equal(parsed: &ParsedValue<'_>, stored: &str) -> bool {
    let Some(submitted) = Meaning::of_submitted(parsed) else { return false };
    go_json::network_config(stored)
        .ok()
        .is_some_and(|stored| Meaning::of_stored(&stored).is_some_and(|stored| stored == submitted))
}
