//! Where verdicts go.

use std::io::{self, Write};

use anyhow::bail;

use super::judged::Judged;
use super::preview::{self, Client};
use super::summary::Summary;
use super::{Format, human, judged, record};
use crate::cli::output::{Output, Paint, complain};
use crate::cli::reports::Reports;
use crate::escape::printable_json;
use crate::manifest;
use crate::report::preview::Answer;

/// Prints verdicts: on standard output, unless a report has that for itself.
pub(super) struct Printer {
    out: Box<dyn Write>,
    format: Format,
    client: Option<Client>,
    paint: Paint,
    /// What is shown only once all is known.
    answers: Vec<Answer>,
}

impl Printer {
    pub(super) fn new(format: Format, client: Option<Client>, reports: &Reports) -> anyhow::Result<Self> {
        let (out, paint): (Box<dyn Write>, _) = if !reports.take_stdout() {
            (Box::new(Output::new()), Paint::for_stdout())
        } else if format == Format::Human && client.is_none() {
            (Box::new(io::stderr()), Paint::NEVER)
        } else {
            bail!(
                "a --report on standard output leaves no room for --output or --as; give it a file: --report FORMAT=FILE"
            );
        };
        Ok(Self { out, format, client, paint, answers: Vec::new() })
    }

    pub(super) fn judged(&mut self, judged: &Judged<'_>) -> anyhow::Result<()> {
        match (self.client, self.format) {
            (Some(Client::KubectlMany), _) => self.answers.push(preview::answer(judged)),
            (Some(client), _) => self.out.write_all(client.show(&[preview::answer(judged)]).as_bytes())?,
            (None, Format::Human) => human::write(&mut self.out, judged, self.paint)?,
            (None, Format::Json) => self.line(&record::of(judged)?)?,
            (None, Format::Review) => self.line(&judged.answer())?,
        }
        self.out.flush()?;
        // Neither a client nor the API server knows of files, but what is counted must have been said.
        if (self.client.is_some() || self.format == Format::Review)
            && let Some(lint) = human::lint(judged)
        {
            complain(format_args!("warning: {lint}"));
        }
        Ok(())
    }

    /// A line for what could not be read, so that lines and inputs still match.
    pub(super) fn unreadable(&mut self, error: &manifest::Error) -> anyhow::Result<()> {
        match self.format {
            Format::Human => {}
            Format::Json => self.line(&record::of_unreadable(error)?)?,
            Format::Review => self.line(&judged::malformed("", &error.to_string()))?,
        }
        Ok(self.out.flush()?)
    }

    fn line(&mut self, json: &str) -> io::Result<()> {
        writeln!(self.out, "{}", printable_json(json))
    }

    pub(super) fn summary(&mut self, summary: &Summary) -> anyhow::Result<()> {
        match (self.client, self.format) {
            (Some(client), _) => {
                self.out.write_all(client.show(&self.answers).as_bytes())?;
                complain(summary);
            }
            (None, Format::Human) => writeln!(self.out, "{summary}")?,
            (None, Format::Json | Format::Review) => complain(summary),
        }
        Ok(self.out.flush()?)
    }
}
