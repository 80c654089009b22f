//! Compares expected and actual outcome, and describes the differences.

use std::fmt::Write as _;

use regex_lite::Regex;

use super::actual::Actual;
use super::expectation::{Expectation, ExpectedCause, ExpectedList, ExpectedVerdict, ExpectedWarning};
use crate::escape::Line;
use crate::report::{Difference, LocatedCause, LocatedWarning, Location};

/// Everything that is not as expected; nothing when the case holds. What has no place of its own is at the expectation.
pub(super) fn differences(expected: Option<&Expectation>, actual: &Actual, at: &Location) -> Vec<Difference> {
    let mut comparison = Comparison { at, differences: Vec::new() };
    if let Some(expected) = expected {
        comparison.compare(expected, actual);
    } else {
        let what = "there is no expect, and a case without one can't fail";
        comparison.differ(format!("{what}; seen {}", verdict(actual)));
    }
    if let Some(mutation) = actual.unstable {
        comparison.differ(format!("mutating the result again changes it: it would be {mutation}"));
    }
    comparison.differences
}

struct Comparison<'a> {
    at: &'a Location,
    differences: Vec<Difference>,
}

impl Comparison<'_> {
    fn differ(&mut self, message: String) {
        self.differ_at(self.at.clone(), message);
    }

    fn differ_at(&mut self, at: Location, message: String) {
        self.differences.push(Difference { message, at });
    }

    fn compare(&mut self, expected: &Expectation, actual: &Actual) {
        let same_verdict = expected.verdict == actual.verdict;
        let code = expected.code.as_ref().map(|code| code.value);
        if !same_verdict {
            self.differ(format!("expected {}, seen {}", expected.verdict.word(), verdict(actual)));
        } else if let Some(code) = code.filter(|code| Some(*code) != actual.code) {
            self.differ(format!("expected code {code}, seen {}", verdict(actual)));
        } else if !expected.says_why() {
            let what = "expected refused, but not why: one that is refused for another reason would hold as well";
            self.differ(format!("{what}; seen {}", verdict(actual)));
        }
        if let Some(causes) = &expected.causes {
            self.causes(causes.value.items(), causes.value.is_exact(), actual);
        } else if !same_verdict {
            let exact = expected.verdict == ExpectedVerdict::Allowed || actual.code == Some(422);
            self.causes(&[], exact, actual);
        }
        if let Some(warnings) = &expected.warnings {
            self.warnings(&warnings.value, actual);
        }
        if same_verdict
            && let Some(stored) = &expected.stored
            && actual.stored.as_ref() != Some(&stored.value)
        {
            let seen = actual.stored.as_deref().unwrap_or_default();
            self.differ(format!("expected stored {}, seen {}", shown(&stored.value), shown(seen)));
        }
    }

    fn causes(&mut self, expected: &[ExpectedCause], exact: bool, actual: &Actual) {
        let (missing, extra) = match_up(expected, &actual.causes, ExpectedCause::matches);
        for cause in missing {
            let ExpectedCause { rule, field, reason, message } = cause;
            let reason = reason.as_ref().map(|reason| format!(", reason {}", Line(reason))).unwrap_or_default();
            self.differ(format!("missing cause: {rule} at {}{reason}{}", Line(field), pattern(message.as_ref())));
        }
        if !exact {
            return;
        }
        for LocatedCause { cause, at } in extra {
            let message = format!("unexpected cause: {} at {}: {}", cause.rule(), cause.field, cause.message);
            self.differ_at(at.clone(), message);
        }
        if actual.more_causes > 0 {
            self.differ(format!("{} causes more than can be listed; say including", actual.more_causes));
        }
    }

    fn warnings(&mut self, expected: &ExpectedList<ExpectedWarning>, actual: &Actual) {
        let (missing, extra) = match_up(expected.items(), &actual.warnings, ExpectedWarning::matches);
        for ExpectedWarning { kind, message } in missing {
            self.differ(format!("missing warning: {kind}{}", pattern(message.as_ref())));
        }
        for LocatedWarning { kind, message, at, .. } in extra.into_iter().filter(|_| expected.is_exact()) {
            self.differ_at(at.clone(), format!("unexpected warning: {kind}: {message}"));
        }
    }
}

impl ExpectedCause {
    fn matches(&self, actual: &LocatedCause) -> bool {
        let cause = &actual.cause;
        self.rule == cause.rule()
            && self.field == cause.field.to_string()
            && self.reason.as_ref().is_none_or(|reason| reason == cause.reason())
            && self.message.as_ref().is_none_or(|message| message.is_match(&cause.message))
    }
}

