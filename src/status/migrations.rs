//! The migrations that run, and those that are stuck.

use jiff::Timestamp;

use super::check_id::CheckId;
use super::context::Context;
use super::objects::RunningMigration;
use super::report::{Check, CheckOutcome, error, ok};
use super::since::{seconds, span};
use crate::escape::{Plain, ShellWord};
use crate::setting::list::Truncated;

/// How long a phase may last, in seconds. `KubeVirt` itself gives up a target that does not start within 15 minutes.
const LIMIT: i64 = 20 * 60;
/// How long a migration may wait for its turn, or copy memory.
const LONG_LIMIT: i64 = 2 * 3_600;

/// A migration, how long it is there and how long it is in its phase; `None` where its times can't be read.
#[derive(Clone)]
struct Running<'a> {
    migration: &'a RunningMigration,
    began: Option<Timestamp>,
    in_phase: Option<i64>,
}

impl<'a> Running<'a> {
    fn new(migration: &'a RunningMigration, now: Timestamp) -> Self {
        let time = |text: &Option<String>| text.as_deref()?.parse::<Timestamp>().ok();
        let began = time(&migration.metadata.creation_timestamp);
        let phase = migration.status.phase.as_deref();
        let mut transitions = migration.status.phase_transition_timestamps.iter().rev();
        let transition = transitions.find(|transition| Some(transition.phase.as_str()) == phase);
        let in_phase = transition.and_then(|transition| time(&transition.phase_transition_timestamp)).or(began);
        Self { migration, began, in_phase: in_phase.map(|then| seconds(then, now)) }
    }

    fn phase(&self) -> &'a str {
        self.migration.status.phase.as_deref().filter(|phase| !phase.is_empty()).unwrap_or("none yet")
    }

    fn is_stuck(&self) -> bool {
        let limit = match self.phase() {
            "Pending" | "Running" | "WaitingForSync" | "Synchronizing" => LONG_LIMIT,
            _ => LIMIT,
        };
        self.in_phase.is_some_and(|seconds| seconds > limit)
    }

    fn words(&self) -> String {
        let metadata = &self.migration.metadata;
        let name = format!("{}/{}", Plain(&metadata.namespace), Plain(&metadata.name));
        let time = self.in_phase.map(|seconds| format!(" for {}", span(seconds))).unwrap_or_default();
        format!("{name} (phase {}{time})", Plain(self.phase()))
    }
}

pub(super) fn check(context: &Context<'_>) -> Vec<Check> {
    let migrations = running(context);
    vec![
        Check::new(CheckId::MigrationsRunning, migrations.clone().map(|running| all(&running))),
        Check::new(CheckId::MigrationsStuck, migrations.map(stuck)),
    ]
}

/// The migrations that have not ended, oldest first.
fn running<'a>(context: &Context<'a>) -> Result<Vec<Running<'a>>, String> {
    let migrations = context.observed.migrations.as_ref()?.iter().filter(|it| it.is_running());
    let mut running: Vec<_> = migrations.map(|it| Running::new(it, context.observed.at)).collect();
    running.sort_by_key(|it| (it.began, &it.migration.metadata.namespace, &it.migration.metadata.name));
    Ok(running)
}

fn all(running: &[Running<'_>]) -> CheckOutcome {
    match running.len() {
        0 => ok("none"),
        count => ok(format!("{count}, oldest first: {}", running.iter().map(Running::words).collect::<Truncated>())),
    }
}

fn stuck(mut running: Vec<Running<'_>>) -> CheckOutcome {
    running.retain(Running::is_stuck);
    let [first, ..] = &*running else { return ok("none") };
    let metadata = &first.migration.metadata;
    let (namespace, name) = (ShellWord(&metadata.namespace), ShellWord(&metadata.name));
    error(running.iter().map(Running::words).collect::<Truncated>().to_string())
        .hint("Look at it, and delete it to cancel it:")
        .run(format_args!("kubectl describe virtualmachineinstancemigrations.kubevirt.io -n {namespace} {name}"))
        .run(format_args!("kubectl delete virtualmachineinstancemigrations.kubevirt.io -n {namespace} {name}"))
}
