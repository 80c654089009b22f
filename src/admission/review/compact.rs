//! A review as API servers write it: JSON without white space, by its known members.
//!
//! Two thirds of a review are only passed over, above all `managedFields`, and the usual reader spends more on that than all
//! the rest of the answer takes. This one gives up on whatever API servers do not write: white space between tokens,
//! fractions, escapes in keys, escapes by number in what is kept, a member twice, another kind of value than is meant, and
//! much that is nested; and on all that is wrong. The usual reader
//! then reads the same bytes from the start, and has the word. So this one takes fewer texts than that, and reads each as
//! that does.

use self::cursor::Cursor;
use super::{WireRequest, WireResource, WireReview, WireUser};
use crate::admission::setting::{Annotations, Metadata, Setting};
use crate::setting::ALLOW_DURING_MIGRATION;

mod cursor;

/// Reads a body; `None` when it is for the usual reader.
pub(super) fn read(body: &[u8]) -> Option<WireReview<'_>> {
    let mut cursor = Cursor::new(body.strip_suffix(b"\n").unwrap_or(body))?;
    let review = read_review(&mut cursor)?;
    cursor.is_at_end().then_some(review)
}

/// A member is set once.
#[expect(clippy::inline_always, reason = "called, it would copy what is set")]
#[inline(always)]
fn once<T>(slot: &mut Option<T>, value: Option<T>) -> Option<()> {
    if slot.is_some() || value.is_none() {
        return None;
    }
    *slot = value;
    Some(())
}

fn read_review<'a>(it: &mut Cursor<'a>) -> Option<WireReview<'a>> {
    let (mut api_version, mut kind, mut request) = (None, None, None);
    it.members(|it, key| match key {
        b"apiVersion" => once(&mut api_version, it.text()),
        b"kind" => once(&mut kind, it.text()),
        b"request" => once(&mut request, read_request(it)),
        _ => it.pass(),
    })?;
    let (api_version, kind) = (api_version.unwrap_or_default(), kind.unwrap_or_default());
    Some(WireReview { api_version, kind, request: request? })
}

fn read_request<'a>(it: &mut Cursor<'a>) -> Option<WireRequest<'a>> {
    let (mut uid, mut name, mut operation) = (None, None, None);
    let (mut resource, mut user_info, mut object, mut old_object) = (None, None, None, None);
    it.members(|it, key| match key {
        b"uid" => once(&mut uid, it.text()),
        b"resource" => once(&mut resource, it.or_null(read_resource)),
        b"name" => once(&mut name, it.text()),
        b"operation" => once(&mut operation, it.text()),
        b"userInfo" => once(&mut user_info, it.or_null(read_user)),
        b"object" => once(&mut object, it.or_null(read_setting)),
        b"oldObject" => once(&mut old_object, it.or_null(read_setting)),
        _ => it.pass(),
    })?;
    Some(WireRequest {
        uid: uid.unwrap_or_default(),
        resource: resource.flatten(),
        name: name.unwrap_or_default(),
        operation: operation.unwrap_or_default(),
        user_info: user_info.flatten(),
        object: object.flatten(),
        old_object: old_object.flatten(),
    })
}

fn read_resource<'a>(it: &mut Cursor<'a>) -> Option<WireResource<'a>> {
    let (mut group, mut resource) = (None, None);
    it.members(|it, key| match key {
        b"group" => once(&mut group, it.text()),
        b"resource" => once(&mut resource, it.text()),
        _ => it.pass(),
    })?;
    Some(WireResource { group: group.unwrap_or_default(), resource: resource.unwrap_or_default() })
}

fn read_user<'a>(it: &mut Cursor<'a>) -> Option<WireUser<'a>> {
    let mut username = None;
    it.members(|it, key| match key {
        b"username" => once(&mut username, it.text()),
        _ => it.pass(),
    })?;
    Some(WireUser { username: username.unwrap_or_default() })
}

fn read_setting<'a>(it: &mut Cursor<'a>) -> Option<Setting<'a>> {
    let (mut metadata, mut value, mut default) = (None, None, None);
    it.members(|it, key| match key {
        b"metadata" => once(&mut metadata, it.or_null(read_metadata)),
        b"value" => once(&mut value, it.text()),
        b"default" => once(&mut default, it.text()),
        _ => it.pass(),
    })?;
    Some(Setting {
        metadata: metadata.flatten().unwrap_or_default(),
        value: value.unwrap_or_default(),
        default: default.unwrap_or_default(),
    })
}

fn read_metadata<'a>(it: &mut Cursor<'a>) -> Option<Metadata<'a>> {
    let (mut name, mut deletion_timestamp, mut annotations) = (None, None, None);
    it.members(|it, key| match key {
        b"name" => once(&mut name, it.text()),
        b"deletionTimestamp" => once(&mut deletion_timestamp, it.text()),
        b"annotations" => once(&mut annotations, it.or_null(read_annotations)),
        _ => it.pass(),
    })?;
    Some(Metadata {
        name: name.unwrap_or_default(),
        deletion_timestamp: deletion_timestamp.unwrap_or_default(),
        annotations: annotations.flatten().unwrap_or_default(),
    })
}

fn read_annotations<'a>(it: &mut Cursor<'a>) -> Option<Annotations<'a>> {
    let mut allow_during_migration = None;
    it.members(|it, key| match key {
        _ if key == ALLOW_DURING_MIGRATION.as_bytes() => once(&mut allow_during_migration, it.text()),
        _ => it.pass(),
    })?;
    Some(Annotations { allow_during_migration: allow_during_migration.unwrap_or_default() })
}

#[cfg(test)]
mod tests;
