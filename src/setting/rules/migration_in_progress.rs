//! `migration-in-progress`: changing the network restarts every virt-handler, and with it kills migrations.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: RuleId::MigrationInProgress,
    field: "`value`",
    refuses: "a `VirtualMachineInstanceMigration` in any namespace has not ended, that is, its `status.phase` is neither \
              `Succeeded` nor `Failed`; also when the network is being disabled",
    why: "The change restarts every virt-handler. The restart breaks the connection that moves the virtual machine.",
    fix: "Retry when the migrations in the message have ended. Delete a migration that never ends. If an evacuation \
          creates new migrations again and again, cancel it with `virtctl evacuate-cancel`. To override the rule, set the \
          annotation `migration-network-webhook/allow-during-migration` as the message shows: it applies only while the \
          stored value is the same. Remove it afterwards.",
    example: Example {
        given: Some("the migration default/kubevirt-evacuation-x7v2p has phase Running"),
        refused: SOUND,
        instead: Instead::Then("the migration has ended: kubectl get virtualmachineinstancemigrations.kubevirt.io -A"),
    },
    check,
};

/// Looks at the cluster alone: also for a value that becomes empty.
fn check(evaluation: &mut Evaluation<'_, '_>, _: &ValidatedValue<'_>) {
    let migration_override = evaluation.context.migration_override;
    let overridden = migration_override.is_some_and(|it| it.is_set);
    let migrations = match &evaluation.context.facts.migrations {
        // With the override the verdict does not depend on them.
        Err(missing) if overridden => {
            let seen = format!("without a look at whether virtual machines are being migrated, {missing}");
            return warn_of_override(evaluation, "not-judged", &seen);
        }
        fact => evaluation.need(fact),
    };
    let Some(migrations) = migrations else { return };
    evaluation.judged();
    let Some(first) = migrations.first() else { return };
    let first = Some(first).filter(|_| !evaluation.context.policy.hide_migration_names);
    let name = |it: &ObjectName| format!("{}/{}", Plain(&it.namespace), Plain(&it.name));
    let running: Truncated = match first {
        Some(_) => migrations.iter().map(name).collect(),
        None => [format!("{}, names not shown", migrations.len())].into_iter().collect(),
    };
    if overridden {
        let seen = format!("while virtual machines are being migrated ({running})");
        return warn_of_override(evaluation, "migration-in-progress", &seen);
    }
    let stored_hash = migration_override.map(|it| hash(it.stored));
    let message = message(evaluation, first, &running, stored_hash.as_deref());
    evaluation.report(Problem::new(FieldPath::Whole, Reason::Forbidden, message));
}

fn warn_of_override(evaluation: &mut Evaluation<'_, '_>, kind: &'static str, seen: &str) {
    evaluation.findings.override_used = true;
    let annotation = evaluation.context.setting.override_annotation;
    let text = format!(": changed {seen}; now remove the annotation {annotation}, it arms again with the same value");
    evaluation.warn(kind, FieldPath::Whole, text);
}

/// Holds the commands that help, ready to paste: they are needed at the worst of times.
fn message(
    evaluation: &Evaluation<'_, '_>,
    first: Option<&ObjectName>,
    running: &Truncated,
    stored_hash: Option<&str>,
) -> String {
    // What is pasted into a shell is a name that Kubernetes would take, or none.
    let (namespace, name) = match first.map(|first| (&*first.namespace, &*first.name)) {
        Some((namespace, name)) if is_dns_name(namespace) && is_dns_name(name) => (namespace, name),
        _ => ("NAMESPACE", "NAME"),
    };
    let list = if first.is_some() {
        ""
    } else {
        " To list them:\n    kubectl get virtualmachineinstancemigrations.kubevirt.io -A\n "
    };
    let go_ahead = stored_hash.map(|hash| {
        let GuardedSetting { name, override_annotation, .. } = evaluation.context.setting;
        format!(
            "\n  To go ahead all the same, run this and retry:\n    \
             kubectl annotate --overwrite settings.harvesterhci.io {name} {override_annotation}={hash}"
        )
    });
    format!(
        "live migration in progress: {running}; retry when it has ended.{list} One stuck for good:\n    \
         kubectl delete virtualmachineinstancemigrations.kubevirt.io -n {namespace} {name}\n  \
         An evacuation that makes new ones:\n    virtctl evacuate-cancel vmi -n {namespace} VMI{}",
        go_ahead.unwrap_or_default()
    )
}

