//! The actual outcome of a case, which is compared with the expected one, and the `expect` block for which it is right.

use std::fmt::Write as _;

use super::expectation::ExpectedVerdict;
use crate::admission::response::{self, Status};
use crate::admission::{
    Admission, MatchedWebhook, Mutation, Phase, Policy, Request, Verdict, admit, decide, matched_webhook, pipeline,
};
use crate::escape::{Line, Whole};
use crate::report::{LocatedCause, LocatedWarning, Location};
use crate::setting::field::Field;
use crate::setting::{Facts, RuleSet};

/// The longest string that is worth pasting, in characters.
const LONGEST: usize = 2000;
/// How many causes the block lists when it can't list them all.
const PASTED: usize = 10;

#[derive(Debug, Default)]
pub(super) struct Actual {
    pub(super) verdict: ExpectedVerdict,
    /// 200 when allowed; `None` when not sent.
    pub(super) code: Option<u16>,
    pub(super) causes: Vec<LocatedCause>,
    /// Causes beyond those that are listed.
    pub(super) more_causes: usize,
    /// Of a refusal without causes its text; of a request that is not sent why.
    pub(super) why: Option<String>,
    pub(super) warnings: Vec<LocatedWarning>,
    pub(super) stored: Option<String>,
    /// What mutating the result again would make of it, should that be something else.
    pub(super) unstable: Option<&'static str>,
    pub(super) reached: Reached,
}

/// What a case reaches of all that there is to reach.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reached {
    pub(super) refusing: RuleSet,
    pub(super) passing: RuleSet,
    /// `CREATE`, `UPDATE` or `DELETE`, and whether it was allowed.
    pub(super) operation: Option<(&'static str, bool)>,
    pub(super) mutation: Option<&'static str>,
}

impl Actual {
    /// Asks as the API server would.
    pub(super) fn of(
        request: &Result<Request<'_>, String>,
        facts: &Facts,
        policy: &Policy,
        locate: impl Fn(&Field) -> Location,
    ) -> Self {
        let request = match request {
            Ok(request) => request,
            Err(why) => return Self::refused(&Status::malformed(why)),
        };
        let webhook = matched_webhook(request);
        if webhook == MatchedWebhook::None {
            let why = Some(not_sent(request).to_owned());
            return Self { verdict: ExpectedVerdict::NotSent, why, ..Self::default() };
        }
        let admission = match webhook {
            // The webhook for disabling validates only.
            MatchedWebhook::Disable => {
                Admission { mutated: decide(Phase::Validate, request, facts, policy), validated: None }
            }
            _ => admit(request, facts, policy),
        };
        let stored = admission.stored(request).and_then(|stored| stored.value.bytes().map(ToOwned::to_owned));
        let unstable = if admission.is_allowed() { unstable(request, &admission, facts, policy) } else { None };
        let (causes, more_causes) = LocatedCause::all(&admission, &locate);
        let warnings = admission.warnings().into_iter().map(|it| LocatedWarning::of(it, &locate)).collect();
        let reached = reached(request, webhook, &admission);
        let answered = match Status::of(admission.decision()) {
            None => Self { verdict: ExpectedVerdict::Allowed, code: Some(200), ..Self::default() },
            Some(status) => Self::refused(&status),
        };
        Self { causes, more_causes, warnings, stored, unstable, reached, ..answered }
    }

    fn refused(status: &Status) -> Self {
        let why = status.causes.is_empty().then(|| status.message.clone());
        Self { verdict: ExpectedVerdict::Refused, code: Some(status.code), why, ..Self::default() }
    }
}

