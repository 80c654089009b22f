//! Coverage: what the passing cases reach.

use super::actual::Reached;
use crate::report::SuiteCoverage;
use crate::setting::RuleId;

/// The operations, and whether the webhook ever allows them.
const OPERATIONS: [(&str, bool); 3] = [("CREATE", true), ("UPDATE", true), ("DELETE", false)];
/// What mutation can do to a value.
const MUTATIONS: [&str; 4] = ["kept", "restored", "rewritten", "emptied"];

/// What each case reached.
#[derive(Clone, Debug, Default)]
pub struct Tally(Vec<Reached>);

impl Tally {
    pub(super) fn count(&mut self, reached: Reached) {
        self.0.push(reached);
    }

    fn cases(&self, reached: impl Fn(&Reached) -> bool) -> usize {
        self.0.iter().filter(|it| reached(it)).count()
    }

    /// How many cases a rule refuses, and how many it lets pass.
    fn of_rule(&self, rule: RuleId) -> [usize; 2] {
        [self.cases(|it| it.refusing.contains(rule)), self.cases(|it| it.passing.contains(rule))]
    }

    /// How many cases of an operation are refused, and how many allowed.
    fn of_operation(&self, name: &'static str) -> [usize; 2] {
        [false, true].map(|allowed| self.cases(|it| it.operation == Some((name, allowed))))
    }

    fn of_mutation(&self, name: &str) -> usize {
        self.cases(|it| it.mutation == Some(name))
    }

    /// Every point with how many cases reached it, in words that name it when none did.
    fn points(&self) -> Vec<(String, usize)> {
        let mut points = Vec::new();
        for rule in RuleId::ALL {
            let [refused, passed] = self.of_rule(rule);
            points.push((format!("{rule}: no case is refused by it"), refused));
            points.push((format!("{rule}: no case is judged by it and passes"), passed));
        }
        for (operation, ever_allowed) in OPERATIONS {
            let [refused, allowed] = self.of_operation(operation);
            points.push((format!("{operation}: no case is refused"), refused));
            if ever_allowed {
                points.push((format!("{operation}: no case is allowed"), allowed));
            }
        }
        points.extend(MUTATIONS.map(|name| (format!("mutation: no value is {name}"), self.of_mutation(name))));
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
        for rule in RuleId::ALL {
            let [refused, passed] = self.of_rule(rule).map(|cases| cases.to_string());
            lines.push(row(rule.as_str(), refused, passed));
        }
        lines.push(row("operation", "refused".into(), "allowed".into()));
        for (operation, ever_allowed) in OPERATIONS {
            let [refused, allowed] = self.of_operation(operation).map(|cases| cases.to_string());
            lines.push(row(operation, refused, if ever_allowed { allowed } else { "-".into() }));
        }
        lines.push(format!("{:<28} {:>15}", "value", "cases"));
        lines.extend(MUTATIONS.map(|name| format!("{name:<28} {:>15}", self.of_mutation(name))));
        lines.join("\n") + "\n"
    }
}
