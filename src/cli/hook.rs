//! `hook`: what the chart's Jobs run, as the image has no shell and no kubectl.

use std::time::Duration;

use anyhow::bail;
use kube::Client;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams};
use kube::core::{GroupVersionKind, Status};
use tokio::time::{Instant, sleep};

use super::Exit;
use super::cluster::{KubeArgs, block_on};
use super::output::complain;
use crate::api_call::Failure;
use crate::cli::flags;
use crate::escape::Quoting;
use crate::input::setting_with_value;
use crate::registration::ConfigurationKind;
use crate::setting::SETTING;

const PAUSE: Duration = Duration::from_secs(1);
/// For one call: longer than the timeout of a webhook.
const PATIENCE: Duration = Duration::from_secs(10);

/// Run one step of installing or uninstalling, as the Helm chart's Jobs do
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    step: HookStep,
}

#[derive(Debug, clap::Subcommand)]
enum HookStep {
    /// Send an invalid value through the API server, as a dry run, until a rule refuses it
    ///
    /// Proves that the API server calls the webhook, trusts it, and gets an answer. If the cluster does not serve
    /// Harvester's Settings, the command says so and succeeds.
    ///
    /// Exit codes: 0 a rule refused it, or there are no Settings; 1 it was never refused; 2 the API server can't be asked.
    Probe {
        /// How long to retry
        #[arg(long, value_name = "TIME", default_value = "3m", value_parser = flags::time)]
        wait: Duration,
        #[command(flatten)]
        kube: KubeArgs,
    },

    /// Delete the mutating and the validating webhook configuration of this name
    ///
    /// Exit codes: 0 both are gone; 2 one could not be deleted.
    Unregister {
        /// Name of the two configurations
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        kube: KubeArgs,
    },
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        match self.step {
            HookStep::Probe { wait, kube } => block_on(async { probe(&kube.client().await?, wait).await })?,
            HookStep::Unregister { name, kube } => block_on(async { unregister(&kube.client().await?, &name).await })?,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum ProbeAnswer {
    /// One of our webhooks refused it.
    Refused,
    /// It is not asked yet, or nobody answers it yet.
    NotYet(String),
    /// It does not know the Setting's kind.
    NotServed,
    /// We could not ask.
    Unasked(String),
}

impl ProbeAnswer {
    fn of(result: Result<DynamicObject, kube::Error>) -> Self {
        match result {
            Ok(_) => Self::NotYet("the change was admitted: the API server does not ask the webhook".to_owned()),
            Err(kube::Error::Api(status)) => Self::of_refusal(&status),
            Err(error) => Self::Unasked(Failure::of_call("patch", SETTING, &error).why),
        }
    }

    fn of_refusal(status: &Status) -> Self {
        let said = format!("{} {}", status.code, Quoting(&status.message));
        let ours = status.message.contains(&format!(".{SETTING}.setting\" denied the request"));
        match status.code {
            // A review that can't be judged yet has another code.
            422 if ours => Self::Refused,
            // With no object of that name the answer names the object; with no such kind it names nothing.
            404 if status.details.as_ref().is_none_or(|details| details.name.is_empty()) => Self::NotServed,
            401 | 403 => Self::Unasked(said),
            _ => Self::NotYet(said),
        }
    }
}

async fn probe(client: &Client, wait: Duration) -> anyhow::Result<Exit> {
    let setting = GroupVersionKind::gvk("harvesterhci.io", "v1beta1", "Setting");
    let settings = ApiResource::from_gvk_with_plural(&setting, "settings");
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &settings);
    // By server-side apply, which also asks where Harvester has not created the Setting yet.
    let params = PatchParams { dry_run: true, ..PatchParams::apply("migration-network-webhook-probe").force() };
    let change = setting_with_value(&"a probe of the installation".into());
    let end = Instant::now() + wait;
    let mut said = String::new();
    let done = loop {
        let request = async { api.patch(SETTING, &params, &Patch::Apply(&change)).await };
        let answer = match tokio::time::timeout(PATIENCE, request).await {
            Ok(result) => ProbeAnswer::of(result),
            Err(_) => ProbeAnswer::Unasked(format!("no answer in {PATIENCE:?}; is the API server reachable?")),
        };
        let (why, exit) = match answer {
            ProbeAnswer::Refused => break format!("the webhook refuses a bad value of {SETTING}"),
            ProbeAnswer::NotServed => {
                break "this cluster does not serve Harvester's Settings: there is nothing to guard".to_owned();
            }
            ProbeAnswer::NotYet(why) => (why, Exit::Refused),
            // Rights too come with a delay.
            ProbeAnswer::Unasked(why) => (why, Exit::Error),
        };
        if why != said {
            complain(format_args!("not yet: {why}"));
            said = why;
        }
        if Instant::now() >= end {
            complain(format_args!("error: a bad value of {SETTING} was not refused within {wait:?}"));
            return Ok(exit);
        }
        sleep(PAUSE).await;
    };
    complain(done);
    Ok(Exit::Ok)
}

async fn unregister(client: &Client, name: &str) -> anyhow::Result<Exit> {
    for kind in [ConfigurationKind::Validating, ConfigurationKind::Mutating] {
        let kind = kind.resource();
        let api: Api<DynamicObject> = Api::all_with(client.clone(), &kind);
        let object = format!("{} {name}", kind.kind);
        match api.delete(name, &DeleteParams::default()).await {
            Ok(_) => complain(format_args!("deleted {object}")),
            Err(kube::Error::Api(status)) if status.code == 404 => complain(format_args!("there is no {object}")),
            Err(error) => bail!("{}", Failure::of_call("delete", &object, &error)),
        }
    }
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use kube::core::response::StatusDetails;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_refusal_of_ours_proves_anything() {
        let denied = |name: &str| format!("admission webhook \"{name}\" denied the request: no");
        let ours = denied("check.vm-migration-network.setting");
        let named: StatusDetails = serde_json::from_value(json!({"name": SETTING})).unwrap();
        for (code, message, details, answer) in [
            (422, &*ours, None, ProbeAnswer::Refused),
            (503, &*ours, None, ProbeAnswer::NotYet(format!("503 {ours}"))),
            (400, "admission webhook \"validator.harvesterhci.io\" denied the request: no", None, {
                ProbeAnswer::NotYet(
                    "400 admission webhook \"validator.harvesterhci.io\" denied the request: no".to_owned(),
                )
            }),
            (500, "failed calling webhook", None, ProbeAnswer::NotYet("500 failed calling webhook".to_owned())),
            (404, "404 page not found", None, ProbeAnswer::NotServed),
            (404, "not found", Some(named), ProbeAnswer::NotYet("404 not found".to_owned())),
            (403, "forbidden", None, ProbeAnswer::Unasked("403 forbidden".to_owned())),
        ] {
            let status = Status { code, message: message.to_owned(), details, ..Status::default() };
            assert_eq!(ProbeAnswer::of_refusal(&status), answer);
        }
    }
}
