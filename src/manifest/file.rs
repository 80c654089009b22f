//! A file's text.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::{Encoding, Error};
use crate::setting::SETTING;

/// The most that is read of one file: more than all the facts of a large cluster.
const MAX_BYTES: u64 = 64 << 20;
pub const STANDARD_INPUT: &str = "-";
/// Names a value that the command line holds.
pub const BARE_VALUE: &str = "--value";
/// How each file of a capture begins.
pub const CAPTURE_MARK: &str = "# Captured by migration-network-webhook";

#[derive(Clone, Debug, Hash)]
pub struct ManifestFile {
    pub path: Arc<Path>,
    pub text: String,
    pub encoding: Encoding,
}

impl ManifestFile {
    pub fn new(path: &Path, text: String) -> Self {
        Self { path: path.into(), text, encoding: Encoding::Utf8 }
    }

    pub fn is_captured(&self) -> bool {
        self.text.trim_start_matches('\u{feff}').starts_with(CAPTURE_MARK)
    }

    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::read_within(path, MAX_BYTES)
    }

    /// Reads one file of a kind that is smaller than most.
    pub fn read_within(path: &Path, max: u64) -> Result<Self, Error> {
        Self::of(File::open(path).map_err(|why| Error::io(path, why))?, path, max)
    }

    /// Reads what is piped in, under the name [`STANDARD_INPUT`].
    pub fn standard_input() -> Result<Self, Error> {
        Self::of(std::io::stdin().lock(), Path::new(STANDARD_INPUT), MAX_BYTES)
    }

    fn of(source: impl Read, path: &Path, max: u64) -> Result<Self, Error> {
        let mut bytes = Vec::new();
        source.take(max + 1).read_to_end(&mut bytes).map_err(|why| Error::io(path, why))?;
        if bytes.len() as u64 > max {
            return Err(Error::TooLarge { path: path.to_owned(), max });
        }
        let names_setting = names_setting(&bytes);
        let (text, encoding) =
            Encoding::decode(bytes).ok_or_else(|| Error::NotText { path: path.to_owned(), names_setting })?;
        Ok(Self { path: path.into(), text, encoding })
    }
}

/// Whether the guarded Setting is named somewhere, in whatever encoding: those of wide characters pad with zeros.
pub(super) fn names_setting(bytes: &[u8]) -> bool {
    let narrow: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    narrow.windows(SETTING.len()).any(|window| window == SETTING.as_bytes())
}
