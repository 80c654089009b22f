//! Runs cases and records the results.

use std::sync::Arc;

use super::actual::Actual;
use super::compare::differences;
use super::coverage::Tally;
use super::spanned::Spanned;
use super::spec::PolicySpec;
use super::{Case, Error, Suite};
use crate::cluster::files::Variation;
use crate::escape::Line;
use crate::manifest::Position;
use crate::report::{Location, Record, Subject, TestStatus};
use crate::setting::Policy;
use crate::setting::field::Field;

impl Suite {
    /// The operator's choices, where the suite does not make its own.
    pub fn policy(&self, given: &Policy) -> Policy {
        let PolicySpec { warn_rules, reserved_ranges } = &self.policy;
        let reserved = reserved_ranges.clone().unwrap_or_else(|| given.reserved.clone());
        let warn = given.warn.iter().chain(warn_rules.iter()).collect();
        Policy { reserved, warn, ..given.clone() }
    }

    pub fn run(&self, case: &Case, policy: &Policy, tally: &mut Tally) -> Record {
        match self.judge(case, policy, tally) {
            Ok(record) => record,
            Err(Error { at, what }) => Record::error(Subject::Case, case.printable_name(), at, what),
        }
    }

    fn judge(&self, case: &Case, policy: &Policy, tally: &mut Tally) -> Result<Record, Error> {
        let cluster = self.varied(case)?;
        let request = case.request(cluster.setting()).map_err(|why| Error::new(&self.path, case.position(), why))?;
        let text = |string| request.as_ref().ok().and_then(|request| request.submitted(string));
        let locate = |field: &Field| match case.written() {
            Some(written) => written.locate(field, text(field.string).unwrap_or_default()),
            None => self.at(case.position()),
        };
        let actual = Actual::of(&request, &cluster.facts(), policy, locate);

        let expected = case.spec.value.expect.as_ref();
        let at = self.at(expected.map_or(case.position(), Spanned::position));
        let differences = differences(expected.map(|expected| &expected.value), &actual, &at);
        let holds = differences.is_empty();
        if holds {
            tally.count(actual.reached);
        }
        let status = if holds { TestStatus::Passed } else { TestStatus::Failed };
        Ok(Record {
            verdict: Some(actual.verdict.word()),
            code: actual.code,
            // The block to paste has the columns of the case's keys.
            would_hold: (!holds).then(|| indented(&actual.would_hold(), case.spec.position().column - 1)),
            differences,
            causes: actual.causes,
            warnings: actual.warnings,
            stored: actual.stored,
            ..Record::new(Subject::Case, case.printable_name(), self.at(case.position()), status)
        })
    }

    fn varied(&self, case: &Case) -> Result<Variation<'_>, Error> {
        let mut cluster = self.cluster.vary();
        let failed = |position, what: String| Error::new(&self.path, position, what);
        for (position, kind, name) in &case.without {
            cluster.leave_out(*kind, name.as_ref()).map_err(|what| failed(*position, what))?;
        }
        for (position, objects) in &case.with {
            for (object, origin) in objects.iter() {
                cluster.add(object.clone(), origin).map_err(|what| failed(*position, what))?;
            }
        }
        Ok(cluster)
    }

    fn at(&self, position: Position) -> Location {
        Location::new(Arc::clone(&self.path), position)
    }
}

impl Case {
    fn printable_name(&self) -> String {
        Line(self.name()).to_string()
    }
}

fn indented(block: &str, indent: usize) -> String {
    let margin = " ".repeat(indent);
    block.lines().flat_map(|line| [&margin, line, "\n"]).collect()
}
