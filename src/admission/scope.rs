//! The `matchConditions` of the manifests in Rust: which requests the API server sends.
//!
//! A suite that expects a verdict of a request which never arrives would prove nothing.

use super::decision::Request;
use super::setting::{Setting, Text};

/// Which of the registered entries the API server calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// None: the request passes, even while no replica runs.
    NotSent,
    /// The validating entry for disabling alone, which fails open.
    Disable,
    /// `/mutate`, then `/validate`; both fail closed.
    Checked,
}

impl Route {
    /// The name of the registered entry that answers first, and so the one that refuses; `None` where none is asked.
    pub const fn webhook(self) -> Option<&'static str> {
        match self {
            Self::NotSent => None,
            Self::Disable => Some("disable.vm-migration-network.setting"),
            Self::Checked => Some("check.vm-migration-network.setting"),
        }
    }
}

/// The route of a request.
pub fn route(request: &Request<'_>) -> Route {
    let (old, new) = match request {
        Request::NotOurs => return Route::NotSent,
        Request::Delete => return Route::Checked,
        Request::Create(new) => (None, new),
        Request::Update { old, new } => (Some(old), new),
    };
    // What is created is not being deleted, whatever it says: the API server drops that field.
    if old.is_some() && new.metadata.deletion_timestamp != Text::Absent {
        return Route::NotSent;
    }
    let nothing = Setting::default();
    let stored = old.unwrap_or(&nothing);
    let changes = |old: &Text<'_>, new: &Text<'_>| old.bytes() != new.bytes();
    let default_changes = new.default.bytes() != Some("") && changes(&stored.default, &new.default);
    let value_changes = changes(&stored.value, &new.value);
    let value_goes = old.is_some() && value_changes && new.value.bytes() == Some("");
    match (value_changes || default_changes, value_goes && !default_changes) {
        (false, _) => Route::NotSent,
        (true, true) => Route::Disable,
        (true, false) => Route::Checked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(text: &str) -> Setting<'_> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn only_a_change_is_sent_and_switching_off_goes_its_own_way() {
        let update = |old, new| route(&Request::Update { old: setting(old), new: setting(new) });
        let create = |new| route(&Request::Create(setting(new)));
        let deleted = r#"{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"},"value":"b"}"#;
        for (seen, expected) in [
            (route(&Request::NotOurs), Route::NotSent),
            (route(&Request::Delete), Route::Checked),
            (create(r#"{"value":"","default":""}"#), Route::NotSent),
            (create("{}"), Route::NotSent),
            (create(r#"{"value":" "}"#), Route::Checked),
            (create(r#"{"default":"d"}"#), Route::Checked),
            (create(deleted), Route::Checked),
            (update(r#"{"value":"a"}"#, r#"{"value":"a"}"#), Route::NotSent),
            (update("{}", r#"{"value":""}"#), Route::NotSent),
            (update(r#"{"value":"a"}"#, r#"{"value":"b"}"#), Route::Checked),
            (update(r#"{"value":"a"}"#, deleted), Route::NotSent),
            (update(r#"{"value":"a"}"#, r#"{"value":""}"#), Route::Disable),
            (update(r#"{"value":"a"}"#, "{}"), Route::Disable),
            (update(r#"{"value":"a"}"#, r#"{"value":" "}"#), Route::Checked),
            (update(r#"{"value":"a"}"#, r#"{"value":"","default":"d"}"#), Route::Checked),
            (update(r#"{"value":"a","default":"d"}"#, r#"{"value":"","default":"d"}"#), Route::Disable),
            (update(r#"{"value":"a","default":"d"}"#, r#"{"value":"a","default":""}"#), Route::NotSent),
            (update(r#"{"value":"a","default":"d"}"#, r#"{"value":"a","default":"e"}"#), Route::Checked),
        ] {
            assert_eq!(seen, expected);
        }
    }
}
