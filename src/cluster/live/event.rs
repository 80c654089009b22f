//! What a watch says, and what a list holds.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::error::Error;
use crate::cluster::fold::object_name;
use crate::cluster::shape;
use crate::setting::facts::{FactKind, ObjectName};

/// One line of a watch.
#[derive(Debug)]
pub(super) enum Event {
    /// An object is there, new or changed.
    Put(Object),
    /// An object is gone.
    Gone(Object),
    /// Nothing has changed up to this version; `all_listed` when with this the initial objects are complete.
    Bookmark {
        /// Where to go on from.
        version: String,
        /// Whether it ends the initial objects of a streaming list.
        all_listed: bool,
    },
}

/// An object, as far as it can be read.
#[derive(Debug)]
pub(super) struct Object {
    /// Its name; empty where it has none that can be read.
    pub(super) name: ObjectName,
    /// Its `resourceVersion`, likewise.
    pub(super) version: String,
    /// The part that the rules read, or why there is none.
    pub(super) pruned: Result<Value, String>,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
struct Bookmark<'a> {
    #[serde(borrow)]
    metadata: BookmarkMetadata<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BookmarkMetadata<'a> {
    resource_version: String,
    #[serde(borrow)]
    annotations: Option<BookmarkAnnotations<'a>>,
}

#[derive(Deserialize)]
struct BookmarkAnnotations<'a> {
    #[serde(borrow, rename = "k8s.io/initial-events-end")]
    initial_events_end: Option<Cow<'a, str>>,
}

impl Event {
    /// Reads a line.
    ///
    /// # Errors
    ///
    /// If it is no event, or one that says that the watch is over. An object that can't be read is an event all the same.
    pub(super) fn read(kind: FactKind, line: &[u8]) -> Result<Self, Error> {
        let garbled = |error: serde_json::Error| Error::Garbled(format!("an event: {error}"));
        let Line { r#type, object } = serde_json::from_slice(line).map_err(garbled)?;
        match &*r#type {
            "ADDED" | "MODIFIED" => Ok(Self::Put(Object::read(kind, object))),
            "DELETED" => Ok(Self::Gone(Object::read(kind, object))),
            "BOOKMARK" => {
                let Bookmark { metadata } = serde_json::from_str(object.get()).map_err(garbled)?;
                let all_listed = metadata.annotations.and_then(|annotations| annotations.initial_events_end);
                Ok(Self::Bookmark {
                    version: metadata.resource_version,
                    all_listed: all_listed.as_deref() == Some("true"),
                })
            }
            "ERROR" => Err(Error::refused("watch", 0, object.get().as_bytes())),
            other => Err(Error::Garbled(format!("an event of type {other}"))),
        }
    }
}

