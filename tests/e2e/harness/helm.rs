//! Helm as a user runs it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::assets::{self, repository};
use super::install::NAME;
use super::kubectl::{Invocation, Run};
use super::manifests::documents;
use super::process::scratch;

/// The Helms that users have.
pub const MAJORS: [u8; 2] = [3, 4];

/// The version of [`earlier_chart`], and the tag of its image.
pub const EARLIER: &str = "0.0.9";

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

/// The chart as an earlier release might have had it: under a lower version, and with one entry more when asked for.
pub fn earlier_chart(entry: bool) -> PathBuf {
    let directory = scratch("earlier");
    let copied = Command::new("cp").arg("-r").arg(repository().join("manifests/chart")).arg(&directory).status();
    assert!(copied.expect("cp(1) runs").success());
    let chart = directory.join("chart");
    let edit = |file: &str, change: &dyn Fn(&str) -> String| {
        let path = chart.join(file);
        let text = fs::read_to_string(&path).expect("a file of the chart");
        fs::write(&path, change(&text)).expect("a written file");
    };
    edit("Chart.yaml", &|text| text.replace(env!("CARGO_PKG_VERSION"), EARLIER));
    if entry {
        edit("files/validating.yaml", &|text| {
            let (head, entries) = text.split_once("webhooks:\n").expect("entries");
            let (_, last) = entries.rsplit_once("  - name: disable.").expect("the last one");
            format!("{head}webhooks:\n{entries}  - name: former.{last}")
        });
    }
    chart
}
