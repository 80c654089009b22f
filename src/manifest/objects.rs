//! The objects of a document: the items of a `List`, or the document itself.

use serde_json::Value;

/// One object, and its place in the document.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedObject {
    /// What is written. Items of a `NodeList` may leave out that they are `Node`s: that is filled in.
    pub value: Value,
    /// The index in the document's `List`, and in the `List` within that; empty for the document itself.
    pub items: Vec<usize>,
}

impl ListedObject {
    pub fn type_meta(&self) -> Option<(&str, &str)> {
        Some((self.value.get("apiVersion")?.as_str()?, self.value.get("kind")?.as_str()?))
    }
}

/// The objects of a document, in order. A `List` whose items are no array is an object of its own.
pub fn objects(document: Value) -> impl Iterator<Item = ListedObject> {
    let mut open = vec![ListedObject { value: document, items: Vec::new() }];
    std::iter::from_fn(move || {
        loop {
            let mut object = open.pop()?;
            let Some(items) = take_items(&mut object) else { return Some(object) };
            let implied = implied(&object);
            for (index, mut value) in items.into_iter().enumerate().rev() {
                if let (Some(implied), Value::Object(item)) = (&implied, &mut value) {
                    for (key, text) in [("apiVersion", &implied.0), ("kind", &implied.1)] {
                        item.entry(key).or_insert_with(|| text.as_str().into());
                    }
                }
                open.push(ListedObject { value, items: object.items.iter().copied().chain([index]).collect() });
            }
        }
    })
}

/// The items, if the object is a `List`. A kind may end in `List` and have no items: then it is none.
fn take_items(object: &mut ListedObject) -> Option<Vec<Value>> {
    let (_, kind) = object.type_meta()?;
    if !kind.ends_with("List") {
        return None;
    }
    let may_lack_items = kind == "List";
    match object.value.get_mut("items") {
        Some(Value::Array(items)) => Some(std::mem::take(items)),
        Some(Value::Null) => Some(Vec::new()),
        None if may_lack_items => Some(Vec::new()),
        _ => None,
    }
}

/// The `apiVersion` and `kind` of items that do not say it themselves.
fn implied(list: &ListedObject) -> Option<(String, String)> {
    let (api_version, kind) = list.type_meta()?;
    let kind = kind.strip_suffix("List").filter(|kind| !kind.is_empty())?;
    Some((api_version.to_owned(), kind.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(document: Value) -> Vec<(Vec<usize>, Value)> {
        objects(document).map(|object| (object.items, object.value)).collect()
    }

    #[test]
    fn lists_are_opened_in_order_and_their_items_may_leave_out_their_kind() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod"});
        let node = |name| json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}});
        let nodes = json!({"apiVersion": "v1", "kind": "NodeList", "items": [{"metadata": {"name": "a"}}, node("b")]});
        let list = json!({"apiVersion": "v1", "kind": "List", "items": [pod, nodes, 7]});
        assert_eq!(
            found(list),
            [(vec![0], pod), (vec![1, 0], node("a")), (vec![1, 1], node("b")), (vec![2], json!(7))]
        );
    }

    #[test]
    fn what_has_no_items_is_a_list_by_its_very_name_alone() {
        let of = |kind: &str, items: Option<Value>| {
            let mut object = json!({"apiVersion": "v1", "kind": kind});
            if let Some(items) = items {
                object["items"] = items;
            }
            found(object).len()
        };
        assert_eq!([of("List", None), of("List", Some(Value::Null)), of("List", Some(json!({})))], [0, 0, 1]);
        assert_eq!([of("AllowList", None), of("AllowList", Some(Value::Null)), of("Pod", Some(json!([])))], [1, 0, 1]);
        assert_eq!(found(json!("text")).len(), 1);
    }
}
