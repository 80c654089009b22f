//! Reads objects from JSON, and reports unreadable ones.

use serde_json::{Value, json};
use serde_path_to_error::{Path, Segment, Segments};

use super::watched::Watched;
use crate::escape::{Quoted, Quoting};

#[derive(Clone, Copy)]
pub(in crate::cluster) enum Json<'a> {
    /// As an API server writes it.
    Text(&'a str),
    /// As it was read from a file.
    Value(&'a Value),
}

pub(super) type UnreadableObject = serde_path_to_error::Error<serde_json::Error>;

pub(super) fn read<K: Watched>(json: Json<'_>) -> Result<K, UnreadableObject> {
    match json {
        Json::Text(text) => serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text)),
        Json::Value(value) => serde_path_to_error::deserialize(value),
    }
}

/// The part of an object that the rules read, also of one that is no good: then what is wrong, and its name.
pub(super) fn prune<K: Watched>(text: &str) -> Result<Value, serde_json::Error> {
    match read::<K>(Json::Text(text)) {
        Ok(object) => {
            let mut object = serde_json::to_value(object)?;
            strip(&mut object, 1);
            Ok(object)
        }
        Err(error) => Ok(alone(error.path(), &serde_json::from_str(text)?)),
    }
}

/// An object of its name with nothing but what is wrong.
fn alone(path: &Path, object: &Value) -> Value {
    let mut alone = at(&mut path.iter(), object);
    if let (Some(metadata), Some(alone)) = (object.get("metadata"), alone.as_object_mut())
        && let Some(kept) = alone.entry("metadata").or_insert_with(|| json!({})).as_object_mut()
    {
        for name in ["name", "namespace"] {
            if let Some(text) = metadata.get(name).filter(|text| text.is_string()) {
                kept.insert(name.to_owned(), text.clone());
            }
        }
    }
    alone
}

/// The value with nothing but what is at the end of the path.
fn at(path: &mut Segments<'_>, value: &Value) -> Value {
    match path.next() {
        Some(Segment::Map { key }) => json!({ key: at(path, &value[key]) }),
        Some(Segment::Seq { index }) => json!([at(path, &value[*index])]),
        Some(Segment::Enum { .. } | Segment::Unknown) => at(path, value),
        None => value.clone(),
    }
}

/// What is wrong, safe to print: the section of the object, and what serde says of it.
pub(super) fn why(unreadable: &UnreadableObject) -> String {
    let why = wrong_type(unreadable.inner());
    let section = match unreadable.path().iter().next() {
        Some(Segment::Map { key }) if ["metadata", "spec", "status"].contains(&key.as_str()) => key,
        _ => return why,
    };
    match why.strip_suffix(OBJECT) {
        Some(_) => format!("{section} is not {OBJECT}"),
        None => format!("{section}: {why}"),
    }
}

/// What serde found wrong, without where in the JSON text: whoever reads it sees no such text.
pub(in crate::cluster) fn wrong_type(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    Quoting(words.strip_suffix(&place).unwrap_or(&words)).to_string()
}

pub(super) fn wrong(field: &str, text: &str, wanted: &str) -> String {
    format!("{field} holds {}, which is not {wanted}", Quoted(text))
}

const OBJECT: &str = "an object";

/// Leaves out the fields that are not there, and on the upper levels the sections that are then empty; labels and
/// annotations are sections of the metadata.
fn strip(section: &mut Value, levels: usize) {
    let Some(fields) = section.as_object_mut() else { return };
    if levels > 0 {
        fields.iter_mut().for_each(|(name, field)| strip(field, usize::from(name == "metadata")));
        fields.retain(|_, field| field.as_object().is_none_or(|fields| !fields.is_empty()));
    }
    fields.retain(|_, field| !field.is_null());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::cluster::kinds::kind;
    use crate::setting::facts::FactKind;

    use super::*;

    fn pruned(fact: FactKind, object: &Value) -> Value {
        (kind(fact).prune)(&object.to_string()).unwrap()
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
            "metadata": {"name": "node-0", "labels": {"node-role.harvesterhci.io/witness": "true"}},
            "spec": {"podCIDR": "10.52.0.0/24", "podCIDRs": ["10.52.0.0/24"]},
            "status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]},
        });
        assert_eq!(pruned(FactKind::Nodes, &node), expected);

        let setting = json!({
            "apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting", "default": "", "value": "{}",
            "metadata": {"name": "vm-migration-network", "annotations": {"a": "b"}},
            "status": {"conditions": []},
        });
        let expected = json!({"default": "", "value": "{}", "metadata": {"name": "vm-migration-network"}});
        assert_eq!(pruned(FactKind::Settings, &setting), expected);
    }

    #[test]
    fn what_is_wrong_stays_wrong_and_alone() {
        for (status, kept) in [
            (json!("x"), json!("x")),
            (json!([{"phase": "Running"}]), json!([{"phase": "Running"}])),
            (json!({"phase": {"a": [1]}, "b": 2}), json!({"phase": {"a": [1]}})),
        ] {
            let object = json!({"metadata": {"name": "m", "namespace": "n", "uid": "u"}, "status": status});
            let expected = json!({"metadata": {"name": "m", "namespace": "n"}, "status": kept});
            assert_eq!(pruned(FactKind::Migrations, &object), expected);
        }
        let conditions = json!({"status": {"conditions": [{"type": "a"}, {"type": 5, "status": "True"}]}});
        let expected = json!({"status": {"conditions": [{"type": 5}]}});
        assert_eq!(pruned(FactKind::WhereaboutsCrd, &conditions), expected);
    }

    #[test]
    fn depth_matters_only_where_something_is_read() {
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        let passed_over = format!(r#"{{"metadata": {{"managedFields": {deep}, "name": "a"}}}}"#);
        assert_eq!((kind(FactKind::Nodes).prune)(&passed_over).unwrap(), json!({"metadata": {"name": "a"}}));
        let read = format!(r#"{{"spec": {{"podCIDRs": [{deep}]}}}}"#);
        let error = (kind(FactKind::Nodes).prune)(&read).unwrap_err();
        assert!(error.to_string().starts_with("recursion limit exceeded"), "{error}");
    }
}
