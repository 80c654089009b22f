//! `migration-in-progress`: changing the network restarts every virt-handler, and with it kills migrations.

use super::super::config::hash;
use super::super::facts::ObjectName;
use super::super::field::FieldPath;
use super::super::list::Truncated;
use super::super::problem::Problem;
use super::super::{RuleId, Warning};
use super::Judge;
use crate::escape::Plain;

pub(super) fn migration_in_progress(judge: &mut Judge<'_, '_>) {
    let migration_override = judge.context.migration_override;
    let taken = migration_override.is_some_and(|migration_override| migration_override.taken);
    let migrations = match &judge.context.facts.migrations {
        // With the way out taken the verdict does not depend on them.
        Err(missing) if taken => {
            judge.findings.override_used = true;
            return judge.warn(Warning::MigrationsUnseen { root: judge.root, missing: missing.clone() });
        }
        fact => judge.need(fact, RuleId::MigrationInProgress),
    };
    let Some(migrations) = migrations else { return };
    judge.judged(RuleId::MigrationInProgress);
    let Some(first) = migrations.first() else { return };
    let mut running = Truncated::default();
    for ObjectName { namespace, name } in migrations {
        running.push(format_args!("{}/{}", Plain(namespace), Plain(name)));
    }
    if taken {
        judge.findings.override_used = true;
        return judge.warn(Warning::MigrationInProgress { root: judge.root, running });
    }
    let stored_hash = migration_override.map(|migration_override| hash(migration_override.stored));
    judge.report(FieldPath::Whole, Problem::MigrationInProgress { first: first.clone(), running, stored_hash });
}
