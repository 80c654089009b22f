//! A file's text: reads it, in the encodings that kubectl reads, and replaces it.

use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::Path;
use std::sync::Arc;

use tempfile::NamedTempFile;

use super::{Error, Position};
use crate::escape::QuotedPath;
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
        Self::of(File::open(path).map_err(|why| Error::io(path, &why))?, path, max)
    }

    /// Reads what is piped in, under the name [`STANDARD_INPUT`].
    pub fn standard_input() -> Result<Self, Error> {
        Self::of(std::io::stdin().lock(), Path::new(STANDARD_INPUT), MAX_BYTES)
    }

    fn of(source: impl Read, path: &Path, max: u64) -> Result<Self, Error> {
        let mut bytes = Vec::new();
        source.take(max + 1).read_to_end(&mut bytes).map_err(|why| Error::io(path, &why))?;
        if bytes.len() as u64 > max {
            let message =
                format!("{} is larger than {} MiB, the most that is read of one file", QuotedPath(path), max >> 20);
            return Err(Error::new(path, message));
        }
        let names_setting = names_setting(&bytes);
        let (text, encoding) = Encoding::decode(bytes).ok_or_else(|| {
            let message = format!("{} is not UTF-8 text; YAML or JSON manifests are", QuotedPath(path));
            Error::unparsed(path, Position::START, names_setting, message)
        })?;
        Ok(Self { path: path.into(), text, encoding })
    }
}

/// Whether the guarded Setting is named somewhere, in whatever encoding: those of wide characters pad with zeros.
pub(super) fn names_setting(bytes: &[u8]) -> bool {
    let narrow: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    narrow.windows(SETTING.len()).any(|window| window == SETTING.as_bytes())
}

/// How a file's text is written: in UTF-8, or in UTF-16 with a byte order mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    #[default]
    Utf8,
    /// UTF-16, the lower byte first.
    Utf16Le,
    /// UTF-16, the higher byte first.
    Utf16Be,
}

impl Encoding {
    /// The text that the bytes stand for, its byte order mark included; `None` where they are no text.
    pub(super) fn decode(bytes: Vec<u8>) -> Option<(String, Self)> {
        let (encoding, unit): (_, fn([u8; 2]) -> u16) = match bytes.get(..2) {
            Some([0xff, 0xfe]) => (Self::Utf16Le, u16::from_le_bytes),
            Some([0xfe, 0xff]) => (Self::Utf16Be, u16::from_be_bytes),
            _ => return Some((String::from_utf8(bytes).ok()?, Self::Utf8)),
        };
        let (units, []) = bytes.as_chunks::<2>() else { return None };
        let text: Result<String, _> = char::decode_utf16(units.iter().copied().map(unit)).collect();
        Some((text.ok()?, encoding))
    }

    pub fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        }
    }
}

/// Replaces a file atomically, or changes nothing: readers, also after a crash, see the old text or the new one. The file
/// keeps its mode and its owner; a symlink stays, and leads to the new text.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = path.canonicalize()?;
    let old = fs::metadata(&path)?;
    if !old.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let directory = path.parent().unwrap_or(Path::new("/"));
    let mut new = NamedTempFile::new_in(directory)?;
    new.write_all(bytes)?;
    let made = new.as_file().metadata()?;
    if (made.uid(), made.gid()) != (old.uid(), old.gid()) {
        fchown(new.as_file(), Some(old.uid()), Some(old.gid()))?;
    }
    // After the owner, as a change of owner may take mode bits away.
    new.as_file().set_permissions(old.permissions())?;
    new.as_file().sync_all()?;
    new.persist(&path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn mode_and_symlinks_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let [file, link] = ["a.yaml", "link.yaml"].map(|name| directory.path().join(name));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("a.yaml", &link).unwrap();
        replace(&link, b"new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "nothing is left behind");
    }

    #[test]
    fn only_a_regular_file_is_replaced() {
        let error = replace(Path::new("/dev/null"), b"new").unwrap_err();
        assert_eq!(error.to_string(), "it is no regular file");
        assert_eq!(replace(Path::new("no/such/file"), b"new").unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn what_is_decoded_is_encoded_again() {
        let text = "\u{feff}value: é😀\r\n";
        for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be] {
            let bytes = encoding.encode(text);
            assert_eq!(Encoding::decode(bytes), Some((text.to_owned(), encoding)));
        }
        assert_eq!(Encoding::decode(b"\xff\xfea\0b".to_vec()), None, "half a unit");
        assert_eq!(Encoding::decode(b"\xff\xfe\x00\xd8".to_vec()), None, "half a pair");
        assert_eq!(Encoding::decode(b"caf\xe9".to_vec()), None, "Latin-1");
    }
}
