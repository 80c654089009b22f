//! The `matchConditions` of the manifests, in Rust: which requests the API server sends to which webhook.
//!
//! A suite that expects a verdict for a request that is never sent would prove nothing.

use super::decision::Request;
use super::setting::{Setting, Text};

/// The registered webhook whose `matchConditions` select a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchedWebhook {
    /// The API server sends the request to no webhook. It passes, even while no replica runs.
    None,
    /// The validating webhook for disabling alone, which fails open.
    Disable,
    /// `/mutate`, then `/validate`; both fail closed.
    Check,
}

impl MatchedWebhook {
    /// Its name in the configurations, as a refusal shows it; `None` if no webhook is called.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Disable => Some("disable.vm-migration-network.setting"),
            Self::Check => Some("check.vm-migration-network.setting"),
        }
    }
}

/// The webhook that the API server calls for a request.
pub fn matched_webhook(request: &Request<'_>) -> MatchedWebhook {
    let (old, new) = match request {
        Request::NotOurs => return MatchedWebhook::None,
        Request::Delete => return MatchedWebhook::Check,
        Request::Create(new) => (None, new),
        Request::Update { old, new } => (Some(old), new),
    };
    // What is created is not being deleted, whatever it says: the API server drops that field.
    if old.is_some() && new.metadata.deletion_timestamp != Text::Absent {
        return MatchedWebhook::None;
    }
    let nothing = Setting::default();
    let stored = old.unwrap_or(&nothing);
    let changes = |old: &Text<'_>, new: &Text<'_>| old.bytes() != new.bytes();
    let default_changes = new.default.bytes() != Some("") && changes(&stored.default, &new.default);
    let value_changes = changes(&stored.value, &new.value);
    let value_goes = old.is_some() && value_changes && new.value.bytes() == Some("");
    match (value_changes || default_changes, value_goes && !default_changes) {
        (false, _) => MatchedWebhook::None,
        (true, true) => MatchedWebhook::Disable,
        (true, false) => MatchedWebhook::Check,
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
        let update = |old, new| matched_webhook(&Request::Update { old: setting(old), new: setting(new) });
        let create = |new| matched_webhook(&Request::Create(setting(new)));
        let deleted = r#"{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"},"value":"b"}"#;
        for (seen, expected) in [
            (matched_webhook(&Request::NotOurs), MatchedWebhook::None),
            (matched_webhook(&Request::Delete), MatchedWebhook::Check),
            (create(r#"{"value":"","default":""}"#), MatchedWebhook::None),
            (create("{}"), MatchedWebhook::None),
            (create(r#"{"value":" "}"#), MatchedWebhook::Check),
            (create(r#"{"default":"d"}"#), MatchedWebhook::Check),
            (create(deleted), MatchedWebhook::Check),
            (update(r#"{"value":"a"}"#, r#"{"value":"a"}"#), MatchedWebhook::None),
            (update("{}", r#"{"value":""}"#), MatchedWebhook::None),
            (update(r#"{"value":"a"}"#, r#"{"value":"b"}"#), MatchedWebhook::Check),
            (update(r#"{"value":"a"}"#, deleted), MatchedWebhook::None),
            (update(r#"{"value":"a"}"#, r#"{"value":""}"#), MatchedWebhook::Disable),
            (update(r#"{"value":"a"}"#, "{}"), MatchedWebhook::Disable),
            (update(r#"{"value":"a"}"#, r#"{"value":" "}"#), MatchedWebhook::Check),
            (update(r#"{"value":"a"}"#, r#"{"value":"","default":"d"}"#), MatchedWebhook::Check),
            (update(r#"{"value":"a","default":"d"}"#, r#"{"value":"","default":"d"}"#), MatchedWebhook::Disable),
            (update(r#"{"value":"a","default":"d"}"#, r#"{"value":"a","default":""}"#), MatchedWebhook::None),
            (update(r#"{"value":"a","default":"d"}"#, r#"{"value":"a","default":"e"}"#), MatchedWebhook::Check),
        ] {
            assert_eq!(seen, expected);
        }
    }

    #[test]
    fn webhooks_are_called_as_in_the_manifests() {
        let names = [MatchedWebhook::None, MatchedWebhook::Disable, MatchedWebhook::Check].map(MatchedWebhook::name);
        let [disable, check] = ["disable.vm-migration-network.setting", "check.vm-migration-network.setting"];
        assert_eq!(names, [None, Some(disable), Some(check)]);
    }
}
