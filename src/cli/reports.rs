//! `--report`: documents for CI systems.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context as _, bail};
use clap::ValueEnum as _;

use super::output::{self, complain};
use crate::escape::{Line, QuotedPath};
use crate::report::{ReportFormat, Repository, RunReport, github};

/// Reports for CI systems.
#[derive(Debug, clap::Args)]
pub(super) struct ReportArgs {
    /// Write a report: junit, sarif, github or json, to FILE or to standard output; repeatable
    ///
    /// If a report goes to standard output, the text for people goes to standard error. Print `github` to standard output:
    /// the runner turns it into annotations. If `$GITHUB_STEP_SUMMARY` is set, a summary is appended to that file.
    #[arg(long = "report", value_name = "FORMAT[=FILE]")]
    wanted: Vec<WantedReport>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct WantedReport {
    format: ReportFormat,
    file: Option<PathBuf>,
}

impl FromStr for WantedReport {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = text.split_once('=').map_or((text, None), |(format, file)| (format, Some(file)));
        let format = ReportFormat::from_str(format, false).map_err(|_| {
            let known: Vec<_> = ReportFormat::value_variants().iter().map(|format| name(*format)).collect();
            format!("there is no report {}; there are {}", Line(format), known.join(", "))
        })?;
        match file {
            Some("") => Err("a FILE must follow the =".into()),
            None | Some("-") => Ok(Self { format, file: None }),
            Some(file) => Ok(Self { format, file: Some(file.into()) }),
        }
    }
}

impl fmt::Display for WantedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&name(self.format))?;
        self.file.as_ref().map_or(Ok(()), |file| write!(f, "={}", file.display()))
    }
}

fn name(format: ReportFormat) -> String {
    format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// The reports of a run, with their files open: that one can't be written is known before anything runs.
pub(super) struct Reports(Vec<(WantedReport, Option<File>)>);

impl ReportArgs {
    pub(super) fn open(self) -> anyhow::Result<Reports> {
        let mut opened: Vec<(WantedReport, Option<File>)> = Vec::new();
        for wanted in self.wanted {
            if let Some((other, _)) = opened.iter().find(|(other, _)| other.file == wanted.file) {
                let place =
                    wanted.file.as_deref().map_or("standard output".into(), |file| QuotedPath(file).to_string());
                bail!("--report {other} and --report {wanted} both go to {place}; give each a file of its own");
            }
            let create = |file: &PathBuf| File::create(file).with_context(|| format!("--report {wanted}"));
            let file = wanted.file.as_ref().map(create).transpose()?;
            opened.push((wanted, file));
        }
        Ok(Reports(opened))
    }
}

impl Reports {
    pub(super) fn write(&self, run: &RunReport<'_>) -> anyhow::Result<()> {
        let repository = repository();
        for (wanted, file) in &self.0 {
            let document = wanted.format.render(run, &repository)?;
            let written = match file {
                Some(file) => (&*file).write_all(document.as_bytes()),
                None => output::print(document),
            };
            written.with_context(|| format!("--report {wanted}"))?;
            if wanted.format == ReportFormat::Github
                && let Some(summary) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty())
            {
                let file = OpenOptions::new().append(true).create(true).open(summary);
                let written = file.and_then(|mut file| file.write_all(github::summary(run, &repository).as_bytes()));
                // The verdict counts, not the page about it.
                if let Err(error) = written {
                    complain(format_args!("warning: $GITHUB_STEP_SUMMARY: {error}"));
                }
            }
        }
        Ok(())
    }

    pub(super) const fn are_wanted(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether a report has standard output for itself.
    pub(super) fn take_stdout(&self) -> bool {
        self.0.iter().any(|(_, file)| file.is_none())
    }

    /// Says what people read: on standard output, where no report is.
    pub(super) fn say(&self, text: &str) -> anyhow::Result<()> {
        if self.take_stdout() {
            // Nobody can be told if that fails.
            let _ = io::stderr().lock().write_all(text.as_bytes());
        } else {
            output::print(text)?;
        }
        Ok(())
    }
}

/// Where the run stands in the repository: CI systems name files from its root.
fn repository() -> Repository {
    let root = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"].into_iter().find_map(std::env::var_os);
    match (root, std::env::current_dir()) {
        (Some(root), Ok(here)) => Repository::new(&PathBuf::from(root), &here),
        _ => Repository::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_its_format_and_perhaps_a_file() {
        let parse = |text: &str| text.parse::<WantedReport>().map(|wanted| (wanted.format, wanted.file));
        assert_eq!(parse("junit"), Ok((ReportFormat::Junit, None)));
        assert_eq!(parse("json=-"), Ok((ReportFormat::Json, None)));
        assert_eq!(parse("sarif=a=b.sarif"), Ok((ReportFormat::Sarif, Some("a=b.sarif".into()))));
        assert_eq!(parse("sarif="), Err("a FILE must follow the =".into()));
        assert_eq!(parse("tap"), Err("there is no report tap; there are junit, sarif, github, json".into()));
    }
}
