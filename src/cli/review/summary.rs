//! What a run came to.

use std::fmt;

use super::Exit;
use super::judged::Judged;
use crate::input::Ignored;

/// Counts of verdicts.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) allowed: usize,
    pub(super) refused: usize,
    pub(super) unavailable: usize,
    pub(super) malformed: usize,
    pub(super) unreadable: usize,
    pub(super) warnings: usize,
    pub(super) ignored: Ignored,
    /// Files of `--cluster` and `--old`.
    pub(super) left_out: usize,
}

impl Summary {
    pub(super) fn count(&mut self, judged: &Judged<'_>) {
        let count = match judged.verdict() {
            "allowed" => &mut self.allowed,
            "refused" => &mut self.refused,
            "unavailable" => &mut self.unavailable,
            _ => &mut self.malformed,
        };
        *count += 1;
        self.warnings += judged.warnings().len() + usize::from(judged.not_canonical);
    }

    pub(super) const fn judged(&self) -> usize {
        self.allowed + self.refused + self.unavailable + self.malformed
    }

    pub(super) const fn exit(&self, warnings_as_errors: bool) -> Exit {
        if self.unavailable + self.malformed + self.unreadable > 0 {
            Exit::Error
        } else if self.refused > 0 || warnings_as_errors && self.warnings > 0 {
            Exit::Refused
        } else {
            Exit::Ok
        }
    }
}

/// `3 judged: 2 allowed, 1 refused, with 1 warning; passed over: 4 ConfigMap`
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} judged", self.judged())?;
        let counts = [
            (self.allowed, "allowed"),
            (self.refused, "refused"),
            (self.unavailable, "unavailable for want of facts"),
            (self.malformed, "malformed"),
        ];
        let mut separator = ": ";
        for (count, verdict) in counts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{separator}{count} {verdict}")?;
            separator = ", ";
        }
        match self.warnings {
            0 => {}
            1 => f.write_str("; 1 warning")?,
            many => write!(f, "; {many} warnings")?,
        }
        match self.unreadable {
            0 => {}
            1 => f.write_str("; 1 path could not be read")?,
            many => write!(f, "; {many} paths could not be read")?,
        }
        if !self.ignored.is_empty() {
            write!(f, "; passed over: {}", self.ignored)?;
        }
        match self.left_out {
            0 => Ok(()),
            1 => f.write_str("; left out: 1 file of --cluster or --old"),
            many => write!(f, "; left out: {many} files of --cluster or --old"),
        }
    }
}
