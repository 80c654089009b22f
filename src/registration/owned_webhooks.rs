//! The entries of a configuration that call this server.

use serde_json::{Value, json};

use super::bundle::Bundle;
use super::shipped::Service;

/// An owned entry of a configuration's `webhooks`: of these the server writes `caBundle`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OwnedWebhook {
    name: String,
    pub(super) held: Bundle,
}

impl OwnedWebhook {
    /// An entry is owned when it calls the Service. An entry that calls a URL is owned when its name is a shipped one: how
    /// the API server gets from that URL to the server is not known here.
    pub(super) fn find_all(webhooks: &Value, shipped: &Value, service: &Service) -> Vec<Self> {
        let is_shipped = |name| list(shipped).iter().any(|webhook| text(webhook, "/name") == Some(name));
        let owned = list(webhooks).iter().filter_map(|webhook| {
            let name = text(webhook, "/name")?;
            let called =
                (text(webhook, "/clientConfig/service/name"), text(webhook, "/clientConfig/service/namespace"));
            let by_service = called == (Some(&service.name), Some(&service.namespace));
            let by_url = text(webhook, "/clientConfig/url").is_some() && is_shipped(name);
            let held = Bundle::decode(text(webhook, "/clientConfig/caBundle").unwrap_or_default());
            (by_service || by_url).then(|| Self { name: name.to_owned(), held })
        });
        owned.collect()
    }

    /// The fields to apply: all that the server owns.
    pub(super) fn applied(owned: &[Self], bundle: &Bundle) -> Value {
        let ca_bundle = bundle.encode();
        owned.iter().map(|one| json!({"name": one.name, "clientConfig": {"caBundle": ca_bundle}})).collect()
    }
}

fn list(webhooks: &Value) -> &[Value] {
    webhooks.as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(webhook: &'a Value, pointer: &str) -> Option<&'a str> {
    webhook.pointer(pointer)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::ConfigurationKind;

    #[test]
    fn entries_that_call_the_server_are_owned() {
        let service = Service { name: "ours".to_owned(), namespace: "here".to_owned() };
        let shipped = ConfigurationKind::Validating.webhooks(&service).unwrap();
        let mut live = shipped.clone();
        live[0]["clientConfig"] = json!({"url": "https://127.0.0.1/"});
        for client in [
            json!({"service": {"name": "theirs", "namespace": "here"}}),
            json!({"service": {"name": "ours", "namespace": "there"}}),
            json!({"url": "https://127.0.0.1/"}),
            json!("rubbish"),
        ] {
            live.as_array_mut().unwrap().push(json!({"name": "more", "clientConfig": client}));
        }

        let owned = OwnedWebhook::find_all(&live, &shipped, &service);
        assert_eq!(
            OwnedWebhook::applied(&owned, &Bundle::default()),
            json!([
                {"name": "recheck.vm-migration-network.setting", "clientConfig": {"caBundle": ""}},
                {"name": "disable.vm-migration-network.setting", "clientConfig": {"caBundle": ""}},
            ])
        );
        assert_eq!(owned.iter().map(|one| &one.held).collect::<Vec<_>>(), [&Bundle::default(); 2]);
        assert!(OwnedWebhook::find_all(&Value::Null, &shipped, &service).is_empty());
    }
}
