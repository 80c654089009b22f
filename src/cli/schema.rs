//! `schema`: prints the JSON Schema of a format.

use clap::ValueEnum;

use super::Exit;
use super::output;
use crate::{plan, status, suite};

/// Print the JSON Schema of a file format, for editors
///
/// Save the schema of suites next to them, and name it in their first line:
/// `# yaml-language-server: $schema=suite.schema.json`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The format
    format: SchemaFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SchemaFormat {
    /// Policy suites, as `test` runs them
    Suite,
    /// Reports, as `status -o json` prints them
    Status,
    /// Plans, as `plan -o json` prints them
    Plan,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let schema = match self.format {
            SchemaFormat::Suite => suite::schema(),
            SchemaFormat::Status => status::schema(),
            SchemaFormat::Plan => plan::schema(),
        };
        output::print(format_args!("{schema:#}\n"))?;
        Ok(Exit::Ok)
    }
}
