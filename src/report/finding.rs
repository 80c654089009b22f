//! The findings of a record: each problem with its location.

use super::{Location, Record, Subject};
use crate::setting::RuleId;
use crate::setting::field::Field;

/// The id of an expectation that was not met.
pub(super) const EXPECTATION: &str = "expectation-not-met";
/// The id of a refusal that no rule explains.
pub(super) const REFUSED: &str = "refused";
/// The id of a value that is sound, but not in canonical form.
pub const NOT_CANONICAL: &str = "not-canonical";
/// The id of what could not be judged.
pub(super) const NOT_JUDGED: &str = "could-not-be-judged";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It fails the run.
    Error,
    /// It does not.
    Warning,
}

/// One thing to show at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding<'a> {
    pub level: Level,
    /// A stable name for what it is: a rule's, or a kind of warning.
    pub id: &'static str,
    pub record: &'a Record,
    pub field: Option<&'a Field>,
    /// What is wrong, on one line.
    pub message: &'a str,
    pub at: &'a Location,
}

impl Finding<'_> {
    /// The message, after its field where it is about one.
    pub(super) fn text(&self) -> String {
        match self.field {
            Some(field) => format!("{field}: {}", self.message),
            None => self.message.to_owned(),
        }
    }
}

impl Record {
    pub fn findings(&self) -> Vec<Finding<'_>> {
        let error = |id, message, at| Finding { level: Level::Error, id, record: self, field: None, message, at };
        if let Some(why) = &self.error {
            return vec![error(NOT_JUDGED, why, &self.at)];
        }
        // A case that holds is nothing to show: it was meant to be refused, or warned of.
        if self.subject == Subject::Case {
            return self.differences.iter().map(|it| error(EXPECTATION, &it.message, &it.at)).collect();
        }
        let refusal = self.refusal.iter().map(|why| error(REFUSED, why, &self.at));
        let causes = self.causes.iter().map(|it| Finding {
            field: Some(&it.cause.field),
            ..error(it.cause.rule().as_str(), &it.cause.message, &it.at)
        });
        let level = if self.warnings_fail { Level::Error } else { Level::Warning };
        let warnings = self
            .warnings
            .iter()
            .map(|it| Finding { level, ..error(it.rule.map_or(it.kind, RuleId::as_str), &it.message, &it.at) });
        refusal.chain(causes).chain(warnings).collect()
    }
}
