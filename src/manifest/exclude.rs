//! Paths to skip: `--exclude` patterns and Git's ignore rules.

use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The patterns of `--exclude`, as lines of a `.gitignore` in the directory that is named on the command line.
#[derive(Clone, Debug, Default)]
pub struct ExcludedPaths(Vec<String>);

impl ExcludedPaths {
    pub const fn new(patterns: Vec<String>) -> Self {
        Self(patterns)
    }

    pub fn check(pattern: &str) -> Result<String, String> {
        GitignoreBuilder::new("").add_line(None, pattern).map_err(|error| error.to_string())?;
        Ok(pattern.to_owned())
    }
}

/// The rules that hold somewhere below a directory, the strongest first.
#[derive(Debug, Default)]
pub(super) struct Rules {
    exclude: Option<IgnoreFile>,
    /// The nearest last.
    pub(super) git: Vec<IgnoreFile>,
}

impl Rules {
    /// Those for a directory: the patterns, and what the repository around it says.
    pub(super) fn of(directory: &Path, exclude: &ExcludedPaths) -> Self {
        let mut patterns = GitignoreBuilder::new("");
        for pattern in &exclude.0 {
            // It was checked where it was given.
            let _ = patterns.add_line(None, pattern);
        }
        let exclude = patterns.build().ok().map(|rules| IgnoreFile { rules, ..IgnoreFile::at(directory) });
        Self { exclude, git: above(directory) }
    }

    pub(super) fn enter(&mut self, directory: &Path) {
        self.git.push(IgnoreFile { rules: read(directory), ..IgnoreFile::at(directory) });
    }

    pub(super) fn leave_out(&self, path: &Path, is_directory: bool) -> bool {
        let mut said = self.exclude.iter().chain(self.git.iter().rev()).map(|rule| rule.matched(path, is_directory));
        said.find(|said| !said.is_none()).is_some_and(|said| said.is_ignore())
    }
}

/// The rules of one `.gitignore`, for paths as the walk has them.
#[derive(Debug)]
pub(super) struct IgnoreFile {
    /// What the paths begin with.
    base: PathBuf,
    /// What the rules have in its place.
    prefix: PathBuf,
    rules: Gitignore,
}

impl IgnoreFile {
    fn at(directory: &Path) -> Self {
        Self { base: directory.to_owned(), prefix: PathBuf::new(), rules: Gitignore::empty() }
    }

    fn matched(&self, path: &Path, is_directory: bool) -> Match<()> {
        let below = path.strip_prefix(&self.base).unwrap_or(path);
        self.rules.matched(self.prefix.join(below), is_directory).map(|_| ())
    }
}

/// The rules above a directory, if a repository is around it. Its own are found on the way down.
fn above(directory: &Path) -> Vec<IgnoreFile> {
    let Ok(real) = directory.canonicalize() else { return Vec::new() };
    let Some(root) = real.ancestors().find(|above| above.join(".git").exists()) else { return Vec::new() };
    let above = real.ancestors().skip(1).take_while(|above| above.starts_with(root));
    let rule = |above: &Path| IgnoreFile {
        base: directory.to_owned(),
        prefix: real.strip_prefix(above).unwrap_or(&real).to_owned(),
        rules: read(above),
    };
    let mut rules: Vec<_> = above.map(rule).collect();
    rules.reverse();
    rules
}

/// What can't be read as a rule is none, as to Git.
fn read(directory: &Path) -> Gitignore {
    let mut rules = GitignoreBuilder::new("");
    let _ = rules.add(directory.join(".gitignore"));
    rules.build().unwrap_or_else(|_| Gitignore::empty())
}
