//! Errors of calls to the API server.

use std::iter;
use std::time::Duration;

use hyper::{Request, StatusCode};
use kube::Client;
use kube::core::Status;
use kube::runtime::watcher;
use serde::de::DeserializeOwned;

use crate::escape::Quoting;

/// Why something could not be listed or watched. Safe to print.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{verb} refused with {code}{}", after_code(reason, message))]
    Refused {
        /// What was tried: `list` or `watch`.
        verb: &'static str,
        code: u16,
        /// The status's `reason`, as `Forbidden`; empty where it gives none.
        reason: String,
        message: String,
    },
    #[error("{verb}: no answer from the API server within {} s", after.as_secs())]
    Silent { verb: &'static str, after: Duration },
    #[error("the API server can't be reached: {}", Quoting(.0))]
    Unreachable(String),
    #[error("the answer of the API server can't be read: {}", Quoting(.0))]
    Garbled(String),
}

/// What the client's own layer has to say of a request.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error("no answer within {} s", .0.as_secs())]
    Silent(Duration),
    #[error("it is a web page (HTTP status {})", .0.as_u16())]
    WebPage(StatusCode),
    #[error("it is a redirection (HTTP status {})", .0.as_u16())]
    Redirect(StatusCode),
}

impl Error {
    pub(super) fn of(verb: &'static str, error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => {
                let Status { code, reason, message, .. } = *status;
                // A path that is not served is answered in plain text, and so answers whatever stands in between.
                let reason = if reason == "Failed to parse error data" { String::new() } else { reason };
                Self::Refused { verb, code, reason, message }
            }
            kube::Error::SerdeError(error) => Self::Garbled(error.to_string()),
            kube::Error::Service(error) => match error.downcast_ref() {
                Some(CallError::Silent(after)) => Self::Silent { verb, after: *after },
                Some(elsewhere) => Self::Garbled(format!(
                    "{elsewhere}, as of a login or a proxy; is this the address of the API server?"
                )),
                None => Self::unreachable(&*error),
            },
            error => Self::unreachable(&error),
        }
    }

    /// The cause comes first; the outer words are about our own client.
    fn unreachable(error: &dyn std::error::Error) -> Self {
        let mut chain: Vec<String> = Vec::new();
        for inner in iter::successors(Some(error), |error| error.source()).map(ToString::to_string) {
            // Some errors say their cause's words themselves.
            for outer in &mut chain {
                *outer = outer.replace(&format!(": {inner}"), "");
            }
            chain.push(inner);
        }
        chain.reverse();
        chain.dedup();
        let cause = chain.remove(0);
        Self::Unreachable(if chain.is_empty() { cause } else { format!("{cause} ({})", chain.join(", ")) })
    }

    /// What was asked for; `None` where the API server has no such thing.
    pub(super) fn found<T>(verb: &'static str, answer: kube::Result<T>) -> Result<Option<T>, Self> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
            Err(error) => Err(Self::of(verb, error)),
        }
    }

    /// In words, with the API server's address where it may be the wrong one.
    pub fn at(&self, address: &str) -> String {
        let words = self.to_string();
        match self {
            Self::Refused { .. } => words,
            _ => words.replacen("the API server", &format!("the API server at {}", Quoting(address)), 1),
        }
    }

    /// The HTTP status of a refusal.
    pub(super) const fn code(&self) -> Option<u16> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }
}

/// Reads what is at a path of the API.
pub(super) async fn get<T: DeserializeOwned>(client: &Client, path: String) -> kube::Result<T> {
    client.request(Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?).await
}

fn after_code(reason: &str, message: &str) -> String {
    let part =
        |before: &str, text: &str| if text.is_empty() { String::new() } else { format!("{before}{}", Quoting(text)) };
    part(" ", reason) + &part(": ", message)
}

impl From<watcher::Error> for Error {
    fn from(error: watcher::Error) -> Self {
        match error {
            watcher::Error::InitialListFailed(error) => Self::of("list", error),
            watcher::Error::WatchStartFailed(error) | watcher::Error::WatchFailed(error) => Self::of("watch", error),
            watcher::Error::WatchError(status) => Self::of("watch", kube::Error::Api(status)),
            watcher::Error::NoResourceVersion => Self::Garbled("it has no resourceVersion".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(verb: &'static str, json: &str) -> Error {
        Error::of(verb, kube::Error::Api(serde_json::from_str(json).unwrap()))
    }

    #[test]
    fn refusals_are_told_in_the_api_servers_words() {
        let forbidden = r#"{"kind":"Status","message":"nodes is forbidden: User \"a\nb\" cannot watch resource \"nodes\"","reason":"Forbidden","code":403}"#;
        let error = refused("watch", forbidden);
        let expected =
            r#"watch refused with 403 Forbidden: nodes is forbidden: User "a\nb" cannot watch resource "nodes""#;
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.code(), Some(403));

        let plain = r#"{"reason":"Failed to parse error data","message":"404 page not found","code":404}"#;
        let plain = refused("list", plain);
        assert_eq!(plain.to_string(), "list refused with 404: 404 page not found");
        assert_eq!(plain.code(), Some(404));
        assert_eq!(refused("list", r#"{"code":500}"#).to_string(), "list refused with 500");
        assert_eq!(refused("watch", r#"{"code":422}"#).code(), Some(422));
        let expired = refused("watch", r#"{"code":410,"reason":"Expired","message":"too old"}"#);
        assert_eq!(expired.to_string(), "watch refused with 410 Expired: too old");
        assert_eq!(expired.code(), Some(410));
    }

    #[test]
    fn the_cause_comes_first() {
        #[derive(Debug, thiserror::Error)]
        #[error("client error (Connect){0}")]
        struct Outer(&'static str, #[source] std::io::Error);
        for said in ["", ": connection refused"] {
            let outer = Outer(said, std::io::Error::other("connection refused"));
            let seen = Error::of("list", kube::Error::Service(Box::new(outer))).to_string();
            assert_eq!(seen, "the API server can't be reached: connection refused (client error (Connect))");
            let seen = Error::unreachable(&Outer(said, std::io::Error::other("timed out"))).at("10.0.0.1:6443");
            assert!(seen.starts_with("the API server at 10.0.0.1:6443 can't be reached: timed out ("), "{seen}");
        }
    }

    #[test]
    fn silence_is_measured() {
        let silent = Error::Silent { verb: "list", after: Duration::from_secs(30) };
        assert_eq!(silent.to_string(), "list: no answer from the API server within 30 s");
    }
}
