//! What can go wrong between the API server and us.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::escape::Quoting;

/// Why something could not be listed or watched. Safe to print.
#[derive(Debug)]
pub enum Error {
    /// The API server says no.
    Refused {
        /// What was tried: `list` or `watch`.
        verb: &'static str,
        /// The HTTP status.
        code: u16,
        /// The status's `reason`, as `Forbidden`; empty where it gives none.
        reason: String,
        /// What it says.
        message: String,
    },
    /// It says nothing.
    Silent {
        /// What was tried.
        verb: &'static str,
        /// For how long nothing came.
        after: Duration,
    },
    /// It can't be reached, or the connection broke.
    Unreachable(String),
    /// What it says is not what the API says.
    Garbled(String),
}

impl Error {
    pub(super) fn unreachable(error: &dyn std::error::Error) -> Self {
        // The outermost words are about our own client; what went wrong stands at the bottom of the chain.
        let mut words = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            let inner = error.to_string();
            if !words.contains(&inner) {
                words = format!("{words}: {inner}");
            }
            source = error.source();
        }
        Self::Unreachable(words)
    }

    pub(super) fn refused(verb: &'static str, code: u16, body: &[u8]) -> Self {
        let Status { code: said, reason, message } = serde_json::from_slice(body).unwrap_or_else(|_| Status {
            // A path that is not served is answered in plain text, and so answers whatever stands in between.
            message: String::from_utf8_lossy(body).trim().to_owned(),
            ..Status::default()
        });
        Self::Refused { verb, code: if said == 0 { code } else { said }, reason, message }
    }

    /// Whether there is nothing at that path.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { code: 404, .. })
    }

    /// Whether what was watched from is too long ago.
    pub(super) fn is_expired(&self) -> bool {
        matches!(self, Self::Refused { code: 410, .. })
    }

    /// Whether the request itself was found wrong, as one for a streaming list is where those are off.
    pub(super) fn is_invalid(&self) -> bool {
        matches!(self, Self::Refused { code: 400 | 422, .. })
    }

    /// Whether the account may not do that.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused { code: 401 | 403, .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { verb, code, reason, message } => {
                write!(f, "{verb} refused with {code}")?;
                if !reason.is_empty() {
                    write!(f, " {}", Quoting(reason))?;
                }
                if message.is_empty() { Ok(()) } else { write!(f, ": {}", Quoting(message)) }
            }
            Self::Silent { verb, after } => {
                write!(f, "{verb}: no answer from the API server within {} s", after.as_secs())
            }
            Self::Unreachable(why) => write!(f, "the API server can't be reached: {}", Quoting(why)),
            Self::Garbled(why) => write!(f, "the API server's answer can't be read: {}", Quoting(why)),
        }
    }
}

impl std::error::Error for Error {}

/// The least of a `Status`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    code: u16,
    reason: String,
    message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_in_the_api_servers_words() {
        let forbidden = br#"{"kind":"Status","message":"nodes is forbidden: User \"a\nb\" cannot watch resource \"nodes\"","reason":"Forbidden","code":403}"#;
        let error = Error::refused("watch", 403, forbidden);
        let expected =
            r#"watch refused with 403 Forbidden: nodes is forbidden: User "a\nb" cannot watch resource "nodes""#;
        assert_eq!(error.to_string(), expected);
        assert!(error.is_forbidden() && !error.is_not_found() && !error.is_expired() && !error.is_invalid());

        let plain = Error::refused("list", 404, b"404 page not found\n");
        assert_eq!(plain.to_string(), "list refused with 404: 404 page not found");
        assert!(plain.is_not_found());
        assert_eq!(Error::refused("list", 500, b"").to_string(), "list refused with 500");
        assert!(Error::refused("watch", 422, b"").is_invalid());
    }

    #[test]
    fn a_status_inside_a_watch_counts_by_its_own_code() {
        let expired = Error::refused("watch", 200, br#"{"code":410,"reason":"Expired","message":"too old"}"#);
        assert_eq!(expired.to_string(), "watch refused with 410 Expired: too old");
        assert!(expired.is_expired());
    }

    #[test]
    fn silence_is_measured() {
        let silent = Error::Silent { verb: "list", after: Duration::from_secs(30) };
        assert_eq!(silent.to_string(), "list: no answer from the API server within 30 s");
    }
}
