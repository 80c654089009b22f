//! The part of each object that the rules read, and nothing else of it.
//!
//! A live object is pruned to its shape while it is read, so that a node's images or an object's
//! managed fields never become values in memory. A capture holds just these parts too.

use std::fmt;

use serde::de::{Deserialize as _, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use self::Shape::{Each, Fields, Whole};
use super::resources::{CLUSTER_NETWORK_LABEL, NODE_LABEL, WITNESS_LABEL};
use crate::setting::facts::FactKind;
use crate::setting::{ALLOW_DURING_MIGRATION, MATCHED_NODES};

/// What is kept of a JSON value.
///
/// What is not of the expected type is kept as far as it goes, so that the fold sees that it is wrong.
#[derive(Debug)]
enum Shape {
    /// All of it.
    Whole,
    /// These fields of an object.
    Fields(&'static [(&'static str, Shape)]),
    /// This much of each item of an array.
    Each(&'static Shape),
}

/// Reads the part of an object that the rules read.
///
/// # Errors
///
/// If it is not JSON, or nested too deeply for a JSON value.
pub fn prune(kind: FactKind, json: &str) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = of(kind).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

const NAME: (&str, Shape) = ("name", Whole);
/// For watches: where they go on.
const VERSION: (&str, Shape) = ("resourceVersion", Whole);
const CONDITIONS: (&str, Shape) = ("conditions", Each(&Fields(&[("type", Whole), ("status", Whole)])));

fn of(kind: FactKind) -> &'static Shape {
    match kind {
        FactKind::Nodes => {
            const ADDRESSES: Shape = Each(&Fields(&[("type", Whole), ("address", Whole)]));
            &Fields(&[
                ("metadata", Fields(&[NAME, VERSION, ("labels", Fields(&[(WITNESS_LABEL, Whole)]))])),
                ("spec", Fields(&[("podCIDR", Whole), ("podCIDRs", Whole)])),
                ("status", Fields(&[("addresses", ADDRESSES)])),
            ])
        }
        FactKind::ClusterNetworks => &Fields(&[("metadata", Fields(&[NAME, VERSION]))]),
        FactKind::VlanConfigs => &Fields(&[
            (
                "metadata",
                Fields(&[
                    NAME,
                    VERSION,
                    ("labels", Fields(&[(CLUSTER_NETWORK_LABEL, Whole)])),
                    ("annotations", Fields(&[(MATCHED_NODES, Whole)])),
                ]),
            ),
            ("spec", Fields(&[("clusterNetwork", Whole)])),
        ]),
        FactKind::VlanStatuses => {
            const LABELS: Shape = Fields(&[(CLUSTER_NETWORK_LABEL, Whole), (NODE_LABEL, Whole)]);
            &Fields(&[
                ("metadata", Fields(&[NAME, VERSION, ("labels", LABELS)])),
                ("status", Fields(&[("clusterNetwork", Whole), ("node", Whole), CONDITIONS])),
            ])
        }
        FactKind::HostNetworkConfigs => &Fields(&[
            ("metadata", Fields(&[NAME, VERSION])),
            (
                "spec",
                Fields(&[
                    ("clusterNetwork", Whole),
                    ("vlanID", Whole),
                    ("mode", Whole),
                    ("ips", Whole),
                    ("hostMultiFamilyIPs", Whole),
                ]),
            ),
            ("status", Fields(&[("nodeStatus", Whole)])),
        ]),
        FactKind::Migrations => &Fields(&[
            ("metadata", Fields(&[("namespace", Whole), NAME, VERSION])),
            ("status", Fields(&[("phase", Whole)])),
        ]),
        FactKind::WhereaboutsCrd => {
            &Fields(&[("metadata", Fields(&[NAME, VERSION])), ("status", Fields(&[CONDITIONS]))])
        }
        FactKind::ServiceCidrs => {
            &Fields(&[("metadata", Fields(&[NAME, VERSION])), ("spec", Fields(&[("cidrs", Whole)]))])
        }
        FactKind::Settings => &Fields(&[
            (
                "metadata",
                Fields(&[
                    NAME,
                    VERSION,
                    ("deletionTimestamp", Whole),
                    ("annotations", Fields(&[(ALLOW_DURING_MIGRATION, Whole)])),
                ]),
            ),
            ("value", Whole),
            ("default", Whole),
        ]),
    }
}

