//! A server's policy, on record beside the cluster that it was captured with.
//!
//! It is written like a manifest, so that it lies among them and is edited like them, but no API server knows its kind.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::resources::wrong_type;
use crate::network::policy::{reserved_range, rule_that_may_warn};
use crate::network::quote::Quoted;
use crate::network::{Policy, RuleId};

const API_VERSION: &str = "migration-network-webhook/v1";
const KIND: &str = "Policy";

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Record {
    api_version: String,
    kind: String,
    #[serde(default)]
    warn_rules: Vec<String>,
    reserved_ranges: Vec<String>,
}

/// Whether an object of this apiVersion and kind is one.
#[must_use]
pub fn is_policy(api_version: &str, kind: &str) -> bool {
    api_version == API_VERSION && kind == KIND
}

/// Reads a policy from its object.
///
/// # Errors
///
/// Says what in it can't be taken, safe to print.
pub fn read(object: &Value) -> Result<Policy, String> {
    let record = Record::deserialize(object).map_err(|error| wrong_type(&error))?;
    let rule =
        |name: &String| rule_that_may_warn(name).map_err(|why| format!("warnRules holds {}: {why}", Quoted(name)));
    let range =
        |range: &String| reserved_range(range).map_err(|why| format!("reservedRanges holds {}: {why}", Quoted(range)));
    Ok(Policy {
        reserved: record.reserved_ranges.iter().map(range).collect::<Result<_, _>>()?,
        warn: record.warn_rules.iter().map(rule).collect::<Result<_, _>>()?,
    })
}

/// Writes a policy as an object.
#[must_use]
pub fn write(policy: &Policy) -> Value {
    let names =
        |rules: &mut dyn Iterator<Item = RuleId>| rules.map(|rule| rule.as_str().into()).collect::<Vec<Value>>();
    serde_json::json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "warnRules": names(&mut policy.warn.iter()),
        "reservedRanges": policy.reserved.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(warn_rules: &Value, reserved_ranges: &Value) -> Value {
        json!({"apiVersion": API_VERSION, "kind": KIND, "warnRules": warn_rules, "reservedRanges": reserved_ranges})
    }

    #[test]
    fn a_policy_is_read_as_it_was_written() {
        let object = of(&json!(["range-too-small", "vlan-exclusive"]), &json!(["10.9.0.0/16", "172.16.0.0/12"]));
        let policy = read(&object).unwrap();
        assert_eq!(policy.warn.to_string(), "range-too-small,vlan-exclusive");
        assert_eq!(
            policy.reserved.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["10.9.0.0/16", "172.16.0.0/12"]
        );
        assert_eq!(write(&policy), object);
        assert_eq!(read(&write(&Policy::default())), Ok(Policy::default()));
        assert!(is_policy(API_VERSION, KIND) && !is_policy("v1", KIND) && !is_policy(API_VERSION, "Node"));
    }

    #[test]
    fn what_is_wrong_with_it_is_said() {
        for (object, why) in [
            (
                of(&json!(["vlan-rang"]), &json!([])),
                r#"warnRules holds "vlan-rang": no rule is named "vlan-rang"; did you mean vlan-range?"#,
            ),
            (
                of(&json!([]), &json!(["10.0.0.1/8"])),
                r#"reservedRanges holds "10.0.0.1/8": has host bits set; did you mean 10.0.0.0/8?"#,
            ),
            (of(&json!("x"), &json!([])), r#"invalid type: string "x", expected a sequence"#),
            (json!({"apiVersion": API_VERSION, "kind": KIND}), "missing field `reservedRanges`"),
        ] {
            assert_eq!(read(&object).unwrap_err(), why);
        }
    }
}
