//! `policy.yaml`: the operator's rule settings, saved with a capture.
//!
//! `capture` writes them as a document like any other, so that whoever judges by the captured files judges as that
//! server does:
//!
//! ```yaml
//! apiVersion: migration-network-webhook/v1
//! kind: Policy
//! reservedRanges:
//!   - 10.52.0.0/16
//! warnRules: []
//! ```

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cluster::kinds::read::wrong_type;
use crate::escape::Quoted;
use crate::setting::{Policy, RuleId, cidr};

pub(super) const API_VERSION: &str = "migration-network-webhook/v1";
pub(super) const KIND: &str = "Policy";

/// Both must be there: what is left out could be taken for none or for the default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Document {
    // Both were looked at before; they are known here so that nothing else is.
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    reserved_ranges: Vec<String>,
    warn_rules: Vec<String>,
}

pub fn document(policy: &Policy) -> Value {
    json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "reservedRanges": policy.reserved,
        "warnRules": policy.warn.iter().map(RuleId::as_str).collect::<Vec<_>>(),
    })
}

pub(super) fn read(document: Value) -> Result<Policy, String> {
    let Document { reserved_ranges, warn_rules, .. } =
        serde_json::from_value(document).map_err(|error| wrong_type(&error))?;
    let range = |text: &String| {
        let net = cidr::parse_strict(text).ok().filter(|net| net.addr() == net.network());
        net.ok_or_else(|| {
            format!("reservedRanges holds {}, which is no IPv4 network such as 10.42.0.0/16", Quoted(text))
        })
    };
    let rule = |name: &String| match name.parse::<RuleId>() {
        Ok(rule) if rule.may_warn() => Ok(rule),
        Ok(rule) => Err(format!("warnRules holds {rule}, which always refuses")),
        Err(error) => Err(format!("warnRules: {error}")),
    };
    Ok(Policy {
        reserved: reserved_ranges.iter().map(range).collect::<Result<_, _>>()?,
        warn: warn_rules.iter().map(rule).collect::<Result<_, _>>()?,
        ..Policy::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let policy = Policy { warn: [RuleId::RangeReserved].into_iter().collect(), ..Policy::default() };
        assert_eq!(read(document(&policy)), Ok(policy));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let with = |reserved: &Value, warn: &Value| {
            let head = json!({"apiVersion": API_VERSION, "kind": KIND});
            let mut document = head.as_object().unwrap().clone();
            document.insert("reservedRanges".to_owned(), reserved.clone());
            document.insert("warnRules".to_owned(), warn.clone());
            read(Value::Object(document)).unwrap_err()
        };
        let none = json!([]);
        assert_eq!(
            with(&json!(["10.0.0.1/8"]), &none),
            "reservedRanges holds \"10.0.0.1/8\", which is no IPv4 network such as 10.42.0.0/16"
        );
        assert_eq!(with(&none, &json!(["vlan-range"])), "warnRules holds vlan-range, which always refuses");
        assert!(with(&none, &json!(["x"])).starts_with("warnRules: "));
        assert_eq!(with(&none, &json!("x")), "invalid type: string \"x\", expected a sequence");
        let lacking = json!({"apiVersion": API_VERSION, "kind": KIND, "warnRules": []});
        assert_eq!(read(lacking).unwrap_err(), "missing field `reservedRanges`");
    }
}
