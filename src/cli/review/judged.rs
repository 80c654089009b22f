//! One input and its verdict.

use std::borrow::Cow;

use serde::Deserialize;

use super::lint::{self, Lint};
use crate::admission::{Admission, Request, Review, Route, Setting, Verdict, admit, response, route};
use crate::input::Input;
use crate::report::preview::ClientAnswer;
use crate::setting::{Facts, Policy, Warning};

/// An input with what the API server would make of it.
pub(super) struct Judged<'i> {
    pub(super) input: &'i Input,
    /// Empty where there is none.
    pub(super) uid: Cow<'i, str>,
    /// Empty where there is none.
    pub(super) user: Cow<'i, str>,
    pub(super) operation: &'static str,
    pub(super) outcome: ReviewOutcome<'i>,
    /// The line of `value` in the file, from 1, where there is a `value`.
    pub(super) value_line: Option<usize>,
    /// What is to be said of the file that the cluster would not say.
    pub(super) lint: Option<Lint>,
}

pub(super) enum ReviewOutcome<'i> {
    Malformed(String),
    Admitted { request: Box<Request<'i>>, admission: Box<Admission> },
}

impl<'i> Judged<'i> {
    pub(super) fn new(input: &'i Input, facts: &Facts, policy: &Policy, stored_in: &str) -> Self {
        let (uid, user, operation, request) = match input.review() {
            Ok(Review { uid, user, operation, request }) => (uid, user, operation, request),
            Err(why) => (Cow::default(), Cow::default(), "unknown", Err(why)),
        };
        let (outcome, lint) = match request {
            Err(why) => (ReviewOutcome::Malformed(why), None),
            Ok(request) => {
                let admission = Box::new(admit(&request, facts, policy));
                let lint = lint::of(input, &request, &admission, stored_in);
                (ReviewOutcome::Admitted { request: Box::new(request), admission }, lint)
            }
        };
        let value_line = input.strings.value.as_ref().map(|value| value.start.line);
        Self { input, uid, user, operation, outcome, value_line, lint }
    }

    pub(super) fn verdict(&self) -> &'static str {
        match &self.outcome {
            ReviewOutcome::Malformed(_) => "malformed",
            ReviewOutcome::Admitted { admission, .. } => response::verdict(&admission.decision().verdict),
        }
    }

    /// What the API server is answered: by `/mutate`, unless that allows what `/validate` then refuses.
    pub(super) fn answer(&self) -> String {
        match &self.outcome {
            ReviewOutcome::Malformed(why) => malformed(&self.uid, why),
            ReviewOutcome::Admitted { admission, .. } => {
                let decision = if admission.is_allowed() { &admission.mutated } else { admission.decision() };
                text(response::write(&self.uid, decision))
            }
        }
    }

    /// What the API server is answered, for previews; nothing where it does not ask.
    pub(super) fn client_answer(&self) -> ClientAnswer {
        let route = match &self.outcome {
            ReviewOutcome::Malformed(_) => Route::Checked,
            ReviewOutcome::Admitted { request, .. } => route(request),
        };
        let Some(webhook) = route.webhook() else { return ClientAnswer::default() };
        ClientAnswer {
            refusal: self.status().map(|status| (webhook, status)),
            creates: self.operation == "CREATE",
            warnings: self.warnings().iter().map(ToString::to_string).collect(),
        }
    }

    /// The refusal as `response.status` carries it.
    pub(super) fn status(&self) -> Option<response::Status> {
        match &self.outcome {
            ReviewOutcome::Malformed(why) => Some(response::Status::malformed(why)),
            ReviewOutcome::Admitted { admission, .. } => response::Status::of(admission.decision()),
        }
    }

    pub(super) fn warnings(&self) -> Vec<&Warning> {
        match &self.outcome {
            ReviewOutcome::Malformed(_) => Vec::new(),
            ReviewOutcome::Admitted { admission, .. } => admission.warnings(),
        }
    }

    pub(super) fn lints(&self) -> Vec<String> {
        let lint = self.lint.iter().map(|lint| lint.message.clone());
        lint.chain(self.input.warnings.iter().map(ToString::to_string)).collect()
    }

    /// What is stored when the request goes through; of another object that is what was submitted.
    pub(super) fn stored(&self) -> Option<Setting<'i>> {
        match &self.outcome {
            ReviewOutcome::Admitted { request, .. } if **request == Request::NotOurs => {
                serde_json::from_slice::<Submitted<'i>>(self.input.json()?).ok()?.request.object
            }
            ReviewOutcome::Admitted { request, admission } => admission.stored(request),
            ReviewOutcome::Malformed(_) => None,
        }
    }

    pub(super) fn missing(&self) -> Vec<String> {
        match &self.outcome {
            ReviewOutcome::Admitted { admission, .. } => match &admission.decision().verdict {
                Verdict::FactsMissing(missing) => missing.iter().map(ToString::to_string).collect(),
                _ => Vec::new(),
            },
            ReviewOutcome::Malformed(_) => Vec::new(),
        }
    }
}

pub(super) fn malformed(uid: &str, why: &str) -> String {
    text(response::write_malformed(uid, why))
}

fn text(json: Vec<u8>) -> String {
    // JSON is UTF-8.
    String::from_utf8(json).unwrap_or_default()
}

/// The object of any request.
#[derive(Deserialize)]
struct Submitted<'a> {
    #[serde(borrow)]
    request: SubmittedRequest<'a>,
}

#[derive(Deserialize)]
struct SubmittedRequest<'a> {
    #[serde(borrow, default)]
    object: Option<Setting<'a>>,
}
