//! Coverage: what the passing cases reach.

use super::actual::Reached;
use crate::report::SuiteCoverage;
use crate::setting::RuleId;

/// The operations, and whether the webhook ever allows them.
const OPERATIONS: [(&str, bool); 3] = [("CREATE", true), ("UPDATE", true), ("DELETE", false)];
/// What mutation can do to a value.
const MUTATIONS: [&str; 4] = ["kept", "restored", "rewritten", "emptied"];

#[derive(Clone, Debug, Default)]
pub struct Tally {
    rules: [Both; RuleId::ALL.len()],
    operations: [Both; OPERATIONS.len()],
    mutations: [usize; MUTATIONS.len()],
}

#[derive(Clone, Copy, Debug, Default)]
struct Both {
    refused: usize,
    allowed: usize,
}

impl Tally {
    pub(super) fn count(&mut self, reached: Reached) {
        let Reached { refusing, passing, operation, mutation } = reached;
        refusing.iter().for_each(|rule| self.rules[rule as usize].refused += 1);
        passing.iter().for_each(|rule| self.rules[rule as usize].allowed += 1);
        for ((name, _), both) in OPERATIONS.iter().zip(&mut self.operations) {
            match operation {
                Some((operation, true)) if operation == *name => both.allowed += 1,
                Some((operation, false)) if operation == *name => both.refused += 1,
                _ => {}
            }
        }
        for (name, count) in MUTATIONS.iter().zip(&mut self.mutations) {
            *count += usize::from(mutation == Some(name));
        }
    }

    /// Every point with how many cases reached it, in words that name it when none did.
    fn points(&self) -> Vec<(String, usize)> {
        let mut points = Vec::new();
        for (rule, both) in RuleId::ALL.iter().zip(&self.rules) {
            points.push((format!("{rule}: no case is refused by it"), both.refused));
            points.push((format!("{rule}: no case is judged by it and passes"), both.allowed));
        }
        for ((operation, ever_allowed), both) in OPERATIONS.iter().zip(&self.operations) {
            points.push((format!("{operation}: no case is refused"), both.refused));
            if *ever_allowed {
                points.push((format!("{operation}: no case is allowed"), both.allowed));
            }
        }
        for (mutation, count) in MUTATIONS.iter().zip(&self.mutations) {
            points.push((format!("mutation: no value is {mutation}"), *count));
        }
        points
    }

    pub fn coverage(&self) -> SuiteCoverage {
        let points = self.points();
        let total = points.len();
        let missing: Vec<_> = points.into_iter().filter(|(_, count)| *count == 0).map(|(what, _)| what).collect();
        let reached = total - missing.len();
        SuiteCoverage { reached, points: total, percent: reached * 100 / total, missing }
    }

    pub fn table(&self) -> String {
        let mut lines = vec![format!("{:<28} {:>7} {:>7}", "rule", "refused", "passed")];
        let row = |name: &str, refused: String, allowed: String| format!("{name:<28} {refused:>7} {allowed:>7}");
        for (rule, both) in RuleId::ALL.iter().zip(&self.rules) {
            lines.push(row(rule.as_str(), both.refused.to_string(), both.allowed.to_string()));
        }
        lines.push(row("operation", "refused".into(), "allowed".into()));
        for ((operation, ever_allowed), both) in OPERATIONS.iter().zip(&self.operations) {
            let allowed = if *ever_allowed { both.allowed.to_string() } else { "-".into() };
            lines.push(row(operation, both.refused.to_string(), allowed));
        }
        lines.push(format!("{:<28} {:>15}", "value", "cases"));
        lines.extend(MUTATIONS.iter().zip(&self.mutations).map(|(name, count)| format!("{name:<28} {count:>15}")));
        lines.join("\n") + "\n"
    }
}
