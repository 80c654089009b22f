//! The decision on one `AdmissionRequest`: pure, and the same for the server and for files.

pub mod canonical;
mod change;
pub mod decision;
pub mod match_conditions;
mod mutation;
pub mod pipeline;
pub mod response;
pub mod review;
pub mod setting;

pub use crate::setting::Policy;
pub use canonical::canonical;
pub use decision::{Decision, Request, Verdict, decide};
pub use match_conditions::{MatchedWebhook, matched_webhook};
pub use mutation::Mutation;
pub use pipeline::{Admission, admit};
pub use review::Review;
pub use setting::Setting;

use std::time::Duration;

use crate::escape::Plain;
use crate::setting::{Facts, RuleSet};

/// The URL path that a request came by, and so which half of the decision is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// `/mutate`: rewrite, then decide on the result.
    Mutate,
    /// `/validate`: decide on what came.
    Validate,
}

impl Phase {
    /// Its name, for logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mutate => "mutate",
            Self::Validate => "validate",
        }
    }

    /// The URL path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Mutate => "/mutate",
            Self::Validate => "/validate",
        }
    }
}

/// What goes back to the client of one request, and what is worth a log line.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status: 200 whenever the uid could be read, refusals included.
    pub http_status: u16,
    /// An `AdmissionReview` as JSON; plain text when the status is not 200.
    pub body: Vec<u8>,
    /// What was decided.
    pub record: DecisionRecord,
}

/// One decision in the words of logs and metrics. Text that came from a stranger is escaped and cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionRecord {
    /// The request's uid, escaped.
    pub uid: String,
    /// `userInfo.username`, escaped.
    pub user: String,
    /// `CREATE`, `UPDATE` or `DELETE`; `unknown` otherwise.
    pub operation: &'static str,
    /// `allowed`, `refused`, `unavailable` (facts missing), `malformed` or `timeout`.
    pub verdict: &'static str,
    /// The status code in the answer: 200, 400, 405, 422, 503 or 504.
    pub code: u16,
    /// The rules that refused.
    pub rules: RuleSet,
    /// What became of the value: `kept`, `emptied`, `restored` or `rewritten`.
    pub mutation: &'static str,
}

/// The answer to a request whose time ran out before it was judged: it is refused, and nothing is said about the value.
pub fn out_of_time(body: &[u8], budget: Duration) -> Answer {
    let record = DecisionRecord { operation: "unknown", verdict: "timeout", code: 504, ..DecisionRecord::default() };
    match review::uid(body) {
        Some(uid) => {
            let record = DecisionRecord { uid: Plain(&uid).to_string(), ..record };
            Answer { http_status: 200, body: response::write_late(&uid, budget), record }
        }
        None => Answer { http_status: 504, body: response::late(budget).into_bytes(), record },
    }
}

/// Bytes in, bytes out: the whole of the webhook but for sockets.
pub fn answer(phase: Phase, body: &[u8], facts: &Facts, policy: &Policy) -> Answer {
    let review = match Review::read(body) {
        Ok(review) => review,
        Err(why) => {
            let record =
                DecisionRecord { operation: "unknown", verdict: "malformed", code: 400, ..DecisionRecord::default() };
            return Answer { http_status: 400, body: why.into_bytes(), record };
        }
    };
    let record = DecisionRecord {
        uid: Plain(&review.uid).to_string(),
        user: Plain(&review.user).to_string(),
        operation: review.operation,
        ..DecisionRecord::default()
    };
    let (body, record) = match &review.request {
        Err(why) => {
            let record = DecisionRecord { verdict: "malformed", code: 400, ..record };
            (response::write_malformed(&review.uid, why), record)
        }
        Ok(request) => {
            let decision = decide(phase, request, facts, policy);
            let record = DecisionRecord {
                verdict: response::verdict(&decision.verdict),
                code: response::code(&decision.verdict),
                rules: response::rules(&decision),
                mutation: decision.value.name(),
                ..record
            };
            (response::write(&review.uid, &decision), record)
        }
    };
    Answer { http_status: 200, body, record }
}

#[cfg(test)]
mod tests;
