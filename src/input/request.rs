//! The request that the API server would make of what a user wrote.

use serde_json::{Value, json};

use crate::admission::review::{API_VERSION, KIND};
use crate::setting::SETTING;

/// A review around a bare request; one without a uid is given this one.
pub(super) fn around(request: &[u8], uid: Option<&str>) -> Vec<u8> {
    let mut body = format!(r#"{{"apiVersion":"{API_VERSION}","kind":"{KIND}","request":"#).into_bytes();
    match uid {
        // A request has an operation, so there is something after the comma.
        Some(uid) => {
            body.extend_from_slice(format!(r#"{{"uid":"{uid}","#).as_bytes());
            body.extend_from_slice(request.trim_ascii_start().strip_prefix(b"{").unwrap_or(request));
        }
        None => body.extend_from_slice(request),
    }
    body.push(b'}');
    body
}

/// The review of a Setting that takes the place of another, or is new.
pub(super) fn of(setting: &Value, old: Option<&Value>, uid: &str) -> Vec<u8> {
    let [kind, resource] = ["kind", "resource"].map(|key| {
        let name = if key == "kind" { "Setting" } else { "settings" };
        json!({"group": "harvesterhci.io", "version": "v1beta1", key: name})
    });
    let review = json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "request": {
            "uid": uid,
            "kind": kind,
            "resource": resource,
            "name": SETTING,
            "operation": if old.is_some() { "UPDATE" } else { "CREATE" },
            "userInfo": {},
            "object": setting,
            "oldObject": old,
        },
    });
    review.to_string().into_bytes()
}
