//! `--old`: the stored manifest.

use std::path::Path;

use anyhow::bail;
use serde_json::Value;

use crate::escape::QuotedPath;
use crate::input::{Contents, What};
use crate::manifest::{ManifestFile, STANDARD_INPUT};

pub(super) fn read(path: &Path) -> anyhow::Result<Value> {
    let file = if path == STANDARD_INPUT { ManifestFile::standard_input() } else { ManifestFile::read(path) }?;
    let objects = Contents::of(&file)?.objects;
    let mut settings = objects.into_iter().filter_map(|object| match object.what {
        What::Manifest { setting, .. } => Some(setting),
        What::Review(_) | What::Request { .. } => None,
    });
    match (settings.next(), settings.count()) {
        (Some(setting), 0) => Ok(setting),
        (first, more) => {
            let count = usize::from(first.is_some()) + more;
            let shown = QuotedPath(path);
            bail!("{shown} holds {count} manifests of the Setting vm-migration-network (harvesterhci.io), not one")
        }
    }
}
