//! An `AdmissionReview` as it comes over the wire: `admission.k8s.io/v1`, JSON.
//!
//! The whole body is read in one pass that borrows from it. Only when that fails is it read again, for the
//! uid alone: with a uid the refusal reaches the user as an admission response instead of a failed call.

use std::borrow::Cow;
use std::mem;

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Deserializer as Json;

use super::decision::Request;
use super::setting::{Setting, Text};
use crate::escape::Quoted;
use crate::setting::{GuardedSetting, object};

/// The one version spoken.
pub(crate) const API_VERSION: &str = "admission.k8s.io/v1";
/// The kind of request and response alike.
pub(crate) const KIND: &str = "AdmissionReview";
/// A uid is 36 characters; what is much longer is none, and would be echoed.
const LONGEST_UID: usize = 256;

/// A review that can be answered: its uid is known.
#[derive(Debug)]
pub struct Review<'a> {
    /// `request.uid`, to be echoed.
    pub uid: Cow<'a, str>,
    /// `request.userInfo.username`.
    pub user: Cow<'a, str>,
    /// `request.operation`, when it is one of those judged.
    pub operation: &'static str,
    /// What is asked; or why it can't be judged, for the user.
    pub request: Result<Request<'a>, String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireReview<'a> {
    #[serde(borrow, default)]
    api_version: Text<'a>,
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(borrow, deserialize_with = "object::required")]
    request: WireRequest<'a>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRequest<'a> {
    #[serde(borrow, default)]
    uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "object::optional")]
    resource: Option<WireResource<'a>>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    operation: Text<'a>,
    #[serde(borrow, default, deserialize_with = "object::optional")]
    user_info: Option<WireUser<'a>>,
    #[serde(borrow, default, deserialize_with = "object::optional")]
    object: Option<Setting<'a>>,
    #[serde(borrow, default, deserialize_with = "object::optional")]
    old_object: Option<Setting<'a>>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct WireResource<'a> {
    #[serde(borrow, default)]
    group: Text<'a>,
    #[serde(borrow, default)]
    resource: Text<'a>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct WireUser<'a> {
    #[serde(borrow, default)]
    username: Text<'a>,
}

/// The least that an answer needs.
#[derive(Deserialize)]
struct UidOnly<'a> {
    #[serde(borrow, deserialize_with = "object::required")]
    request: RequestUidOnly<'a>,
}

#[derive(Deserialize)]
struct RequestUidOnly<'a> {
    #[serde(borrow)]
    uid: Text<'a>,
}

impl<'a> Review<'a> {
    /// Reads a body.
    pub fn read(body: &'a [u8]) -> Result<Self, String> {
        // The encoding is checked once for all, which costs a third of looking at each string.
        let text = std::str::from_utf8(body).map_err(serde_json::Error::custom);
        match text.and_then(|text| whole::<WireReview<'_>>(Json::from_str(text))) {
            Ok(review) => Self::interpret(review),
            Err(error) => {
                let why = format!("not an {API_VERSION} {KIND} that can be read: {}", Quoted(&error.to_string()));
                let Some(uid) = uid(body) else { return Err(why) };
                Ok(Self { uid, user: Cow::Borrowed(""), operation: "unknown", request: Err(why) })
            }
        }
    }

    fn interpret(review: WireReview<'a>) -> Result<Self, String> {
        let WireReview { api_version, kind, mut request } = review;
        let Some(uid) = plausible(mem::take(&mut request.uid)) else {
            return Err(format!("request.uid must be a string of 1 to {LONGEST_UID} bytes"));
        };
        let user = match request.user_info.take().map(|user| user.username) {
            Some(Text::Text(name)) => name,
            _ => Cow::Borrowed(""),
        };
        let operation = match request.operation.bytes() {
            Some("CREATE") => "CREATE",
            Some("UPDATE") => "UPDATE",
            Some("DELETE") => "DELETE",
            _ => "unknown",
        };
        let version = (api_version.bytes(), kind.bytes());
        let request = if version == (Some(API_VERSION), Some(KIND)) {
            request.interpret(operation)
        } else {
            let [seen_version, seen_kind] = [&api_version, &kind].map(|it| it.bytes().unwrap_or("not a string"));
            Err(format!("{} {} is not answered, only {API_VERSION} {KIND}", Quoted(seen_version), Quoted(seen_kind)))
        };
        Ok(Self { uid, user, operation, request })
    }
}

fn whole<'a, T: Deserialize<'a>>(mut deserializer: Json<impl serde_json::de::Read<'a>>) -> serde_json::Result<T> {
    let read = object::required(&mut deserializer)?;
    deserializer.end()?;
    Ok(read)
}

/// The uid alone of a body that need not be good otherwise.
pub(super) fn uid(body: &[u8]) -> Option<Cow<'_, str>> {
    whole::<UidOnly<'_>>(Json::from_slice(body)).ok().and_then(|review| plausible(review.request.uid))
}

fn plausible(text: Text<'_>) -> Option<Cow<'_, str>> {
    match text {
        Text::Text(uid) if (1..=LONGEST_UID).contains(&uid.len()) => Some(uid),
        _ => None,
    }
}

impl<'a> WireRequest<'a> {
    /// Tells the guarded Setting from everything else.
    ///
    /// The name is looked for in the objects too: a collection delete has none of its own, and a `generateName`
    /// create has none at all. Either naming the Setting is enough to be judged.
    fn interpret(self, operation: &str) -> Result<Request<'a>, String> {
        let Self { resource, name, operation: written, object: new, old_object: old, .. } = self;
        let Some(resource) = resource else { return Err("request.resource is missing".into()) };
        if (resource.group.bytes(), resource.resource.bytes()) != (Some("harvesterhci.io"), Some("settings")) {
            return Ok(Request::NotOurs);
        }
        let names = [Some(&name), new.as_ref().map(|it| &it.metadata.name), old.as_ref().map(|it| &it.metadata.name)];
        if !names.into_iter().flatten().filter_map(Text::bytes).any(|name| GuardedSetting::named(name).is_some()) {
            let nameless_delete = operation == "DELETE" && old.is_none() && name.bytes() == Some("");
            return if nameless_delete {
                Err("a DELETE must carry a name or the old object".into())
            } else {
                Ok(Request::NotOurs)
            };
        }
        match (operation, old, new) {
            ("DELETE", _, _) => Ok(Request::Delete),
            ("CREATE", _, Some(new)) => Ok(Request::Create(new)),
            ("UPDATE", Some(old), Some(new)) => Ok(Request::Update { old, new }),
            ("CREATE", _, None) => Err("a CREATE must carry the object".into()),
            ("UPDATE", _, _) => Err("an UPDATE must carry the object and the old object".into()),
            _ => {
                let seen = written.bytes().unwrap_or("not a string");
                Err(format!("operation {} is not judged, only CREATE, UPDATE and DELETE", Quoted(seen)))
            }
        }
    }
}

#[cfg(test)]
mod tests;
