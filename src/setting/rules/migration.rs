//! `migration-in-progress`: changing the network restarts every virt-handler, and with it kills migrations.

use super::super::config::hash;
use super::super::facts::ObjectName;
use super::super::list::Shortened;
use super::super::problem::Problem;
use super::super::violation::Path;
use super::super::{RuleId, Warning};
use super::Judge;
use crate::escape::Plain;

pub(super) fn migration_in_progress(judge: &mut Judge<'_, '_>) {
    let way_out = judge.inquiry.way_out;
    let taken = way_out.is_some_and(|way_out| way_out.taken);
    let migrations = match &judge.inquiry.facts.migrations {
        // With the way out taken the verdict does not depend on them.
        Err(missing) if taken => {
            judge.findings.way_out_taken = true;
            return judge.warn(Warning::MigrationsUnseen { root: judge.root, missing: missing.clone() });
        }
        fact => judge.need(fact, RuleId::MigrationInProgress),
    };
    let Some(migrations) = migrations else { return };
    judge.judged(RuleId::MigrationInProgress);
    let Some(first) = migrations.first() else { return };
    let mut running = Shortened::default();
    for ObjectName { namespace, name } in migrations {
        running.push(format_args!("{}/{}", Plain(namespace), Plain(name)));
    }
    if taken {
        judge.findings.way_out_taken = true;
        return judge.warn(Warning::MigrationInProgress { root: judge.root, running });
    }
    let stored_hash = way_out.map(|way_out| hash(way_out.stored));
    judge.report(Path::Whole, Problem::MigrationInProgress { first: first.clone(), running, stored_hash });
}
