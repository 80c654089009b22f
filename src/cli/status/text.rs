//! The report as text: groups, a line for each check, what to do below it, and the result last.

use std::fmt;

use crate::cli::output::Paint;
use crate::status::{Check, CheckState, Group, Report};

/// The report, or what of it does not hold.
pub(super) struct ReportText<'a> {
    pub(super) report: &'a Report,
    pub(super) all: bool,
    pub(super) paint: Paint,
    /// Whether symbols are in ASCII.
    pub(super) ascii: bool,
}

impl ReportText<'_> {
    fn group(&self, group: &Group, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut checks = group.checks.iter().filter(|check| self.all || check.state != CheckState::Ok).peekable();
        if checks.peek().is_none() && !self.all {
            return Ok(());
        }
        let name = group.name.to_string();
        writeln!(f, "{}\n{}", self.paint.bold(&name), "-".repeat(name.len()))?;
        if let Some(why) = &group.left_out {
            writeln!(f, "left out: {why}")?;
        }
        for Check { id, state, seen, hint } in checks {
            writeln!(f, "{} {id}: {seen}", self.symbol(*state))?;
            hint.iter().try_for_each(|line| writeln!(f, "    {line}"))?;
        }
        writeln!(f)
    }

    fn symbol(&self, state: CheckState) -> String {
        let either = |symbol, ascii| if self.ascii { ascii } else { symbol };
        match state {
            CheckState::Ok => self.paint.green(either("√", "ok")).to_string(),
            CheckState::Warning => self.paint.yellow(either("‼", "!!")).to_string(),
            CheckState::Unknown => self.paint.yellow(either("?", "??")).to_string(),
            CheckState::Error => self.paint.red(either("×", "xx")).to_string(),
        }
    }
}

impl fmt::Display for ReportText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { result, counts, groups, .. } = self.report;
        groups.iter().try_for_each(|group| self.group(group, f))?;
        let parts: Vec<_> = counts.words().map(|(_, words)| words).collect();
        writeln!(f, "Status check results are {}: {}", self.symbol(*result), parts.join(", "))
    }
}
