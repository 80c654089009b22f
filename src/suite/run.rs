//! Cases run, one after another, into records for the reports.

use std::sync::Arc;

use super::case::{Case, Written};
use super::compare::{About, differences};
use super::coverage::Tally;
use super::seen::Seen;
use super::{Error, Suite};
use crate::cluster::files::{UnknownKind, Variation, VariationError};
use crate::escape::Line;
use crate::manifest::Position;
use crate::report::{self, Place, Record, Status, Subject, Unmet};
use crate::setting::Policy;
use crate::setting::field::{Field, StringField};

impl Suite {
    /// The operator's choices that were captured with its cluster.
    #[must_use]
    pub const fn captured_policy(&self) -> Option<&Policy> {
        self.base.policy()
    }

    /// The operator's choices, where the suite does not make its own.
    #[must_use]
    pub fn policy(&self, given: &Policy) -> Policy {
        let reserved = self.reserved.clone().unwrap_or_else(|| given.reserved.clone());
        Policy { reserved, warn: given.warn.iter().chain(self.warn.iter()).collect() }
    }

    /// What its cluster has that no rule asks for.
    #[must_use]
    pub fn unknown_kinds(&self) -> Vec<UnknownKind> {
        self.base.unknown_kinds()
    }

    /// Runs one of its cases.
    #[must_use]
    pub fn run(&self, case: &Case, policy: &Policy, tally: &mut Tally) -> Record {
        match self.judge(case, policy, tally) {
            Ok(record) => record,
            Err(Error { place, what }) => Record { error: Some(what), ..Self::record(case, place, Status::Error) },
        }
    }

    fn judge(&self, case: &Case, policy: &Policy, tally: &mut Tally) -> Result<Record, Error> {
        let cluster = self.cluster(case)?;
        let request = case.request(cluster.setting()).map_err(|why| Error::new(&self.path, case.position, why))?;
        let seen = Seen::of(&request, &cluster.facts(), policy);
        let differences = differences(case.expect.as_ref(), &seen);

        let text = |root| match &request {
            Ok(crate::admission::Request::Create(new) | crate::admission::Request::Update { new, .. }) => match root {
                StringField::Value => new.value.bytes(),
                StringField::Default => new.default.bytes(),
            },
            _ => None,
        };
        let field = |at: &Field| {
            let within = |written: &Written| written.place(at, text(at.string).unwrap_or_default());
            case.written().map_or_else(|| self.place(case.position), within)
        };
        let causes = seen.causes.iter().map(|it| report::Cause {
            rule: it.rule,
            field: it.field.to_string(),
            reason: it.reason,
            message: it.message.clone(),
            place: field(&it.field),
        });
        let warnings = seen.warnings.iter().map(|it| report::Warned {
            kind: it.kind,
            rule: it.rule,
            message: it.message.clone(),
            place: field(&it.at),
        });
        let expect_at = || self.place(case.expect.as_ref().map_or(case.position, |expect| expect.position));
        let differences: Vec<_> = differences
            .into_iter()
            .map(|it| report::Difference {
                message: it.message,
                place: match it.about {
                    About::Expectation => expect_at(),
                    About::Cause(index) => field(&seen.causes[index].field),
                    About::Warning(index) => field(&seen.warnings[index].at),
                },
            })
            .collect();
        let status = if differences.is_empty() { Status::Passed } else { Status::Failed };
        if status == Status::Passed {
            tally.count(seen.reached);
        }
        Ok(Record {
            verdict: Some(seen.verdict.word()),
            code: seen.code,
            causes: causes.collect(),
            warnings: warnings.collect(),
            stored: seen.stored.clone(),
            expectation: (status == Status::Failed)
                .then(|| Unmet { differences, would_hold: indented(&seen.would_hold(), case.indent) }),
            ..Self::record(case, self.place(case.position), status)
        })
    }

    fn cluster(&self, case: &Case) -> Result<Variation<'_>, Error> {
        let mut cluster = self.base.vary();
        let failed = |position, error: &VariationError| Error::new(&self.path, position, error.to_string());
        for (position, kind, name) in &case.without {
            cluster.leave_out(*kind, name.as_ref()).map_err(|error| failed(*position, &error))?;
        }
        for (position, objects) in &case.with {
            for (object, origin) in objects.iter() {
                cluster.add(object.clone(), origin).map_err(|error| failed(*position, &error))?;
            }
        }
        Ok(cluster)
    }

    fn place(&self, Position { line, column }: Position) -> Place {
        Place { path: Arc::clone(&self.path), line, column }
    }

    fn record(case: &Case, place: Place, status: Status) -> Record {
        Record::new(Subject::Case, Line(&case.name).to_string(), place, status)
    }
}

fn indented(block: &str, indent: usize) -> String {
    let margin = " ".repeat(indent);
    block.lines().flat_map(|line| [&margin, line, "\n"]).collect()
}