/// Why no webhook is asked.
fn not_sent(request: &Request<'_>) -> &'static str {
    match request {
        Request::NotOurs => "it is not about the Setting vm-migration-network of harvesterhci.io",
        Request::Update { new, .. } if new.metadata.deletion_timestamp.bytes() != Some("") => {
            "the object is being deleted"
        }
        _ => "neither value nor default changes to something that is judged",
    }
}

/// Mutation must come to rest: the API server may ask again when another webhook changes the object after ours.
fn unstable(request: &Request<'_>, admission: &Admission, facts: &Facts, policy: &Policy) -> Option<&'static str> {
    let again = decide(Phase::Mutate, &pipeline::apply(request, &admission.mutated), facts, policy);
    [&again.value, &again.default].into_iter().find(|mutation| **mutation != Mutation::Unchanged).map(Mutation::name)
}

fn reached(request: &Request<'_>, webhook: MatchedWebhook, admission: &Admission) -> Reached {
    let decisions = || [Some(&admission.mutated), admission.validated.as_ref()].into_iter().flatten();
    let refusing = decisions().flat_map(|decision| response::rules(decision).iter());
    let warning = decisions().flat_map(|decision| &decision.warnings).filter_map(|warning| warning.rule);
    let refusing: RuleSet = refusing.chain(warning).collect();
    let unknown = matches!(admission.decision().verdict, Verdict::FactsMissing(_));
    let judged = decisions().flat_map(|decision| decision.judged.iter()).filter(|_| !unknown);
    let allowed = admission.is_allowed();
    let operation = match request {
        Request::NotOurs => None,
        Request::Create(_) => Some("CREATE"),
        Request::Update { .. } => Some("UPDATE"),
        Request::Delete => Some("DELETE"),
    };
    Reached {
        refusing,
        passing: judged.filter(|rule| !refusing.contains(*rule)).collect(),
        operation: operation.map(|operation| (operation, allowed)),
        mutation: (allowed && webhook == MatchedWebhook::Check).then(|| admission.mutated.value.name()),
    }
}

impl Actual {
    /// The `expect` block of a case for which exactly this is right, as YAML.
    pub(super) fn would_hold(&self) -> String {
        if self.verdict == ExpectedVerdict::NotSent {
            return "expect: notSent\n".to_owned();
        }
        let mut block = format!("expect:\n  verdict: {}\n", self.verdict.word());
        if self.verdict == ExpectedVerdict::Refused {
            self.write_refusal(&mut block);
        } else if let Some(stored) = self.stored.as_ref().filter(|stored| stored.chars().count() <= LONGEST) {
            let _ = writeln!(block, "  stored: {}", scalar(stored));
        }
        if !self.warnings.is_empty() {
            block.push_str("  warnings:\n");
        }
        for warning in &self.warnings {
            let _ = writeln!(block, "  - kind: {}", warning.kind);
        }
        block
    }

    fn write_refusal(&self, block: &mut String) {
        if let Some(code) = self.code.filter(|code| *code != 422) {
            let _ = writeln!(block, "  code: {code}");
        }
        let (head, indent, listed) = match (self.more_causes, self.causes.len()) {
            (0, 0) => ("", "", 0),
            (0, all) => ("  causes:\n", "  ", all),
            _ => ("  causes:\n    including:\n", "    ", PASTED),
        };
        block.push_str(head);
        for cause in self.causes.iter().take(listed).map(|it| &it.cause) {
            let _ = writeln!(block, "{indent}- rule: {}\n{indent}  field: {}", cause.rule(), cause.field);
        }
    }
}

/// A string as a YAML scalar on one line, safe to print.
fn scalar(text: &str) -> String {
    if Line(text).to_string() == text { format!("'{}'", text.replace('\'', "''")) } else { Whole(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_reads_back_as_the_string() {
        for text in [
            "",
            "{\"a\":1}",
            "it's",
            "a\\b",
            "\\\"",
            "a\nb\t",
            "\u{1b}\u{202e}é",
            "::error::x",
            "# no comment",
            "\u{e0041}",
        ] {
            let scalar = scalar(text);
            assert!(!scalar.contains(['\n', '\u{1b}', '\u{202e}']), "{scalar}");
            assert_eq!(serde_saphyr::from_str::<String>(&scalar).unwrap(), text, "{scalar}");
        }
        assert_eq!(scalar("{\"a\":\"it's\"}"), r#"'{"a":"it''s"}'"#);
    }
}
