//! `explain`: what a rule is about.

use std::fmt::Write as _;
use std::io::Write as _;

use super::Exit;
use super::output::Output;
use crate::setting::RuleId;

/// Columns that a terminal has at least.
const WIDTH: usize = 80;

/// Say what a rule refuses, why it matters in Harvester, and how to get past it
///
/// Without a rule it lists them all.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The rule, by the name that refusals, audit annotations and metrics carry
    #[arg(value_name = "RULE")]
    rule: Option<RuleId>,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let text = self.rule.map_or_else(list, |rule| wrapped(&rule.help()));
        write!(Output::new(), "{text}")?;
        Ok(Exit::Ok)
    }
}

fn list() -> String {
    let mut list = String::new();
    for rule in RuleId::ALL {
        let refuses = wrapped(&format!("Refused when {}.", rule.refuses().replace('`', "")));
        let _ = writeln!(list, "{rule}\n    {}", refuses.trim_end().replace('\n', "\n    "));
    }
    list
}

/// Paragraphs broken at words. What is indented is an example, and left whole to be copied.
fn wrapped(text: &str) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        let mut column = 0;
        for word in if line.starts_with(' ') { vec![line] } else { line.split(' ').collect() } {
            if column > 0 && column + 1 + word.chars().count() > WIDTH - 4 {
                wrapped.push('\n');
                column = 0;
            } else if column > 0 {
                wrapped.push(' ');
                column += 1;
            }
            wrapped.push_str(word);
            column += word.chars().count();
        }
        wrapped.push('\n');
    }
    wrapped
}
