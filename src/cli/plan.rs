//! `plan`: what saving a value would do.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::Value;

use self::text::PlanText;
use super::Exit;
use super::canonicalize::source::ValueSource;
use super::cluster::ClusterStateArgs;
use super::output::{ColorArgs, print, wants_ascii};
use super::policy::PolicyArgs;
use crate::input::{OldSide, Reader, Stored, setting_with_value};
use crate::manifest::{BARE_VALUE, ManifestFile};
use crate::observe::Observation;
use crate::page;
use crate::plan::{self, ChangePlan, Suggest};

mod text;

/// Show what saving a value would do, and change nothing
///
/// Prints the verdict of the webhook with every problem, the bytes that would be stored, what Harvester then does (its
/// NetworkAttachmentDefinition, KubeVirt's network, the nodes on which virt-handler restarts), and whose the addresses of the
/// range are. What starts with { or is blank is a value, anything else a file, which holds a value or one manifest of the
/// Setting vm-migration-network.
///
/// The rules are set as for review. --kube needs the rights that status needs; what you may not list is named.
///
/// Exit codes: 0 it would be admitted; 1 it would be refused; 2 that can't be told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A value, a file, or - for standard input
    #[arg(value_name = "VALUE|FILE|-")]
    source: OsString,

    /// What to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: PlanFormat,

    /// Suggest free ranges, nearest first: of the submitted range's size, or with this prefix length
    #[arg(long, value_name = "PREFIX", num_args = 0..=1, default_missing_value = "", value_parser = suggest)]
    suggest: Option<Suggest>,

    #[command(flatten)]
    color: ColorArgs,
    #[command(flatten)]
    cluster: ClusterStateArgs,
    #[command(flatten)]
    policy: PolicyArgs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum PlanFormat {
    /// For people
    #[default]
    Text,
    /// One JSON document: `schema plan` describes it
    Json,
    /// One HTML page without scripts and links, for a ticket
    Html,
}

fn suggest(prefix: &str) -> Result<Suggest, String> {
    if prefix.is_empty() {
        return Ok(Suggest::SameSize);
    }
    let number = prefix.strip_prefix('/').unwrap_or(prefix).parse().ok().filter(|prefix| (16..=32).contains(prefix));
    number
        .map(Suggest::Prefix)
        .ok_or_else(|| "must be a prefix length from 16 to 32, such as 24; a value stands before --suggest".to_owned())
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let source = ValueSource::open(&self.source)?;
        let name = source.name();
        let file = manifest(source)?;
        let Observation { facts, policy, observed } = self.cluster.observe()?;
        let stored = match &observed.setting {
            Ok(setting) => setting.as_ref().map(serde_json::to_value).transpose()?,
            Err(why) => bail!("the Setting can't be seen, so that nobody can tell what changes: {why}"),
        };
        let mut reader = Reader::new(stored.map(|setting| Stored { setting, from: OldSide::Cluster }));
        let (inputs, _) = reader.read(&file)?;
        let input = match &*inputs {
            [input] => input,
            [] => bail!(
                "{name} holds neither a value, which starts with {{, nor a manifest of the Setting vm-migration-network \
                 (harvesterhci.io); to plan that the network is disabled, pass ''"
            ),
            many => bail!("{name} holds {} manifests of the Setting vm-migration-network; plan takes one", many.len()),
        };
        let request = input.review().and_then(|review| review.request).map_err(anyhow::Error::msg)?;
        let policy = self.policy.over(policy.as_ref());
        let plan = plan::plan(&request, &facts, &policy, &observed, self.suggest)
            .context("this is no CREATE or UPDATE of the Setting vm-migration-network")?;
        self.print(&plan)?;
        Ok(match plan.verdict {
            "allowed" => Exit::Ok,
            "refused" => Exit::Refused,
            _ => Exit::Error,
        })
    }

    fn print(&self, plan: &ChangePlan) -> std::io::Result<()> {
        match self.output {
            PlanFormat::Text => print(PlanText { plan, paint: self.color.paint(), ascii: wants_ascii() }),
            PlanFormat::Json => print(format_args!("{}\n", plan.to_json()?)),
            PlanFormat::Html => print(page::plan(plan)),
        }
    }
}

/// A file with one manifest or review; of a value the manifest that it would stand in.
fn manifest(source: ValueSource) -> anyhow::Result<ManifestFile> {
    let values = source.values()?;
    Ok(match (source, &*values) {
        (ValueSource::File(file) | ValueSource::Stream(file), [one]) if one.manifest.is_some() => file,
        (_, [one]) => {
            let value = Value::from(one.text().bytes().unwrap_or_default());
            ManifestFile::new(Path::new(BARE_VALUE), setting_with_value(&value).to_string())
        }
        // A review is no manifest; its reader says what is wrong with it.
        (ValueSource::File(file) | ValueSource::Stream(file), _) => file,
        (source @ ValueSource::Value(_), _) => bail!("{} is no value", source.name()),
    })
}
