//! Runs a request as the API server does: `/mutate`, apply the patch, `/validate`.

use std::borrow::Cow;

use super::decision::{Decision, Request, Verdict, decide};
use super::mutation::Mutation;
use super::setting::{Setting, Text};
use super::{Phase, Policy};
use crate::setting::{Facts, Warning};

/// Both halves of the decision on one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// What `/mutate` decides.
    pub mutated: Decision,
    /// What `/validate` decides on the result; `None` when `/mutate` refused, as then it is never asked.
    pub validated: Option<Decision>,
}

/// Takes a request through both halves.
pub fn admit(request: &Request<'_>, facts: &Facts, policy: &Policy) -> Admission {
    let mutated = decide(Phase::Mutate, request, facts, policy);
    let validated = (mutated.verdict == Verdict::Allowed)
        .then(|| decide(Phase::Validate, &apply(request, &mutated), facts, policy));
    Admission { mutated, validated }
}

/// The request as `/validate` gets it: with the patch applied.
pub fn apply<'a>(request: &Request<'a>, mutated: &Decision) -> Request<'a> {
    let mut result = request.clone();
    if let Request::Create(new) | Request::Update { new, .. } = &mut result {
        replace(&mut new.value, &mutated.value);
        replace(&mut new.default, &mutated.default);
    }
    result
}

fn replace(text: &mut Text<'_>, mutation: &Mutation) {
    if let Some(replacement) = mutation.replacement() {
        *text = Text::Text(Cow::Owned(replacement.to_owned()));
    }
}

impl Admission {
    /// The decision that the user is told: the last one taken.
    pub fn decision(&self) -> &Decision {
        self.validated.as_ref().unwrap_or(&self.mutated)
    }

    /// Whether the request goes through.
    pub fn is_allowed(&self) -> bool {
        self.decision().verdict == Verdict::Allowed
    }

    /// The warnings of both halves, each once, as the API server shows them.
    pub fn warnings(&self) -> Vec<&Warning> {
        let mut warnings: Vec<&Warning> = Vec::new();
        for warning in self.mutated.warnings.iter().chain(self.validated.iter().flat_map(|it| &it.warnings)) {
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
        warnings
    }

    /// The Setting that is stored when the request goes through; `None` where none is.
    pub fn stored<'a>(&self, request: &Request<'a>) -> Option<Setting<'a>> {
        if !self.is_allowed() {
            return None;
        }
        match apply(request, &self.mutated) {
            Request::Create(new) | Request::Update { new, .. } => Some(new),
            Request::NotOurs | Request::Delete => None,
        }
    }
}