impl ExpectedWarning {
    fn matches(&self, actual: &LocatedWarning) -> bool {
        self.kind == actual.kind && self.message.as_ref().is_none_or(|message| message.is_match(&actual.message))
    }
}

/// Gives each expected item an actual one of its own, and returns those of both sides that are left.
fn match_up<'a, E, A>(
    expected: &'a [E],
    actual: &'a [A],
    matches: impl Fn(&E, &A) -> bool,
) -> (Vec<&'a E>, Vec<&'a A>) {
    let pairs = pair(expected.len(), actual.len(), |one, other| matches(&expected[one], &actual[other]));
    let missing = expected.iter().zip(&pairs).filter(|(_, pair)| pair.is_none()).map(|(item, _)| item);
    let extra = actual.iter().enumerate().filter(|(index, _)| !pairs.contains(&Some(*index))).map(|(_, item)| item);
    (missing.collect(), extra.collect())
}

/// Gives each of `left` one of `right` of its own, to as many as can be: an expectation that matches much must not
/// take what another one needs. Patterns overlap as they like, so taking the first that is free would not do.
fn pair(left: usize, right: usize, matches: impl Fn(usize, usize) -> bool) -> Vec<Option<usize>> {
    fn place(
        one: usize,
        taken: &mut [Option<usize>],
        tried: &mut [bool],
        matches: &impl Fn(usize, usize) -> bool,
    ) -> bool {
        for other in 0..taken.len() {
            if tried[other] || !matches(one, other) {
                continue;
            }
            tried[other] = true;
            if taken[other].is_none_or(|owner| place(owner, taken, tried, matches)) {
                taken[other] = Some(one);
                return true;
            }
        }
        false
    }
    let mut taken = vec![None; right];
    for one in 0..left {
        place(one, &mut taken, &mut vec![false; right], &matches);
    }
    (0..left).map(|one| taken.iter().position(|owner| *owner == Some(one))).collect()
}

fn pattern(pattern: Option<&Regex>) -> String {
    pattern.map(|pattern| format!(", message /{}/", Line(pattern.as_str()))).unwrap_or_default()
}

/// The verdict, with what there is to say of it that no cause says.
fn verdict(actual: &Actual) -> String {
    let mut text = actual.verdict.word().to_owned();
    if let (ExpectedVerdict::Refused, Some(code)) = (actual.verdict, actual.code) {
        let _ = write!(text, " with code {code}");
    }
    if let Some(why) = &actual.why {
        let _ = write!(text, ": {}", shown(why));
    }
    text
}

fn shown(text: &str) -> String {
    if text.is_empty() { "''".into() } else { Line(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::{Policy, Request};
    use crate::setting::Facts;

    fn pairs(left: usize, right: usize, edges: &[(usize, usize)]) -> Vec<Option<usize>> {
        pair(left, right, |one, other| edges.contains(&(one, other)))
    }

    #[test]
    fn an_expectation_that_matches_much_leaves_to_others_what_they_need() {
        assert_eq!(pairs(2, 2, &[(0, 0), (0, 1), (1, 0)]), [Some(1), Some(0)]);
        assert_eq!(pairs(3, 3, &[(0, 0), (0, 1), (1, 0), (1, 2), (2, 0)]), [Some(1), Some(2), Some(0)]);
        // All match as many: no order would make the first that is free the right one.
        assert_eq!(pairs(3, 3, &[(0, 0), (0, 1), (1, 1), (1, 2), (2, 0), (2, 1)]), [Some(1), Some(2), Some(0)]);
        assert_eq!(pairs(2, 1, &[(0, 0), (1, 0)]), [Some(0), None]);
        assert_eq!(pairs(1, 2, &[]), [None]);
        assert_eq!(pairs(0, 2, &[]), []);
    }

    #[test]
    fn a_mutation_that_does_not_come_to_rest_is_a_difference() {
        let at = Location::new(std::path::Path::new("x.suite.yaml"), crate::manifest::Position::START);
        let facts = Facts::unknown("not listed yet");
        let actual = Actual::of(&Ok(Request::Delete), &facts, &Policy::default(), |_| at.clone());
        let actual = Actual { unstable: Some("rewritten"), ..actual };
        let expected: Expectation = serde_saphyr::from_str("{verdict: refused, code: 405}").unwrap();
        let differences = differences(Some(&expected), &actual, &at);
        let messages: Vec<_> = differences.iter().map(|it| it.message.as_str()).collect();
        assert_eq!(messages, ["mutating the result again changes it: it would be rewritten"]);
    }
}
