//! The directory that a capture is written to.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use super::{File, MARK};
use crate::escape::QuotedPath;

/// Writes the files into the directory, which is made where it is missing.
///
/// All are complete before the first gets its name. With `replace`, files of an earlier capture are replaced, or removed
/// where this one has none of the name; what else is in the directory stays. Unless it can't be written, an error means
/// that nothing was changed.
pub fn write(directory: &Path, files: &[File], replace: bool) -> Result<(), String> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |why: io::Error| format!("{} can't be written: {why}", QuotedPath(&path))
    };
    fs::create_dir_all(directory).map_err(io(directory))?;
    if !replace && fs::read_dir(directory).map_err(io(directory))?.next().is_some() {
        return Err(format!(
            "{} is not empty; name a new directory, or pass --force to replace an earlier capture in it",
            QuotedPath(directory)
        ));
    }
    for file in files {
        let path = directory.join(&file.name);
        if !is_free(&path).map_err(io(&path))? {
            return Err(format!(
                "{} is not from a capture, so it is not replaced; move it away, or name another directory",
                QuotedPath(&path)
            ));
        }
    }
    // Inside, so that it is on the same file system; hidden, so that whoever reads the directory does not see it.
    let stage = tempfile::Builder::new().prefix(".capture-").tempdir_in(directory).map_err(io(directory))?;
    for file in files {
        let path = stage.path().join(&file.name);
        fs::write(&path, &file.text).map_err(io(&path))?;
    }
    for file in files {
        let path = directory.join(&file.name);
        fs::rename(stage.path().join(&file.name), &path).map_err(io(&path))?;
    }
    for entry in fs::read_dir(directory).map_err(io(directory))? {
        let path = entry.map_err(io(directory))?.path();
        let is_new = files.iter().any(|file| path.file_name().is_some_and(|name| name == file.name.as_str()));
        // `capture --status` writes more files than `capture`.
        if !is_new && path.extension().is_some_and(|it| it == "yaml") && is_free(&path).map_err(io(&path))? {
            fs::remove_file(&path).map_err(io(&path))?;
        }
    }
    Ok(())
}

/// Whether nothing but an earlier capture stands at that path.
fn is_free(path: &Path) -> io::Result<bool> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    let mut head = Vec::new();
    if !file.metadata()?.is_file() {
        return Ok(false);
    }
    file.take(MARK.len() as u64).read_to_end(&mut head)?;
    Ok(head == MARK.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> File {
        File { name: name.to_owned(), text: format!("{MARK}\n{text}"), objects: 0 }
    }

    fn entries(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(directory).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn only_an_earlier_capture_is_replaced_and_only_when_asked() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("a/b");
        let error = |result: Result<(), String>| result.unwrap_err().replace(&root.path().display().to_string(), "");
        write(&directory, &[file("nodes.yaml", "1"), file("policy.yaml", "1")], false).unwrap();
        assert_eq!(entries(&directory), ["nodes.yaml", "policy.yaml"]);
        let again = [file("nodes.yaml", "2"), file("policy.yaml", "2")];
        assert_eq!(
            error(write(&directory, &again, false)),
            "\"/a/b\" is not empty; name a new directory, or pass --force to replace an earlier capture in it"
        );
        fs::write(directory.join("mine.yaml"), "mine").unwrap();
        fs::write(directory.join("pods.yaml"), format!("{MARK}\n1")).unwrap();
        write(&directory, &again, true).unwrap();
        assert_eq!(entries(&directory), ["mine.yaml", "nodes.yaml", "policy.yaml"]);
        assert_eq!(fs::read_to_string(directory.join("nodes.yaml")).unwrap(), format!("{MARK}\n2"));
        assert_eq!(fs::read_to_string(directory.join("mine.yaml")).unwrap(), "mine");

        fs::write(directory.join("policy.yaml"), "mine").unwrap();
        assert_eq!(
            error(write(&directory, &[file("nodes.yaml", "3"), file("policy.yaml", "3")], true)),
            "\"/a/b/policy.yaml\" is not from a capture, so it is not replaced; move it away, or name another directory"
        );
        assert_eq!(fs::read_to_string(directory.join("nodes.yaml")).unwrap(), format!("{MARK}\n2"));
        assert_eq!(entries(&directory), ["mine.yaml", "nodes.yaml", "policy.yaml"]);
    }

    #[test]
    fn a_reason_is_given_once() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = write(file.path(), &[], false).unwrap_err();
        assert_eq!(error.matches("os error").count(), 1, "{error}");
    }
}
