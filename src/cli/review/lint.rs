//! Warnings about the manifest itself: whether Git holds what is stored, or would be stored.

use crate::admission::{Admission, Mutation, Request, canonical};
use crate::escape::{Line, ShellWord};
use crate::input::{Form, Input, ManifestWarning, submitted};
use crate::manifest::{BARE_VALUE, STANDARD_INPUT};
use crate::report::NOT_CANONICAL;

use super::super::program;

/// The kind of a value that means what is stored, in other bytes.
pub(super) const RESTORED: &str = "restored";

pub(super) fn of(
    input: &Input,
    request: &Request<'_>,
    admission: &Admission,
    stored_in: &str,
) -> Option<ManifestWarning> {
    let Form::Manifest { setting, .. } = &input.form else { return None };
    // It is in no file, so Git need not hold it.
    if &*input.origin.path == BARE_VALUE {
        return None;
    }
    if let Mutation::Restored(stored) = &admission.mutated.value {
        let message = format!(
            "value is not what is stored, though it means the same: Git and the cluster differ. Until the next real change \
             Git must hold {}; run: {}",
            Line(stored),
            command(input, stored_in)
        );
        return Some(ManifestWarning::new("value", RESTORED, message));
    }
    let value = setting.get("value").map(submitted).unwrap_or_default();
    let canonical = canonical(&value).ok()?;
    let is_stored =
        matches!(request, Request::Update { old, .. } if value.bytes().is_some() && old.value.bytes() == value.bytes());
    if is_stored || value.bytes() == Some(&canonical) {
        return None;
    }
    let message = format!(
        "value is not canonical: GitOps tools would see drift, and server-side apply a conflict; run: {}",
        command(input, "")
    );
    Some(ManifestWarning::new("value", NOT_CANONICAL, message))
}

/// The command that mends the file, or prints what it must hold.
fn command(input: &Input, stored_in: &str) -> String {
    let path = &*input.origin.path;
    let (write, path) = if path == STANDARD_INPUT {
        ("", "-".to_owned())
    } else {
        ("--write", ShellWord(&path.to_string_lossy()).to_string())
    };
    let words = [program::name(), "canonicalize", write, stored_in, &path];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
