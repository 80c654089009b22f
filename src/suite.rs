//! Policy suites: cases of what the webhook must allow and refuse, and why, run as the API server would ask.
//!
//! A suite names a cluster once; a case says what is submitted, what its cluster has more or less, and what must
//! come of it. Nothing passes unchecked: a case that the registered webhook would never be sent, or that says
//! `refused` without a reason, fails like one whose verdict is another.

use std::path::Path;
use std::sync::Arc;

use self::input::{CaseInput, SharedObjects};
use self::spanned::Spanned;
use self::spec::{CaseSpec, PolicySpec};
use crate::cluster::files::Loaded;
use crate::manifest::Position;
use crate::setting::facts::{FactKind, ObjectName};

mod actual;
mod compare;
pub mod coverage;
mod error;
mod expectation;
mod input;
mod load;
mod names;
mod run;
mod spanned;
mod spec;

pub use coverage::Tally;
pub use error::Error;
pub use load::load;
pub use names::compile;
pub use spec::schema;

/// A suite, read and ready to run.
pub struct Suite {
    pub path: Arc<Path>,
    pub cases: Vec<Case>,
    pub cluster: Loaded,
    policy: PolicySpec,
}

#[derive(Debug)]
pub struct Case {
    spec: Spanned<CaseSpec>,
    input: CaseInput,
    with: Vec<(Position, SharedObjects)>,
    without: Vec<(Position, FactKind, Option<ObjectName>)>,
}

impl Case {
    pub fn name(&self) -> &str {
        &self.spec.value.name.value
    }

    const fn position(&self) -> Position {
        self.spec.value.name.position()
    }
}
