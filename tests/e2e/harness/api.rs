//! The API server as the fixtures use it: objects as JSON, paths derived from them.

use std::fmt;

use serde_json::{Value, json};

use super::http::{Endpoint, Response};
use super::pki::AUTHORITY;

/// A client with one identity.
#[derive(Clone, Debug)]
pub struct Api {
    endpoint: Endpoint,
    token: String,
}

/// What the API server said no with: a `Status`, or whatever came instead.
#[derive(Clone)]
pub struct Refusal {
    /// The HTTP status; 0 when no answer came.
    pub code: u16,
    /// `status.message`.
    pub message: String,
    /// The whole `Status`.
    pub status: Value,
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.message)
    }
}

/// An answer: the object, or why not.
pub type Answer = Result<Value, Refusal>;

/// How a patch is meant.
#[derive(Clone, Copy, Debug)]
pub enum Patch {
    /// RFC 7386.
    Merge,
    /// RFC 6902.
    Json,
    /// Server-side apply, forced, by this field manager.
    Apply(&'static str),
}

impl Api {
    /// A client of the API server at `port` with a bearer token.
    pub fn new(port: u16, token: &str) -> Self {
        Self { endpoint: Endpoint { port, tls: Some(AUTHORITY.client()) }, token: token.to_owned() }
    }

    /// Any request; the body is sent when it is not null.
    ///
    /// # Errors
    ///
    /// Every answer but 2xx.
    pub fn send(&self, method: &str, path: &str, content_type: &str, body: &Value) -> Answer {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let authorization = format!("Bearer {}", self.token);
        let headers =
            [("Authorization", &*authorization), ("Content-Type", content_type), ("Accept", "application/json")];
        match self.endpoint.send(method, path, &headers, &bytes) {
            Err(error) => Err(Refusal { code: 0, message: error.to_string(), status: Value::Null }),
            Ok(Response { status: 200..300, body }) => Ok(serde_json::from_str(&body).unwrap_or(Value::String(body))),
            Ok(Response { status, body }) => {
                let object: Value = serde_json::from_str(&body).unwrap_or_default();
                let message = object["message"].as_str().unwrap_or(&body).to_owned();
                Err(Refusal { code: status, message, status: object })
            }
        }
    }

    /// GET.
    ///
    /// # Errors
    ///
    /// Every answer but 2xx.
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "application/json", &Value::Null)
    }

    /// DELETE; of a collection as well.
    ///
    /// # Errors
    ///
    /// Every answer but 2xx.
    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, "application/json", &Value::Null)
    }

    /// POST to the object's collection. `query` is empty or begins with `?`.
    ///
    /// # Errors
    ///
    /// Every answer but 2xx.
    pub fn create(&self, object: &Value, query: &str) -> Answer {
        self.send("POST", &format!("{}{query}", collection(object)), "application/json", object)
    }

    /// PUT over the object.
    ///
    /// # Errors
    ///
    /// Every answer but 2xx.
    pub fn replace(&self, object: &Value) -> Answer {
        self.send("PUT", &path(object), "application/json", object)
    }

    /// PATCH of a path.
    ///
    /// # Errors
    ///
    /// Every answer but 2xx.
    pub fn patch(&self, path: &str, how: Patch, body: &Value) -> Answer {
        let (content_type, query) = match how {
            Patch::Merge => ("application/merge-patch+json", String::new()),
            Patch::Json => ("application/json-patch+json", String::new()),
            Patch::Apply(manager) => ("application/apply-patch+yaml", format!("fieldManager={manager}&force=true")),
        };
        let separator = if query.is_empty() || path.contains('?') { "" } else { "?" };
        self.send("PATCH", &format!("{path}{separator}{query}"), content_type, body)
    }

    /// Makes the object so, its status included where that is a subresource. Panics when the API server does not agree.
    pub fn apply(&self, object: &Value) {
        let path = path(object);
        let applied = self.patch(&path, Patch::Apply("fixtures"), object);
        applied.unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
        let Some(status) = object.get("status").filter(|_| has_status_subresource(object)) else { return };
        let patched = self.patch(&format!("{path}/status"), Patch::Merge, &json!({"status": status}));
        patched.unwrap_or_else(|refusal| panic!("{path}/status: {refusal:?}"));
    }
}

/// The kinds that fixtures are made of: group, kind, plural, whether it lives in a namespace, whether status is apart.
pub const KINDS: [(&str, &str, &str, bool, bool); 16] = [
    ("", "Node", "nodes", false, true),
    ("", "Namespace", "namespaces", false, true),
    ("", "Service", "services", true, true),
    ("", "Secret", "secrets", true, false),
    ("harvesterhci.io", "Setting", "settings", false, false),
    ("network.harvesterhci.io", "ClusterNetwork", "clusternetworks", false, false),
    ("network.harvesterhci.io", "VlanConfig", "vlanconfigs", false, false),
    ("network.harvesterhci.io", "VlanStatus", "vlanstatuses", false, false),
    ("network.harvesterhci.io", "HostNetworkConfig", "hostnetworkconfigs", false, true),
    ("kubevirt.io", "VirtualMachineInstanceMigration", "virtualmachineinstancemigrations", true, true),
    ("networking.k8s.io", "ServiceCIDR", "servicecidrs", false, true),
    ("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", false, true),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", false, false),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", false, false),
    ("rbac.authorization.k8s.io", "ClusterRole", "clusterroles", false, false),
    ("rbac.authorization.k8s.io", "Role", "roles", true, false),
];

fn kind(object: &Value) -> (String, &'static str, bool, bool) {
    let (version, kind) = (object["apiVersion"].as_str().unwrap_or_default(), &object["kind"]);
    let group = version.rsplit_once('/').map_or("", |(group, _)| group);
    let known = KINDS.iter().find(|known| known.0 == group && kind == known.1);
    let &(_, _, plural, namespaced, status) = known.unwrap_or_else(|| panic!("fixtures have no {version} {kind}"));
    let root = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{version}") };
    (root, plural, namespaced, status)
}

fn has_status_subresource(object: &Value) -> bool {
    kind(object).3
}

/// The path of the object's collection, in its namespace.
pub fn collection(object: &Value) -> String {
    let (root, plural, namespaced, _) = kind(object);
    if namespaced {
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
        format!("{root}/namespaces/{namespace}/{plural}")
    } else {
        format!("{root}/{plural}")
    }
}

/// The object's path.
pub fn path(object: &Value) -> String {
    let name = object["metadata"]["name"].as_str().unwrap_or_else(|| panic!("no name in {object}"));
    format!("{}/{name}", collection(object))
}
