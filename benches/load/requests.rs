//! The requests: UPDATE reviews of 3 KiB, as the API server sends them.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::client::Connection;
use crate::process::{Certificate, Server};

/// A request and what its answer must look like.
pub struct Case {
    pub name: &'static str,
    pub path: &'static str,
    pub body: Vec<u8>,
    expected: fn(&Value) -> bool,
}

impl Case {
    pub fn all() -> Vec<Self> {
        let new =
            r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.8.0/24","exclude":["192.168.8.1/32"]}"#;
        let spaced = r#"{ "vlan": 100, "clusterNetwork": "vm-migration", "range": "192.168.8.0/24", "exclude": ["192.168.8.1/32"] }"#;
        let bad =
            r#"{"clusterNetwork":"vm-migratoin","vlan":4095,"range":"10.52.7.9/24","exclude":["x"],"gateway":"y"}"#;
        vec![
            allowed(new),
            Self {
                name: "refused with five causes",
                path: "/validate",
                body: review(bad),
                expected: |response| response["status"]["details"]["causes"].as_array().is_some_and(|it| it.len() == 5),
            },
            Self {
                name: "mutated",
                path: "/mutate",
                body: review(spaced),
                expected: |response| response["allowed"] == true && response["patchType"] == "JSONPatch",
            },
        ]
    }

    /// The whole request, head and body.
    pub fn request(&self) -> Vec<u8> {
        let head = format!(
            "POST {}?timeout=5s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: kube-apiserver-admission\r\n\
             Content-Length: {}\r\nAccept: application/json, */*\r\nContent-Type: application/json\r\n\
             Accept-Encoding: gzip\r\n\r\n",
            self.path,
            self.body.len()
        );
        [head.as_bytes(), &self.body].concat()
    }

    /// Asks the webhook once, so that nothing else than what the name says is ever measured.
    pub fn answer_of(&self, ours: &Server, certificate: &Certificate) -> Result<Vec<u8>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.answer(ours.address, certificate))
    }

    /// Asks once, and sees that the answer is what it should be.
    pub async fn answer(&self, address: SocketAddr, certificate: &Certificate) -> Result<Vec<u8>> {
        let mut connection = Connection::open(address, certificate).await?;
        let bytes = connection.exchange(&self.request()).await?.to_vec();
        let answer: Value = serde_json::from_slice(&bytes)?;
        ensure!((self.expected)(&answer["response"]), "{}: the answer is {answer}", self.name);
        Ok(bytes)
    }
}

/// A change that is admitted as it is.
pub fn allowed(value: &str) -> Case {
    Case {
        name: "allowed",
        path: "/validate",
        body: review(value),
        expected: |response| response["allowed"] == true && response.get("patch").is_none(),
    }
}

fn review(value: &str) -> Vec<u8> {
    let stored =
        r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24","exclude":["192.168.1.1/32"]}"#;
    let review = json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": "harvesterhci.io", "version": "v1beta1", "kind": "Setting"},
            "resource": {"group": "harvesterhci.io", "version": "v1beta1", "resource": "settings"},
            "requestKind": {"group": "harvesterhci.io", "version": "v1beta1", "kind": "Setting"},
            "requestResource": {"group": "harvesterhci.io", "version": "v1beta1", "resource": "settings"},
            "name": "vm-migration-network",
            "operation": "UPDATE",
            "userInfo": {"username": "admin", "uid": "u-1", "groups": ["system:masters", "system:authenticated"]},
            "object": setting(value, stored),
            "oldObject": setting(stored, stored),
            "dryRun": false,
            "options": {"kind": "UpdateOptions", "apiVersion": "meta.k8s.io/v1", "fieldManager": "kubectl-edit"}
        }
    });
    review.to_string().into_bytes()
}

fn setting(value: &str, applied: &str) -> Value {
    json!({
        "apiVersion": "harvesterhci.io/v1beta1",
        "kind": "Setting",
        "metadata": {
            "name": "vm-migration-network",
            "uid": "2233ad63-ee52-45f6-a79c-147e48fc88db",
            "resourceVersion": "154638",
            "generation": 51,
            "creationTimestamp": "2026-01-13T06:36:39Z",
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration":
                    json!({"apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting", "value": applied}).to_string(),
                "vm-migration-network.settings.harvesterhci.io/hash": "ec8322fb6b741f94739cbb904fc73c3fda864d6d",
                "vm-migration-network.settings.harvesterhci.io/net-attach-def":
                    "harvester-system/vm-migration-network-6flk7"
            },
            "managedFields": [{
                "manager": "kubectl-edit",
                "operation": "Update",
                "apiVersion": "harvesterhci.io/v1beta1",
                "time": "2026-01-13T06:36:39Z",
                "fieldsType": "FieldsV1",
                "fieldsV1": {
                    "f:default": {}, "f:value": {},
                    "f:metadata": {"f:annotations": {".": {}, "f:kubectl.kubernetes.io/last-applied-configuration": {}}},
                    "f:status": {".": {}, "f:conditions": {}}
                }
            }]
        },
        "default": "",
        "value": value,
        "status": {"conditions": [
            {"type": "configured", "status": "True", "reason": "Completed", "lastUpdateTime": "2026-01-13T13:05:17Z"}
        ]}
    })
}
