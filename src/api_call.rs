//! Calls to the API server: timeout, logging and counting of failures.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use tokio::time::timeout;

use crate::escape::Quoting;

/// The author of the fields that the server writes, in the API server's records.
pub(crate) const FIELD_MANAGER: &str = "migration-network-webhook";

const TIMEOUT: Duration = Duration::from_secs(10);

/// A call, or a step beside it, that failed. Safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What was tried: the metric's label.
    pub verb: &'static str,
    /// What went wrong, and what to do.
    pub why: String,
    /// The HTTP status, if there was an answer.
    pub code: Option<u16>,
}

impl Failure {
    /// A failed call. The object is named as in `Secret harvester-system/migration-network-webhook-ca`.
    pub fn of_call(verb: &'static str, object: &str, error: &kube::Error) -> Self {
        let kube::Error::Api(status) = error else {
            // The sources say what the library's own words leave out, such as "connection refused".
            let mut words = error.to_string();
            let mut source = std::error::Error::source(error);
            while let Some(error) = source {
                let more = error.to_string();
                if !words.contains(&more) {
                    words = format!("{words}: {more}");
                }
                source = error.source();
            }
            let why = format!("can't {verb} {object}: {}; is the API server reachable?", Quoting(&words));
            return Self { verb, why, code: None };
        };
        let remedy = match status.code {
            401 => "; the token of the ServiceAccount is not accepted",
            403 => "; the shipped RBAC grants this verb on this one name: apply the manifests again",
            404 => "; the shipped manifests bring it: apply them again, the server has no right to create it",
            _ => "",
        };
        let why = format!("can't {verb} {object}: {} {}{remedy}", status.code, Quoting(&status.message));
        Self { verb, why, code: Some(status.code) }
    }
}

pub(crate) async fn call<T>(
    verb: &'static str,
    object: &str,
    answer: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, Failure> {
    let Ok(answer) = timeout(TIMEOUT, answer).await else {
        let why = format!("can't {verb} {object}: no answer in {TIMEOUT:?}; is the API server reachable?");
        return Err(Failure { verb, why, code: None });
    };
    answer.map_err(|error| Failure::of_call(verb, object, &error))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// The failures of one task: each cause is logged once, each failure is counted.
#[derive(Debug)]
pub(crate) struct Failures {
    task: &'static str,
    counted: Family<[(&'static str, &'static str); 1], Counter>,
    /// The cause that was logged last for a verb and object, until it works again.
    logged: Mutex<BTreeMap<(&'static str, String), String>>,
}

impl Failures {
    /// For a task, as the log names it. The counter of each verb starts at zero.
    pub(crate) fn new(task: &'static str, verbs: &[&'static str]) -> Self {
        let counted = Family::<[(&'static str, &'static str); 1], Counter>::default();
        for verb in verbs {
            drop(counted.get_or_create(&[("verb", *verb)]));
        }
        Self { task, counted, logged: Mutex::default() }
    }

    /// The counters, for a registry.
    pub(crate) fn counted(&self) -> Family<[(&'static str, &'static str); 1], Counter> {
        self.counted.clone()
    }

    /// Counts a failure, and logs it unless it is the one that was logged last.
    pub(crate) fn add(&self, object: &str, failure: &Failure) {
        self.counted.get_or_create(&[("verb", failure.verb)]).inc();
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        let before = logged.insert((failure.verb, object.to_owned()), failure.why.clone());
        if before.as_ref() != Some(&failure.why) {
            tracing::error!(why = failure.why, "{} failed, retrying", self.task);
        }
    }

    /// Logs that the verb works again on the object, if a failure was logged.
    pub(crate) fn over(&self, verb: &'static str, object: &str) {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.remove(&(verb, object.to_owned())).is_some() {
            tracing::info!("{} recovered: can {verb} {object}", self.task);
        }
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    fn refused(code: u16, message: &str) -> kube::Error {
        kube::Error::Api(Status { code, message: message.to_owned(), ..Status::default() }.boxed())
    }

    #[test]
    fn a_failure_says_what_to_do() {
        let secret = "Secret a/b";
        for (error, why, code) in [
            (
                refused(403, "secrets \"b\" is forbidden:\nno"),
                "can't get Secret a/b: 403 secrets \"b\" is forbidden:\\nno; the shipped RBAC grants this verb on this \
                 one name: apply the manifests again",
                Some(403),
            ),
            (
                refused(404, "not found"),
                "can't get Secret a/b: 404 not found; the shipped manifests bring it: apply them again, the server \
                 has no right to create it",
                Some(404),
            ),
            (refused(500, "boom"), "can't get Secret a/b: 500 boom", Some(500)),
            (
                kube::Error::Service("connection refused".into()),
                "can't get Secret a/b: ServiceError: connection refused; is the API server reachable?",
                None,
            ),
        ] {
            let failure = Failure::of_call("get", secret, &error);
            assert_eq!((&*failure.to_string(), failure.code), (why, code));
        }
    }

    #[test]
    fn every_failure_is_counted() {
        let failures = Failures::new("a task", &["get", "update"]);
        let failure = Failure::of_call("get", "x", &refused(500, "boom"));
        failures.add("x", &failure);
        failures.add("x", &failure);
        failures.over("get", "x");
        failures.add("x", &failure);
        let count = |verb| failures.counted().get_or_create(&[("verb", verb)]).get();
        assert_eq!((count("get"), count("update")), (3, 0));
    }
}