impl<'de> DeserializeSeed<'de> for &Shape {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self {
            Whole => Value::deserialize(deserializer),
            Fields(_) | Each(_) => deserializer.deserialize_any(Pruned(self)),
        }
    }
}

struct Pruned<'a>(&'a Shape);

impl<'de> Visitor<'de> for Pruned<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Value, M::Error> {
        let fields = if let Fields(fields) = self.0 { fields } else { &[][..] };
        let mut kept = Map::new();
        while let Some(field) = map.next_key_seed(Key(fields))? {
            match field {
                Some((name, shape)) => {
                    kept.insert((*name).to_owned(), map.next_value_seed(shape)?);
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Object(kept))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Value, S::Error> {
        let mut kept = Vec::new();
        if let Each(shape) = self.0 {
            while let Some(item) = items.next_element_seed(*shape)? {
                kept.push(item);
            }
        } else {
            while items.next_element::<IgnoredAny>()?.is_some() {}
        }
        Ok(Value::Array(kept))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, bool: bool) -> Result<Value, E> {
        Ok(bool.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }
}

type Field = (&'static str, Shape);

/// Finds the field that a key names, without keeping the key.
struct Key(&'static [Field]);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<&'static Field>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<&'static Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|(name, _)| *name == key))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pruned(kind: FactKind, object: &Value) -> Value {
        prune(kind, &object.to_string()).unwrap()
    }

    #[test]
    fn only_what_a_rule_reads_is_kept() {
        let node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {
                "name": "node-0", "resourceVersion": "7", "managedFields": [{"manager": "k3s"}],
                "labels": {"node-role.harvesterhci.io/witness": "true", "team": "a"},
                "annotations": {"secret": "x"},
            },
            "spec": {"podCIDR": "10.52.0.0/24", "podCIDRs": ["10.52.0.0/24"], "taints": []},
            "status": {
                "addresses": [{"type": "InternalIP", "address": "10.0.0.1", "zone": 1}],
                "images": [{"names": ["x"]}],
            },
        });
        let expected = json!({
            "metadata": {
                "name": "node-0", "resourceVersion": "7", "labels": {"node-role.harvesterhci.io/witness": "true"},
            },
            "spec": {"podCIDR": "10.52.0.0/24", "podCIDRs": ["10.52.0.0/24"]},
            "status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]},
        });
        assert_eq!(pruned(FactKind::Nodes, &node), expected);

        let setting = json!({
            "apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting", "default": "", "value": "{}",
            "metadata": {"name": "vm-migration-network", "annotations": {"a": "b"}},
            "status": {"conditions": []},
        });
        let expected = json!({
            "default": "", "value": "{}", "metadata": {"name": "vm-migration-network", "annotations": {}},
        });
        assert_eq!(pruned(FactKind::Settings, &setting), expected);
    }

    #[test]
    fn what_is_wrong_stays_wrong() {
        for (status, kept) in [
            (json!(null), json!(null)),
            (json!("x"), json!("x")),
            (json!([{"phase": "Running"}]), json!([])),
            (json!(-1), json!(-1)),
            (json!(1.5), json!(1.5)),
            (json!(true), json!(true)),
            (json!({"phase": {"a": [1]}, "b": 2}), json!({"phase": {"a": [1]}})),
        ] {
            assert_eq!(pruned(FactKind::Migrations, &json!({"status": status})), json!({"status": kept}));
        }
        let conditions = pruned(FactKind::WhereaboutsCrd, &json!({"status": {"conditions": {"type": "Established"}}}));
        assert_eq!(conditions, json!({"status": {"conditions": {}}}));
    }

    #[test]
    fn depth_is_bounded_where_values_are_kept_and_only_there() {
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        let passed_over = format!(r#"{{"metadata": {{"managedFields": {deep}, "name": "a"}}}}"#);
        assert_eq!(prune(FactKind::Nodes, &passed_over).unwrap(), json!({"metadata": {"name": "a"}}));
        let kept = format!(r#"{{"spec": {{"podCIDRs": {deep}}}}}"#);
        assert_eq!(
            prune(FactKind::Nodes, &kept).unwrap_err().to_string(),
            "recursion limit exceeded at line 1 column 148"
        );
        assert_eq!(prune(FactKind::Nodes, "{} {}").unwrap_err().to_string(), "trailing characters at line 1 column 4");
    }
}
