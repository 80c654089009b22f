//! What was expected against what was seen, in words.

use std::fmt::Write as _;

use regex_lite::Regex;

use super::expectation::{self, Expectation, Listed, Verdict};
use super::seen::{Seen, Warned};
use crate::admission::Cause;
use crate::escape::Line;

/// One thing that is not as expected.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) message: String,
    /// The cause or warning that it is about, as an index into what was seen.
    pub(super) about: About,
}

/// What a difference is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    Expectation,
    Cause(usize),
    Warning(usize),
}

/// Everything that is not as expected; nothing when the case holds.
pub(super) fn differences(expected: Option<&Expectation>, seen: &Seen) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut differ = |about, message: String| differences.push(Difference { message, about });
    if let Some(expected) = expected {
        compare(expected, seen, &mut differ);
    } else {
        differ(
            About::Expectation,
            format!("there is no expect, and a case without one can't fail; seen {}", verdict(seen)),
        );
    }
    if let Some(mutation) = seen.unstable {
        differ(About::Expectation, format!("mutating the result again changes it: it would be {mutation}"));
    }
    differences
}

fn compare(expected: &Expectation, seen: &Seen, differ: &mut impl FnMut(About, String)) {
    if expected.verdict != seen.verdict {
        differ(About::Expectation, format!("expected {}, seen {}", expected.verdict.word(), verdict(seen)));
    } else if expected.code.is_some_and(|code| Some(code) != seen.code) {
        let code = expected.code.unwrap_or_default();
        differ(About::Expectation, format!("expected code {code}, seen {}", verdict(seen)));
    } else if !expected.says_why() {
        let message = "expected refused, but not why: one that is refused for another reason would hold as well";
        differ(About::Expectation, format!("{message}; seen {}", verdict(seen)));
    }
    let nothing = Listed { exactly: expected.verdict == Verdict::Allowed || seen.code == Some(422), items: Vec::new() };
    let causes = expected.causes.as_ref().unwrap_or(&nothing);
    if expected.causes.is_some() || expected.verdict != seen.verdict {
        match_up(
            causes,
            &seen.causes,
            expectation::Cause::matches,
            |it| format!("missing cause: {}", expected_cause(it)),
            |index, it| (About::Cause(index), format!("unexpected cause: {} at {}: {}", it.rule, it.field, it.message)),
            differ,
        );
        if causes.exactly && seen.more_causes > 0 {
            differ(About::Expectation, format!("{} causes more than can be listed; say including", seen.more_causes));
        }
    }
    if let Some(warnings) = &expected.warnings {
        match_up(
            warnings,
            &seen.warnings,
            expectation::Warning::matches,
            |it| format!("missing warning: {}{}", it.kind, pattern(it.message.as_ref())),
            |index, it| (About::Warning(index), format!("unexpected warning: {}: {}", it.kind, it.message)),
            differ,
        );
    }
    if expected.verdict == seen.verdict
        && let Some(stored) = &expected.stored
        && seen.stored.as_deref() != Some(stored)
    {
        let seen = seen.stored.as_deref().unwrap_or_default();
        differ(About::Expectation, format!("expected stored {}, seen {}", shown(stored), shown(seen)));
    }
}

impl expectation::Cause {
    fn matches(&self, seen: &Cause) -> bool {
        self.rule == seen.rule
            && self.field == seen.field.to_string()
            && self.reason.as_ref().is_none_or(|reason| reason == seen.reason)
            && self.message.as_ref().is_none_or(|message| message.is_match(&seen.message))
    }
}

impl expectation::Warning {
    fn matches(&self, seen: &Warned) -> bool {
        self.kind == seen.kind && self.message.as_ref().is_none_or(|message| message.is_match(&seen.message))
    }
}

fn match_up<E, S>(
    expected: &Listed<E>,
    seen: &[S],
    matches: impl Fn(&E, &S) -> bool,
    missing: impl Fn(&E) -> String,
    extra: impl Fn(usize, &S) -> (About, String),
    differ: &mut impl FnMut(About, String),
) {
    let pairs = pair(expected.items.len(), seen.len(), |one, other| matches(&expected.items[one], &seen[other]));
    for (item, _) in expected.items.iter().zip(&pairs).filter(|(_, pair)| pair.is_none()) {
        differ(About::Expectation, missing(item));
    }
    if expected.exactly {
        for (index, item) in seen.iter().enumerate().filter(|(index, _)| !pairs.contains(&Some(*index))) {
            let (about, message) = extra(index, item);
            differ(about, message);
        }
    }
}

/// Gives each of `left` one of `right` of its own, to as many as can be: an expectation that matches much must not
/// take what another one needs.
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

fn expected_cause(cause: &expectation::Cause) -> String {
    let reason = cause.reason.as_ref().map(|reason| format!(", reason {}", Line(reason))).unwrap_or_default();
    format!("{} at {}{reason}{}", cause.rule, Line(&cause.field), pattern(cause.message.as_ref()))
}

fn pattern(pattern: Option<&Regex>) -> String {
    pattern.map(|pattern| format!(", message /{}/", Line(pattern.as_str()))).unwrap_or_default()
}

/// The verdict, with what there is to say of it that no cause says.
fn verdict(seen: &Seen) -> String {
    let mut text = seen.verdict.word().to_owned();
    if let (Verdict::Refused, Some(code)) = (seen.verdict, seen.code) {
        let _ = write!(text, " with code {code}");
    }
    if let Some(why) = &seen.why {
        let _ = write!(text, ": {}", shown(why));
    }
    text
}

/// A text on one line.
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
        assert_eq!(pairs(2, 1, &[(0, 0), (1, 0)]), [Some(0), None]);
        assert_eq!(pairs(1, 2, &[]), [None]);
        assert_eq!(pairs(0, 2, &[]), []);
    }

    #[test]
    fn a_mutation_that_does_not_come_to_rest_is_a_difference() {
        let seen = Seen::of(&Ok(Request::Delete), &Facts::unknown("not listed yet"), &Policy::default());
        let seen = Seen { unstable: Some("rewritten"), ..seen };
        let expected = Expectation {
            position: crate::manifest::Position::START,
            verdict: Verdict::Refused,
            code: Some(405),
            causes: None,
            stored: None,
            warnings: None,
        };
        let differences = differences(Some(&expected), &seen);
        let messages: Vec<_> = differences.iter().map(|it| it.message.as_str()).collect();
        assert_eq!(messages, ["mutating the result again changes it: it would be rewritten"]);
    }
}
