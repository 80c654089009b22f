//! The summary and exit code of a run.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;

use super::Exit;
use super::judged::Judged;
use crate::input::Ignored;

#[derive(Debug, Default)]
pub(super) struct Summary {
    verdicts: HashMap<&'static str, usize>,
    pub(super) unreadable: usize,
    warnings: usize,
    pub(super) ignored: Ignored,
    pub(super) skipped: Vec<(PathBuf, Skipped)>,
    /// The Settings in the input that count as applied.
    pub(super) applied: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skipped {
    OfCluster,
    Foreign,
    Excluded,
    Captured,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OfCluster => "left out, a file of --cluster or --old",
            Self::Excluded => "left out, by --exclude or .gitignore",
            Self::Captured => "left out, from a capture",
            Self::Foreign => "passed over, can't be read and doesn't contain \"vm-migration-network\"",
        })
    }
}

impl Summary {
    pub(super) fn count(&mut self, judged: &Judged<'_>) {
        *self.verdicts.entry(judged.verdict()).or_default() += 1;
        self.warnings += judged.warnings().len() + judged.lints.len();
    }

    pub(super) fn judged(&self) -> usize {
        self.verdicts.values().sum()
    }

    fn of(&self, verdict: &str) -> usize {
        self.verdicts.get(verdict).copied().unwrap_or_default()
    }

    fn count_skipped(&self, why: Skipped) -> usize {
        self.skipped.iter().filter(|(_, skipped)| *skipped == why).count()
    }

    pub(super) fn exit(&self, warnings_as_errors: bool) -> Exit {
        if self.of("unavailable") + self.of("malformed") + self.unreadable > 0 {
            Exit::Error
        } else if self.of("refused") > 0 || warnings_as_errors && self.warnings > 0 {
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
        let mut separator = ": ";
        for verdict in ["allowed", "refused", "unavailable", "malformed"] {
            let count = self.of(verdict);
            if count > 0 {
                let why = if verdict == "unavailable" { " for want of facts" } else { "" };
                write!(f, "{separator}{count} {verdict}{why}")?;
                separator = ", ";
            }
        }
        counted(f, "", self.warnings, ["warning", "warnings"])?;
        counted(f, "", self.unreadable, ["path could not be read", "paths could not be read"])?;
        if !self.ignored.is_empty() {
            write!(f, "; passed over: {}", self.ignored)?;
        }
        let left_out = [
            (Skipped::OfCluster, ["file of --cluster or --old", "files of --cluster or --old"]),
            (Skipped::Excluded, ["path by --exclude or .gitignore", "paths by --exclude or .gitignore"]),
            (Skipped::Captured, ["file of a capture", "files of a capture"]),
        ];
        for (why, what) in left_out {
            counted(f, "left out: ", self.count_skipped(why), what)?;
        }
        let foreign = [
            "file can't be read and doesn't contain \"vm-migration-network\"",
            "files can't be read and don't contain \"vm-migration-network\"",
        ];
        counted(f, "", self.count_skipped(Skipped::Foreign), foreign)?;
        if !self.applied.is_empty() {
            write!(f, "; counted as applied: {}", self.applied.join(", "))?;
        }
        Ok(())
    }
}

/// Says how many there are, if any, of what is named for one and for many.
fn counted(f: &mut fmt::Formatter<'_>, before: &str, count: usize, [one, many]: [&str; 2]) -> fmt::Result {
    match count {
        0 => Ok(()),
        1 => write!(f, "; {before}1 {one}"),
        _ => write!(f, "; {before}{count} {many}"),
    }
}
