//! The decision on one `AdmissionRequest`: pure, and the same for the server and for files.

use ipnet::Ipv4Net;

use crate::network::RuleSet;


/// The URL path that a request came by, and so which half of the decision is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// `/mutate`: rewrite, then decide on the result.
    Mutate,
    /// `/validate`: decide on what came.
    Validate,
}

/// What an operator may set.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The ranges that `range-reserved` keeps clear of, beside those the cluster itself names.
    pub reserved: Vec<Ipv4Net>,
    /// The rules that warn instead of refusing.
    pub warn: RuleSet,
}

/// What goes back to the client of one request, and what is worth a log line.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status: 200 whenever the uid could be read, refusals included.
    pub http_status: u16,
    /// An `AdmissionReview` as JSON; plain text when the status is not 200.
    pub body: Vec<u8>,
    /// What was decided; `None` when the body was no review.
    pub record: Record,
}

/// One decision in the words of logs and metrics. Text that came from a stranger is escaped and cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The request's uid, escaped.
    pub uid: String,
    /// `userInfo.username`, escaped.
    pub user: String,
    /// `CREATE`, `UPDATE` or `DELETE`; `unknown` otherwise.
    pub operation: &'static str,
    /// `allowed`, `refused`, `unavailable` (facts missing) or `malformed`.
    pub verdict: &'static str,
    /// The status code in the answer: 200, 400, 405, 422 or 503.
    pub code: u16,
    /// The rules that refused.
    pub rules: RuleSet,
    /// What happened to the value: `kept`, `rewritten`, `restored`, `emptied`, or empty where nothing was mutated.
    pub mutation: &'static str,
}

/// Bytes in, bytes out: the whole of the webhook but for sockets.
#[must_use]
pub fn answer(phase: Phase, body: &[u8], facts: &crate::network::Facts, policy: &Policy) -> Answer {
    let _ = (phase, body, facts, policy);
    Answer { http_status: 400, body: b"not an AdmissionReview".to_vec(), record: Record::default() }
}
