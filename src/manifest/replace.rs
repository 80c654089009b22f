//! Replaces a file atomically: readers, also after a crash, see the old text or the new one.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::Path;

use tempfile::NamedTempFile;

/// Replaces the text, or changes nothing. The file keeps its mode and its owner; a symlink stays, and leads to the new text.
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
}
