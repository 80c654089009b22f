//! The migrations that run, and those that are stuck.

use jiff::Timestamp;

use super::check_id::CheckId;
use super::context::Context;
use super::objects::RunningMigration;
use super::report::Check;
use super::since::{seconds, span};
use crate::escape::{Plain, ShellWord};
use crate::setting::list::Truncated;

/// How long a phase may last, in seconds. `KubeVirt` itself gives up a target that does not start within 15 minutes.
const LIMIT: i64 = 20 * 60;
/// How long a migration may wait for its turn, or copy memory.
const LONG_LIMIT: i64 = 2 * 3_600;

/// A migration, how long it is there and how long it is in its phase; `None` where its times can't be read.
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
    let migrations = match &context.observed.migrations {
        Ok(migrations) => migrations,
        Err(unseen) => {
            return [CheckId::MigrationsRunning, CheckId::MigrationsStuck].map(|id| Check::unknown(id, unseen)).into();
        }
    };
    let now = context.observed.at;
    let mut running: Vec<_> =
        migrations.iter().filter(|it| it.is_running()).map(|migration| Running::new(migration, now)).collect();
    running.sort_by_key(|it| (it.began, &it.migration.metadata.namespace, &it.migration.metadata.name));
    let stuck: Vec<_> = running.iter().filter(|it| it.is_stuck()).collect();
    let words = |running: &[&Running<'_>]| running.iter().map(|it| it.words()).collect::<Truncated>().to_string();
    let all = if running.is_empty() {
        "none".to_owned()
    } else {
        format!("{}, oldest first: {}", running.len(), words(&running.iter().collect::<Vec<_>>()))
    };
    let stuck = match &*stuck {
        [] => Check::ok(CheckId::MigrationsStuck, "none"),
        [first, ..] => {
            let metadata = &first.migration.metadata;
            let (namespace, name) = (ShellWord(&metadata.namespace), ShellWord(&metadata.name));
            Check::error(CheckId::MigrationsStuck, words(&stuck))
                .hint("Look at it, and delete it to cancel it:")
                .run(format_args!(
                    "kubectl describe virtualmachineinstancemigrations.kubevirt.io -n {namespace} {name}"
                ))
                .run(format_args!("kubectl delete virtualmachineinstancemigrations.kubevirt.io -n {namespace} {name}"))
        }
    };
    vec![Check::ok(CheckId::MigrationsRunning, all), stuck]
}
