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

    /// PUT over the object, whatever its version is now. `query` is empty or begins with `?`.
    ///
    /// # Errors
    ///
    /// Every answer but 2xx.
    pub fn replace(&self, object: &Value, query: &str) -> Answer {
        let path = path(object);
        let mut object = object.clone();
        object["metadata"]["resourceVersion"] = self.get(&path)?["metadata"]["resourceVersion"].clone();
        self.send("PUT", &format!("{path}{query}"), "application/json", &object)
    }

    /// PATCH of a path.
    ///
    /// # Errors
    ///
    /// Every answer but 2xx.
    pub fn patch(&self, path: &str, how: Patch, body: &Value) -> Answer {
        let (content_type, query) = match how {
            Patch::Merge => ("application/merge-patch+json", String::new()),
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
        let Some(status) = object.get("status").filter(|_| Kind::of(object).status) else { return };
        let patched = self.patch(&format!("{path}/status"), Patch::Merge, &json!({"status": status}));
        patched.unwrap_or_else(|refusal| panic!("{path}/status: {refusal:?}"));
    }
}

/// A kind that fixtures and manifests are made of.
#[derive(Debug)]
pub struct Kind {
    /// `apiVersion`.
    pub version: &'static str,
    /// `kind`.
    pub name: &'static str,
    /// Its name in paths.
    pub plural: &'static str,
    /// Whether its objects live in a namespace.
    pub namespaced: bool,
    /// Whether `status` is written apart.
    pub status: bool,
}

const fn kind(version: &'static str, name: &'static str, plural: &'static str, namespaced: bool, status: bool) -> Kind {
    Kind { version, name, plural, namespaced, status }
}

/// Every [`Kind`] there is.
pub const KINDS: [Kind; 34] = [
    kind("v1", "Node", "nodes", false, true),
    kind("v1", "Namespace", "namespaces", false, true),
    kind("v1", "Service", "services", true, true),
    kind("v1", "Secret", "secrets", true, false),
    kind("v1", "ServiceAccount", "serviceaccounts", true, false),
    kind("apps/v1", "Deployment", "deployments", true, true),
    kind("apps/v1", "DaemonSet", "daemonsets", true, true),
    kind("v1", "Pod", "pods", true, true),
    kind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices", true, false),
    kind("k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition", "network-attachment-definitions", true, false),
    kind("kubevirt.io/v1", "KubeVirt", "kubevirts", true, true),
    kind("whereabouts.cni.cncf.io/v1alpha1", "IPPool", "ippools", true, false),
    kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", true, true),
    kind("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", false, false),
    kind("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", false, false),
    kind("rbac.authorization.k8s.io/v1", "Role", "roles", true, false),
    kind("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings", true, false),
    kind("harvesterhci.io/v1beta1", "Setting", "settings", false, false),
    kind("network.harvesterhci.io/v1beta1", "ClusterNetwork", "clusternetworks", false, false),
    kind("network.harvesterhci.io/v1beta1", "VlanConfig", "vlanconfigs", false, false),
    kind("network.harvesterhci.io/v1beta1", "VlanStatus", "vlanstatuses", false, false),
    kind("network.harvesterhci.io/v1beta1", "HostNetworkConfig", "hostnetworkconfigs", false, true),
    kind("kubevirt.io/v1", "VirtualMachineInstanceMigration", "virtualmachineinstancemigrations", true, true),
    kind("networking.k8s.io/v1", "ServiceCIDR", "servicecidrs", false, true),
    kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", true, false),
    kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false, true),
    kind(REGISTRATION, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", false, false),
    kind(REGISTRATION, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", false, false),
    kind("cert-manager.io/v1", "Issuer", "issuers", true, true),
    kind("cert-manager.io/v1", "Certificate", "certificates", true, true),
    kind("monitoring.coreos.com/v1", "ServiceMonitor", "servicemonitors", true, false),
    kind("monitoring.coreos.com/v1", "PrometheusRule", "prometheusrules", true, false),
    kind("harvesterhci.io/v1beta1", "Addon", "addons", true, true),
    kind("helm.cattle.io/v1", "HelmChart", "helmcharts", true, true),
];

const REGISTRATION: &str = "admissionregistration.k8s.io/v1";

impl Kind {
    /// The kind of an object.
    pub fn of(object: &Value) -> &'static Self {
        let known = KINDS.iter().find(|known| object["apiVersion"] == known.version && object["kind"] == known.name);
        known.unwrap_or_else(|| panic!("no fixture has the kind {} {}", object["apiVersion"], object["kind"]))
    }

    /// The path of all its objects; in one namespace when one is given.
    pub fn collection(&self, namespace: Option<&str>) -> String {
        let Self { version, plural, .. } = self;
        let root = if version.contains('/') { "apis" } else { "api" };
        match namespace {
            Some(namespace) => format!("/{root}/{version}/namespaces/{namespace}/{plural}"),
            None => format!("/{root}/{version}/{plural}"),
        }
    }
}

/// The path of the object's collection, in its namespace.
pub fn collection(object: &Value) -> String {
    let kind = Kind::of(object);
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
    kind.collection(kind.namespaced.then_some(namespace))
}

/// The object's path.
pub fn path(object: &Value) -> String {
    let name = object["metadata"]["name"].as_str().unwrap_or_else(|| panic!("no name in {object}"));
    format!("{}/{name}", collection(object))
}
