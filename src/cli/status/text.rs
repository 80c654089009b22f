//! The report as text: groups, a line for each check, what to do below it, and the result last.

use std::fmt;

use crate::cli::output::Paint;
use crate::status::{Check, CheckState, Group, Report};

/// How text is decorated.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) paint: Paint,
    /// Whether symbols are in ASCII.
    pub(super) ascii: bool,
}

/// The report, or what of it does not hold.
pub(super) struct ReportText<'a> {
    pub(super) report: &'a Report,
    pub(super) style: Style,
    pub(super) all: bool,
}

impl Style {
    fn symbol(self, state: CheckState) -> impl fmt::Display {
        let Self { paint, ascii } = self;
        fmt::from_fn(move |f| match (state, ascii) {
            (CheckState::Ok, false) => write!(f, "{}", paint.green("√")),
            (CheckState::Ok, true) => write!(f, "{}", paint.green("ok")),
            (CheckState::Warning, false) => write!(f, "{}", paint.yellow("‼")),
            (CheckState::Warning, true) => write!(f, "{}", paint.yellow("!!")),
            (CheckState::Unknown, false) => write!(f, "{}", paint.yellow("?")),
            (CheckState::Unknown, true) => write!(f, "{}", paint.yellow("??")),
            (CheckState::Error, false) => write!(f, "{}", paint.red("×")),
            (CheckState::Error, true) => write!(f, "{}", paint.red("xx")),
        })
    }

    fn check(self, check: &Check, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Check { id, state, seen, hint } = check;
        writeln!(f, "{} {id}: {seen}", self.symbol(*state))?;
        hint.iter().try_for_each(|line| writeln!(f, "    {line}"))
    }
}

impl ReportText<'_> {
    fn group(&self, group: &Group, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = |check: &&Check| self.all || check.state != CheckState::Ok;
        if !group.checks.iter().any(|check| wanted(&check)) && !self.all {
            return Ok(());
        }
        let name = group.name.as_str();
        writeln!(f, "{}\n{}", self.style.paint.bold(name), "-".repeat(name.len()))?;
        if let Some(why) = &group.left_out {
            writeln!(f, "left out: {why}")?;
        }
        group.checks.iter().filter(wanted).try_for_each(|check| self.style.check(check, f))?;
        writeln!(f)
    }
}

impl fmt::Display for ReportText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { result, counts, groups, .. } = self.report;
        groups.iter().try_for_each(|group| self.group(group, f))?;
        let parts: Vec<_> = counts.words().map(|(_, words)| words).collect();
        writeln!(f, "Status check results are {}: {}", self.style.symbol(*result), parts.join(", "))
    }
}
