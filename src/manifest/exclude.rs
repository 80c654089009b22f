//! Paths to skip: `--exclude` patterns and Git's ignore rules.

use std::iter;
use std::path::{Path, PathBuf};

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
#[derive(Debug)]
pub(super) struct Rules {
    /// The directory as the walk names it.
    walked: PathBuf,
    /// Its true path, below which the rules of a repository are.
    real: PathBuf,
    exclude: Gitignore,
    /// The nearest last.
    pub(super) git: Vec<Gitignore>,
}

impl Rules {
    /// Those for a directory: the patterns, and what the repository around it says.
    pub(super) fn of(directory: &Path, exclude: &ExcludedPaths) -> Self {
        let real = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
        let mut patterns = GitignoreBuilder::new(&real);
        for pattern in &exclude.0 {
            // It was checked where it was given.
            let _ = patterns.add_line(None, pattern);
        }
        let exclude = patterns.build().unwrap_or_else(|_| Gitignore::empty());
        // Its own rules are found on the way down.
        let repository = real.ancestors().find(|above| above.join(".git").exists());
        let above =
            repository.into_iter().flat_map(|root| real.ancestors().skip(1).take_while(move |it| it.starts_with(root)));
        let mut git: Vec<_> = above.map(read).collect();
        git.reverse();
        Self { walked: directory.to_owned(), real, exclude, git }
    }

    /// The path as the rules know it.
    fn real(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.walked).map_or_else(|_| path.to_owned(), |below| self.real.join(below))
    }

    pub(super) fn enter(&mut self, directory: &Path) {
        self.git.push(read(&self.real(directory)));
    }

    pub(super) fn leave_out(&self, path: &Path, is_directory: bool) -> bool {
        let path = self.real(path);
        let rules = iter::once(&self.exclude).chain(self.git.iter().rev());
        let mut said = rules.map(|rules| rules.matched(&path, is_directory));
        said.find(|said| !said.is_none()).is_some_and(|said| said.is_ignore())
    }
}

/// What can't be read as a rule is none, as to Git.
fn read(directory: &Path) -> Gitignore {
    let mut rules = GitignoreBuilder::new(directory);
    let _ = rules.add(directory.join(".gitignore"));
    rules.build().unwrap_or_else(|_| Gitignore::empty())
}
