//! Helm as a user runs it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::assets::{self, repository};
use super::install::NAME;
use super::kubectl::{Invocation, Run};
use super::manifests::documents;
use super::process::scratch;

/// The Helms that users have.
pub const MAJORS: [u8; 2] = [3, 4];

/// One user's Helm.
#[derive(Debug)]
pub struct Helm {
    major: u8,
    home: PathBuf,
    kubeconfig: PathBuf,
}

impl Helm {
    /// With this kubeconfig.
    pub fn new(major: u8, kubeconfig: &Path) -> Self {
        Self { major, home: scratch("helm"), kubeconfig: kubeconfig.to_owned() }
    }

    /// Without a cluster.
    pub fn offline(major: u8) -> Self {
        Self::new(major, Path::new("/nowhere/kubeconfig"))
    }

    /// A command line without the `helm`; `CHART` in it is the chart.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Invocation {
        let mut command = Command::new(assets::helm(self.major));
        command.env_clear().env("HOME", &self.home).env("KUBECONFIG", &self.kubeconfig).current_dir(&self.home);
        for arg in args {
            if arg.as_ref() == "CHART" {
                command.arg(repository().join("manifests/chart"));
            } else {
                command.arg(arg);
            }
        }
        command.into()
    }

    /// `helm template` with these values, as `--set-json` takes them.
    pub fn template(&self, values: &[&str]) -> Run {
        let mut args = vec!["template", NAME, "CHART", "--namespace", NAME];
        args.extend(values.iter().flat_map(|value| ["--set-json", *value]));
        self.command(args).run()
    }

    /// The objects of [`Self::template`], hooks among them.
    pub fn objects(&self, values: &[&str]) -> Vec<serde_json::Value> {
        let run = self.template(values);
        assert_eq!((run.code, &*run.stderr), (0, ""), "{values:?}");
        documents(&run.stdout)
    }
}
