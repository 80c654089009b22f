//! File names relative to the root of the repository, as CI systems know them.

use std::path::{Component, Path, PathBuf};

use crate::escape::Line;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repository {
    root: Option<PathBuf>,
    /// The working directory, from the root.
    here: PathBuf,
}

impl Repository {
    /// The repository with this root, seen from this directory. One that lies elsewhere does not count.
    pub fn new(root: &Path, here: &Path) -> Self {
        match here.strip_prefix(root) {
            Ok(below) => Self { root: Some(root.to_owned()), here: below.to_owned() },
            Err(_) => Self::default(),
        }
    }

    /// A file's name, safe to print: from the root where that is known, else as the user gave it.
    pub fn name(&self, path: &Path) -> String {
        let inside = self.root.as_ref().and_then(|root| path.strip_prefix(root).ok());
        let path = inside.map_or_else(|| self.here.join(path), ToOwned::to_owned);
        let mut parts: Vec<Component<'_>> = Vec::new();
        for part in path.components() {
            match (part, parts.last()) {
                (Component::CurDir, _) => {}
                (Component::ParentDir, Some(Component::Normal(_))) => drop(parts.pop()),
                _ => parts.push(part),
            }
        }
        Line(&parts.iter().collect::<PathBuf>().to_string_lossy()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_root() {
        let plain = Repository::default();
        let inside = Repository::new(Path::new("/repo"), Path::new("/repo/a/b"));
        let outside = Repository::new(Path::new("/repo"), Path::new("/elsewhere"));
        for (path, from_plain, from_inside) in [
            ("x.yaml", "x.yaml", "a/b/x.yaml"),
            ("./c/./x.yaml", "c/x.yaml", "a/b/c/x.yaml"),
            ("../x.yaml", "../x.yaml", "a/x.yaml"),
            ("/repo/c/x.yaml", "/repo/c/x.yaml", "c/x.yaml"),
            ("/tmp/x.yaml", "/tmp/x.yaml", "/tmp/x.yaml"),
        ] {
            assert_eq!(plain.name(Path::new(path)), from_plain);
            assert_eq!(inside.name(Path::new(path)), from_inside);
            assert_eq!(outside.name(Path::new(path)), from_plain);
        }
    }
}
