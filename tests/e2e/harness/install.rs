//! Our manifests in a cluster, with the one change that this machine needs: where the Service leads.

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::api::path;
use super::cluster::Plane;
use super::manifests::{only, render};
use super::pki::AUTHORITY;
use super::wait::{PATIENCE, eventually};

/// The name of the Deployment, the Service, the `ServiceAccount` and both configurations.
pub const NAME: &str = "migration-network-webhook";

/// The name that the API server asks a webhook's certificate for.
pub const SERVICE_NAMES: [&str; 1] = ["migration-network-webhook.migration-network-webhook.svc"];

/// An installed file of plain YAML.
#[derive(Clone, Debug)]
pub struct Installed {
    /// As rendered, but for the Service and the configurations.
    pub objects: Vec<Value>,
    /// Where all of it is.
    pub namespace: String,
}

impl Plane {
    /// Applies a file but for its two configurations. The Service leads to this machine: it becomes an `ExternalName`,
    /// so that the API server still calls `SERVICE.NAMESPACE.svc` and asks for a certificate of that name.
    pub fn install(&self, file: &str) -> Installed {
        let mut objects = render(file);
        let namespace = only(&objects, "Deployment")["metadata"]["namespace"].as_str().expect("a namespace").to_owned();
        self.namespace(&namespace);
        objects.retain(|object| !["Issuer", "Certificate"].iter().any(|kind| object["kind"] == *kind));
        for object in &mut objects {
            if object["kind"] == "Service" {
                // Not by apply: what the Service was before must go.
                let _ = self.api.delete(&path(object));
                object["spec"] = json!({"type": "ExternalName", "externalName": "localhost"});
            }
            if !is_configuration(object) {
                self.api.apply(object);
            }
        }
        Installed { objects, namespace }
    }

    /// Makes a namespace, unless it is there.
    pub fn namespace(&self, name: &str) {
        self.api.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
    }

    /// Applies the two configurations, calling `port` and trusting the tests' authority, and waits until both are in
    /// effect: whatever answers at that port must refuse a value that is no JSON, or not answer at all.
    pub fn register(&self, installed: &Installed, port: u16) {
        // This order, since one refusal is shown of many: that of the mutating phase, once it is there.
        for (kind, first) in [("Validating", "recheck"), ("Mutating", "check")] {
            let kind = format!("{kind}WebhookConfiguration");
            let mut configuration = only(&installed.objects, &kind).clone();
            redirect(&mut configuration, port, Some(&AUTHORITY.pem));
            self.api.apply(&configuration);
            let name = format!("\"{first}.vm-migration-network.setting\"");
            eventually(&format!("{first} is in effect"), PATIENCE, || match self.probe() {
                Err(refusal) if refusal.message.contains(&name) => Ok(()),
                other => Err(other),
            });
        }
    }

    /// A token of a `ServiceAccount` in the same namespace; as shipped, that is [`NAME`].
    pub fn token(&self, installed: &Installed, account: &str) -> String {
        let namespace = &installed.namespace;
        self.kubectl(["create", "token", account, "--namespace", namespace]).ok().trim().to_owned()
    }

    /// Stores the guarded Setting so, whatever it was. Nothing of ours may be registered.
    pub fn store(&self, setting: &Value) {
        let stored = match self.api.create(setting, "") {
            Err(refusal) if refusal.code == 409 => self.api.replace(setting, ""),
            created => created,
        };
        stored.expect("it stores");
    }
}

/// Whether the object is one of the two configurations.
pub fn is_configuration(object: &Value) -> bool {
    object["kind"].as_str().is_some_and(|kind| kind.ends_with("WebhookConfiguration"))
}

/// Lets a configuration call this machine at `port`.
pub fn redirect(configuration: &mut Value, port: u16, ca: Option<&str>) {
    for webhook in configuration["webhooks"].as_array_mut().expect("webhooks") {
        let client = &mut webhook["clientConfig"];
        client["service"]["port"] = port.into();
        if let Some(ca) = ca {
            client["caBundle"] = BASE64.encode(ca.as_bytes()).into();
        }
    }
}
