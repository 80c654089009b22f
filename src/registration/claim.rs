//! What of a configuration is ours: the entries that call us, and their `caBundle`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};

use super::shipped::Service;
use crate::ca::Bundle;

/// Our entries in a configuration's `webhooks`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claim(Vec<Entry>);

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    name: String,
    held: Vec<CertificateDer<'static>>,
}

impl Claim {
    /// Finds them.
    ///
    /// An entry is ours when it calls our Service; or any URL, if it has one of the shipped names: how the API server
    /// gets from there to us is then not ours to know.
    pub(super) fn of(webhooks: &Value, shipped: &Value, service: &Service) -> Self {
        let is_shipped = |name| list(shipped).iter().any(|webhook| text(webhook, "/name") == Some(name));
        let ours = list(webhooks).iter().filter_map(|webhook| {
            let name = text(webhook, "/name")?;
            let called =
                (text(webhook, "/clientConfig/service/name"), text(webhook, "/clientConfig/service/namespace"));
            let by_service = called == (Some(&service.name), Some(&service.namespace));
            let by_url = text(webhook, "/clientConfig/url").is_some() && is_shipped(name);
            (by_service || by_url).then(|| Entry { name: name.to_owned(), held: held(webhook) })
        });
        Self(ours.collect())
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every entry trusts these CAs and no others.
    pub(super) fn is(&self, bundle: &Bundle) -> bool {
        self.0.iter().all(|entry| bundle.is(&entry.held))
    }

    /// The CAs that every entry trusts.
    pub(super) fn held(&self) -> Vec<CertificateDer<'static>> {
        let mut entries = self.0.iter();
        let mut held = entries.next().map(|first| first.held.clone()).unwrap_or_default();
        for entry in entries {
            held.retain(|certificate| entry.held.contains(certificate));
        }
        held
    }

    /// `webhooks` as it is applied: all that we own.
    pub(super) fn applied(&self, bundle: &Bundle) -> Value {
        let ca_bundle = STANDARD.encode(bundle.pem());
        self.0.iter().map(|entry| json!({"name": entry.name, "clientConfig": {"caBundle": ca_bundle}})).collect()
    }
}

fn held(webhook: &Value) -> Vec<CertificateDer<'static>> {
    let pem = text(webhook, "/clientConfig/caBundle").and_then(|base64| STANDARD.decode(base64).ok());
    Bundle::parse(&pem.unwrap_or_default())
}

fn list(webhooks: &Value) -> &[Value] {
    webhooks.as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(webhook: &'a Value, pointer: &str) -> Option<&'a str> {
    webhook.pointer(pointer)?.as_str()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::ca::{Ca, Succession, Validity};
    use crate::registration::Kind;

    #[test]
    fn entries_that_call_us_are_ours() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let ca = |generation| Ca::make(generation, Validity::starting(now, Duration::from_mins(1))).unwrap();
        let old = Succession::Vacant.joined(ca(1), now);
        let [old, both] = [old.clone(), old.joined(ca(2), now)].map(|succession| Bundle::of(&succession));
        let encoded = |bundle: &Bundle| Value::from(STANDARD.encode(bundle.pem()));

        let service = Service { name: "ours".to_owned(), namespace: "here".to_owned() };
        let shipped = Kind::Validating.webhooks(&service).unwrap();
        let mut live = shipped.clone();
        live[0]["clientConfig"] = json!({"url": "https://127.0.0.1/", "caBundle": encoded(&both)});
        live[1]["clientConfig"]["caBundle"] = encoded(&old);
        for client in [
            json!({"service": {"name": "theirs", "namespace": "here"}}),
            json!({"service": {"name": "ours", "namespace": "there"}}),
            json!({"url": "https://127.0.0.1/"}),
            json!("rubbish"),
        ] {
            live.as_array_mut().unwrap().push(json!({"name": "more", "clientConfig": client}));
        }

        let claim = Claim::of(&live, &shipped, &service);
        let names: Vec<_> = claim.0.iter().map(|entry| &*entry.name).collect();
        assert_eq!(names, ["recheck.vm-migration-network.setting", "disable.vm-migration-network.setting"]);
        assert!(!claim.is(&old) && !claim.is(&both));
        assert!(old.is(&claim.held()));
        assert_eq!(
            claim.applied(&both),
            json!([
                {"name": "recheck.vm-migration-network.setting", "clientConfig": {"caBundle": encoded(&both)}},
                {"name": "disable.vm-migration-network.setting", "clientConfig": {"caBundle": encoded(&both)}},
            ])
        );
        live[1]["clientConfig"]["caBundle"] = encoded(&both);
        assert!(Claim::of(&live, &shipped, &service).is(&both));
        live[1]["clientConfig"]["caBundle"] = "no base64".into();
        assert_eq!(Claim::of(&live, &shipped, &service).held(), Vec::new());
        assert!(Claim::of(&Value::Null, &shipped, &service).is_empty());
    }
}
