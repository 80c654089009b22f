//! Reads just enough of an object to tell reviews, requests and manifests apart.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::admission::setting::Text as Any;

/// The keys that matter.
#[derive(Default)]
pub(super) struct Head {
    kind: Option<String>,
    has_request: bool,
    has_operation: bool,
    has_uid: bool,
}

pub(super) enum HeadKind {
    Review,
    Request { has_uid: bool },
}

impl Head {
    /// What it is; `None` of what is neither.
    pub(super) fn kind(&self) -> Option<HeadKind> {
        match self.kind.as_deref() {
            Some("AdmissionReview") => Some(HeadKind::Review),
            Some(_) => None,
            // An AdmissionRequest has a kind too, but that is an object: of whatever it is about.
            None if self.has_operation && !self.has_request => Some(HeadKind::Request { has_uid: self.has_uid }),
            None => self.has_request.then_some(HeadKind::Review),
        }
    }
}

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Head;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Head, M::Error> {
                let mut head = Head::default();
                while let Some(key) = map.next_key::<Any<'de>>()? {
                    match key.bytes() {
                        Some("kind") => {
                            let kind: Any<'de> = map.next_value()?;
                            head.kind = kind.bytes().filter(|kind| !kind.is_empty()).map(ToOwned::to_owned);
                            continue;
                        }
                        Some("request") => head.has_request = true,
                        Some("operation") => head.has_operation = true,
                        Some("uid") => head.has_uid = true,
                        _ => {}
                    }
                    map.next_value::<IgnoredAny>()?;
                }
                Ok(head)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}
