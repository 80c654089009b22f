//! `-o`: the output formats.

use std::io::{self, Write};

use anyhow::bail;
use clap::ValueEnum;

use super::judged::{self, Judged};
use super::summary::Summary;
use super::{human, json};
use crate::cli::output::{Output, Paint, complain};
use crate::cli::reports::Reports;
use crate::escape::printable_json;
use crate::manifest;
use crate::report::preview::{self, ClientAnswer};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// For people
    #[default]
    Human,
    /// One JSON record a line
    Json,
    /// The AdmissionReview that the webhook would answer, one a line
    Review,
    /// What kubectl shows of refusals and warnings, with each object on its own: `apply --server-side`, `patch`,
    /// `replace`, `delete`
    Kubectl,
    /// What kubectl shows of several objects that fail together: it hides the causes
    KubectlMany,
    /// What Harvester's UI shows: of a refusal the text of the red banner, of warnings the yellow box, its title and its
    /// text
    Ui,
}

/// Prints verdicts: on standard output, unless a report has that for itself.
pub(super) struct Printer {
    out: Box<dyn Write>,
    format: OutputFormat,
    paint: Paint,
    answers: Vec<ClientAnswer>,
}

impl Printer {
    pub(super) fn new(format: OutputFormat, paint: Paint, reports: &Reports) -> anyhow::Result<Self> {
        let (out, paint): (Box<dyn Write>, _) = if !reports.take_stdout() {
            (Box::new(Output::new()), paint)
        } else if format == OutputFormat::Human {
            (Box::new(io::stderr()), Paint::NEVER)
        } else {
            bail!("a --report on standard output leaves no room for --output; give it a file: --report FORMAT=FILE");
        };
        Ok(Self { out, format, paint, answers: Vec::new() })
    }

    pub(super) fn judged(&mut self, judged: &Judged<'_>) -> anyhow::Result<()> {
        match self.format {
            OutputFormat::Human => human::write(&mut self.out, judged, self.paint)?,
            OutputFormat::Json => self.line(&json::of(judged)?)?,
            OutputFormat::Review => self.line(&judged.answer())?,
            OutputFormat::Kubectl => write!(self.out, "{}", preview::kubectl(&judged.client_answer()))?,
            OutputFormat::KubectlMany => self.answers.push(judged.client_answer()),
            OutputFormat::Ui => write!(self.out, "{}", preview::ui(&judged.client_answer()))?,
        }
        self.out.flush()?;
        // Neither a client nor the API server knows of files, but what is counted must have been said.
        if !matches!(self.format, OutputFormat::Human | OutputFormat::Json) {
            for lint in human::lints(judged) {
                complain(format_args!("warning: {lint}"));
            }
        }
        Ok(())
    }

    /// A line for what could not be read, so that lines and inputs still match.
    pub(super) fn unreadable(&mut self, error: &manifest::Error) -> anyhow::Result<()> {
        match self.format {
            OutputFormat::Json => self.line(&json::of_unreadable(error)?)?,
            OutputFormat::Review => self.line(&judged::malformed("", &error.to_string()))?,
            _ => {}
        }
        Ok(self.out.flush()?)
    }

    fn line(&mut self, json: &str) -> io::Result<()> {
        writeln!(self.out, "{}", printable_json(json))
    }

    pub(super) fn summary(&mut self, summary: &Summary) -> anyhow::Result<()> {
        match self.format {
            OutputFormat::Human => writeln!(self.out, "{summary}")?,
            _ => complain(summary),
        }
        Ok(self.out.flush()?)
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.out.write_all(preview::kubectl_many(&self.answers).as_bytes())?;
        self.out.flush()
    }
}
