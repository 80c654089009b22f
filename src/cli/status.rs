//! `status`: whether the migration network is in place.

use std::time::Duration;

use indicatif::ProgressBar;
use tokio::time::{Instant, sleep_until};

use self::text::ReportText;
use super::cluster::{ClusterStateArgs, block_on};
use super::flags::FlagTime;
use super::output::{ColorArgs, print, wants_ascii};
use super::{Exit, policy::PolicyArgs, program};
use crate::observe::{self, Observation};
use crate::page;
use crate::plan::{AddressPlan, stored_range};
use crate::status::{CheckId, Report, StateCounts, progress, status};

mod text;

/// Check whether the migration network is in place on every node
///
/// Reads the cluster and changes nothing: the Setting and what Harvester made of it, KubeVirt and virt-handler, VLANs,
/// Whereabouts' addresses, other networks, running migrations, and the webhook itself. Each check has a name that explain
/// takes. --cluster takes a capture made with capture --status, the directory of a support bundle, or files as kubectl
/// prints them; in plain files a kind of which there is no object has none.
///
/// Needs the rights of the ClusterRole and the Roles for status in manifests/status.yaml. What you may not list is named, and
/// the checks that need it are unknown.
///
/// Exit codes: 0 all is well, or there are only warnings; 1 a check is in error, also when others could not be made; 2 no
/// check is in error, but some could not be made, or the cluster can't be read.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: StatusFormat,

    /// Wait until no check is in error, at most this long; with --kube only
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "5m")]
    wait: Option<FlagTime>,

    /// Only the checks that matter for a purpose
    #[arg(long, value_enum)]
    preset: Option<Preset>,

    /// The least state that is a failure
    #[arg(long, value_enum, default_value_t, value_name = "STATE")]
    fail_on: FailOn,

    #[command(flatten)]
    color: ColorArgs,
    #[command(flatten)]
    cluster: ClusterStateArgs,
    #[command(flatten)]
    policy: PolicyArgs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum StatusFormat {
    /// Every check, by group
    #[default]
    Text,
    /// The checks that do not hold
    Short,
    /// One JSON document: `schema status` describes it
    Json,
    /// One HTML page without scripts and links, for a ticket
    Html,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Preset {
    /// What must hold before Harvester is upgraded
    Upgrade,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// An error
    #[default]
    Error,
    /// A warning too
    Warning,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let shown = match self.wait {
            None => self.look(&self.cluster.observe()?),
            Some(_) if !self.cluster.live => anyhow::bail!("--wait goes with --kube: files stay as they are"),
            Some(FlagTime(patience)) => block_on(self.wait(patience))??,
        };
        self.print(&shown)?;
        Ok(self.fail_on.exit(shown.report.counts))
    }

    /// Looks until no check is a failure, or that long. On a terminal a line says meanwhile what Harvester is doing.
    async fn wait(&self, patience: Duration) -> anyhow::Result<StatusView> {
        let (client, address) = self.cluster.reach().await?;
        let end = Instant::now() + patience;
        let line = ProgressBar::new_spinner();
        loop {
            let observation = observe::observe(&client, &address).await.observation();
            let shown = self.look(&observation);
            if self.fail_on.exit(shown.report.counts) != Exit::Refused || Instant::now() >= end {
                line.finish_and_clear();
                return Ok(shown);
            }
            line.set_message(progress(&observation.observed));
            line.tick();
            sleep_until(end.min(Instant::now() + PAUSE)).await;
        }
    }

    fn look(&self, observation: &Observation) -> StatusView {
        let Observation { facts, policy, observed } = observation;
        let policy = self.policy.over(policy.as_ref());
        let report = status(facts, &policy, observed).run_as(program::name());
        let report = match self.preset {
            Some(Preset::Upgrade) => report.only(CheckId::is_for_upgrade),
            None => report,
        };
        let range = (self.output == StatusFormat::Html).then(|| stored_range(facts, &policy, observed));
        StatusView { report, range: range.flatten() }
    }

    fn print(&self, StatusView { report, range }: &StatusView) -> std::io::Result<()> {
        match self.output {
            StatusFormat::Text | StatusFormat::Short => {
                let all = self.output == StatusFormat::Text;
                print(ReportText { report, all, paint: self.color.paint(), ascii: wants_ascii() })
            }
            StatusFormat::Json => print(format_args!("{}\n", serde_json::to_string_pretty(report)?)),
            StatusFormat::Html => print(page::status(report, range.as_ref())),
        }
    }
}

/// What is printed.
struct StatusView {
    report: Report,
    /// The map of the stored range, for a page.
    range: Option<AddressPlan>,
}

/// Between two looks at a cluster that is not as it should be.
const PAUSE: Duration = Duration::from_secs(2);

impl FailOn {
    fn exit(self, counts: StateCounts) -> Exit {
        if counts.error > 0 || self == Self::Warning && counts.warning > 0 {
            Exit::Refused
        } else if counts.unknown > 0 {
            Exit::Error
        } else {
            Exit::Ok
        }
    }
}