impl Object {
    pub(super) fn read(kind: FactKind, json: &RawValue) -> Self {
        match shape::prune(kind, json.get()) {
            Ok(pruned) => {
                let version = pruned.get("metadata").and_then(|metadata| metadata.get("resourceVersion")?.as_str());
                let version = version.unwrap_or_default().to_owned();
                Self { name: object_name(kind, &pruned), version, pruned: Ok(pruned) }
            }
            // What is too deep or too large for a value still has a name.
            Err(error) => {
                let head: Head = serde_json::from_str(json.get()).unwrap_or_default();
                let named = serde_json::json!({"metadata": head.metadata});
                let version = head.metadata.resource_version.unwrap_or_default();
                Self { name: object_name(kind, &named), version, pruned: Err(error.to_string()) }
            }
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Head {
    metadata: HeadMetadata,
}

#[derive(Default, Deserialize, serde::Serialize)]
#[serde(default, rename_all = "camelCase")]
struct HeadMetadata {
    name: Option<String>,
    namespace: Option<String>,
    resource_version: Option<String>,
}

/// One page of a list.
#[derive(Deserialize)]
pub(super) struct Page<'a> {
    #[serde(default)]
    pub(super) metadata: PageMetadata,
    #[serde(borrow)]
    pub(super) items: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PageMetadata {
    pub(super) resource_version: String,
    /// What asks for the next page; empty on the last.
    pub(super) r#continue: String,
}

impl<'a> Page<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Error> {
        serde_json::from_slice(body).map_err(|error| Error::Garbled(format!("a list: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(kind: FactKind, line: &str) -> Event {
        Event::read(kind, line.as_bytes()).unwrap()
    }

    #[test]
    fn events_are_read_down_to_what_rules_need() {
        let line = r#"{"type":"ADDED","object":{"kind":"VirtualMachineInstanceMigration","metadata":{"namespace":"ns",
            "name":"a","resourceVersion":"12","labels":{"x":"y"}},"spec":{"vmiName":"vm"},"status":{"phase":"Running"}}}"#;
        let Event::Put(object) = read(FactKind::Migrations, line) else { panic!("no object") };
        assert_eq!(object.name, ObjectName { namespace: "ns".into(), name: "a".into() });
        assert_eq!(object.version, "12");
        let expected = json!({
            "metadata": {"namespace": "ns", "name": "a", "resourceVersion": "12"}, "status": {"phase": "Running"},
        });
        assert_eq!(object.pruned, Ok(expected));

        let line = r#"{"object":{"metadata":{"name":"a","resourceVersion":"13"}},"type":"DELETED"}"#;
        assert!(matches!(read(FactKind::Nodes, line), Event::Gone(object) if &*object.name.name == "a"));
    }

    #[test]
    fn bookmarks_say_where_and_whether_all_is_listed() {
        let bookmark = |annotations: &str| {
            let metadata = format!(r#"{{"resourceVersion":"7","creationTimestamp":null{annotations}}}"#);
            let line = format!(r#"{{"type":"BOOKMARK","object":{{"kind":"Node","metadata":{metadata}}}}}"#);
            match read(FactKind::Nodes, &line) {
                Event::Bookmark { version, all_listed } => (version, all_listed),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(bookmark(""), ("7".to_owned(), false));
        assert_eq!(bookmark(r#","annotations":{"k8s.io/initial-events-end":"true"}"#), ("7".to_owned(), true));
        assert_eq!(bookmark(r#","annotations":{"other":"true"}"#), ("7".to_owned(), false));
    }

    #[test]
    fn an_object_that_is_no_value_still_has_its_name() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let json = format!(r#"{{"spec":{{"ips":{deep}}},"metadata":{{"name":"h","resourceVersion":"3","x":{deep}}}}}"#);
        let object = Object::read(FactKind::HostNetworkConfigs, &RawValue::from_string(json).unwrap());
        assert_eq!((&*object.name.name, &*object.version), ("h", "3"));
        assert_eq!(object.pruned.unwrap_err(), "recursion limit exceeded at line 1 column 141");
    }

    #[test]
    fn what_is_no_event_is_an_error() {
        for (line, error) in [
            ("", "an event: EOF while parsing a value at line 1 column 0"),
            ("{}", "an event: missing field `type` at line 1 column 2"),
            (r#"{"type":"BOOKMARK","object":{}}"#, "an event: missing field `metadata` at line 1 column 2"),
            (r#"{"type":"SYNC","object":{}}"#, "an event of type SYNC"),
        ] {
            let seen = Event::read(FactKind::Nodes, line.as_bytes()).unwrap_err().to_string();
            assert_eq!(seen, format!("the API server's answer can't be read: {error}"));
        }
        let line = r#"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"#;
        let seen = Event::read(FactKind::Nodes, line.as_bytes()).unwrap_err();
        assert_eq!(seen.to_string(), "watch refused with 410 Expired: too old");
    }

    #[test]
    fn pages_are_taken_apart_without_reading_the_items() {
        let page = Page::read(
            br#"{"kind":"NodeList","metadata":{"resourceVersion":"9","continue":"abc"},"items":[{"a":1},2]}"#,
        );
        let page = page.unwrap();
        assert_eq!((&*page.metadata.resource_version, &*page.metadata.r#continue), ("9", "abc"));
        assert_eq!(page.items.unwrap().iter().map(|item| item.get()).collect::<Vec<_>>(), [r#"{"a":1}"#, "2"]);
        let last = Page::read(br#"{"metadata":{"resourceVersion":"9"},"items":null}"#).unwrap();
        assert!(last.items.is_none() && last.metadata.r#continue.is_empty());
        let error = Page::read(b"[").err().unwrap().to_string();
        assert_eq!(error, "the API server's answer can't be read: a list: EOF while parsing a list at line 1 column 1");
    }
}