fn is_dns_name(name: &str) -> bool {
    (1..=253).contains(&name.len())
        && !name.starts_with('-')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use crate::setting::rules::tests::*;

    #[test]
    fn running_migrations_are_named_up_to_three() {
        let names = |count: usize| {
            (0..count).map(|index| ObjectName { namespace: "ns".into(), name: format!("m{index}").into() })
        };
        let value = value("net", 100, "192.168.1.0/24", &[]);
        for (count, text) in [(1, "ns/m0;"), (3, "ns/m0, ns/m1, ns/m2;"), (7, "ns/m0, ns/m1, ns/m2 and 4 more;")] {
            let facts = Facts { migrations: known(names(count).collect()), ..ready() };
            let findings = judged(&value, &facts, &Policy::default());
            let [violation] = findings.violations.listed() else { panic!("{findings:?}") };
            assert_eq!(
                (violation.rule(), violation.field.to_string().as_str()),
                (RuleId::MigrationInProgress, "value")
            );
            let message = violation.to_string();
            assert!(message.starts_with(&format!("Forbidden: live migration in progress: {text} ")), "{message}");
        }
    }

    #[test]
    fn the_command_holds_names_that_a_shell_takes_as_they_are() {
        let longest = "a".repeat(253);
        for (namespace, name, in_command) in [
            ("ns", "m", "-n ns m."),
            ("n-1", "a.b-2", "-n n-1 a.b-2."),
            ("ns", &longest, &format!("-n ns {longest}.")),
            ("ns", &format!("{longest}a"), "-n NAMESPACE NAME."),
            ("ns", "", "-n NAMESPACE NAME."),
            ("", "m", "-n NAMESPACE NAME."),
            ("ns", "-m", "-n NAMESPACE NAME."),
            ("ns", "M", "-n NAMESPACE NAME."),
            ("ns", "m;n", "-n NAMESPACE NAME."),
            ("$(n)", "m", "-n NAMESPACE NAME."),
        ] {
            let migration = ObjectName { namespace: namespace.into(), name: name.into() };
            let facts = Facts { migrations: known(BTreeSet::from([migration])), ..ready() };
            let findings = judged(&value("net", 100, "192.168.1.0/24", &[]), &facts, &Policy::default());
            let told = findings.violations.listed()[0].to_string();
            let command = format!("kubectl delete virtualmachineinstancemigrations.kubevirt.io {in_command}");
            assert!(told.contains(&command), "{told}");
        }
    }

    #[test]
    fn names_are_left_out_where_the_operator_wants_it() {
        let names = (0..7).map(|index| ObjectName { namespace: "ns".into(), name: format!("m{index}").into() });
        let facts = Facts { migrations: known(names.collect()), ..ready() };
        let hidden = Policy { hide_migration_names: true, ..Policy::default() };
        let findings = judged(&value("net", 100, "192.168.1.0/24", &[]), &facts, &hidden);
        let [violation] = findings.violations.listed() else { panic!("{findings:?}") };
        assert_eq!(
            violation.to_string(),
            "Forbidden: live migration in progress: 7, names not shown; retry when it has ended. To list them: \
             kubectl get virtualmachineinstancemigrations.kubevirt.io -A. One stuck for good: \
             kubectl delete virtualmachineinstancemigrations.kubevirt.io -n NAMESPACE NAME. \
             An evacuation that makes new ones: virtctl evacuate-cancel vmi -n NAMESPACE VMI"
        );
        let warns = Policy { warn: [RuleId::MigrationInProgress].into_iter().collect(), ..hidden };
        let findings = judged(&value("net", 100, "192.168.1.0/24", &[]), &facts, &warns);
        assert!(!format!("{findings:?}").contains("ns/"), "{findings:?}");
    }
}
