//! Overriding a migration that never ends.

use super::*;

#[test]
fn the_way_out_is_the_hash_of_what_is_stored() {
    let migration_override = |old: Option<&str>, new: &str, annotation: &str| {
        let annotations = json!({"annotations": {"migration-network-webhook/allow-during-migration": annotation}});
        let new = json!({"metadata": annotations, "value": new});
        let request = match old {
            None => create(&new),
            Some(old) => update(&json!({"value": old}), &new),
        };
        let facts = Facts { migrations: migrating().migrations, ..ready() };
        let decision = decide(Phase::Mutate, &request, &facts, &Policy::default());
        let taken = decision.override_used;
        let warned = decision.warnings.iter().any(|it| it.kind() == "migration-in-progress");
        assert_eq!(taken, warned);
        (decision.verdict == Verdict::Allowed, taken)
    };
    for (old, new, annotation, expected) in [
        (Some(GOOD), REWRITTEN, hash(GOOD), (true, true)),
        (Some(GOOD), "", hash(GOOD), (true, true)),
        (Some("{not json"), GOOD, hash("{not json"), (true, true)),
        (Some(""), GOOD, hash(""), (true, true)),
        (Some(GOOD), REWRITTEN, hash(REWRITTEN), (false, false)),
        (Some(GOOD), REWRITTEN, hash(GOOD).to_uppercase(), (false, false)),
        (Some(GOOD), REWRITTEN, format!("{} ", hash(GOOD)), (false, false)),
        (Some(GOOD), REWRITTEN, "true".to_owned(), (false, false)),
        (Some(GOOD), REWRITTEN, String::new(), (false, false)),
        // There is nothing that a new object could go on from.
        (None, GOOD, hash(""), (false, false)),
        // It lapses with the change, and is not needed where there is none.
        (Some(REWRITTEN), GOOD, hash(GOOD), (false, false)),
        (Some(GOOD), GOOD, hash(GOOD), (true, false)),
    ] {
        assert_eq!(migration_override(old, new, &annotation), expected, "{old:?} {new} {annotation}");
    }

    // It opens one door only, also where migrations can't be seen, and leaves its trace there too.
    let annotations = json!({"annotations": {"migration-network-webhook/allow-during-migration": hash(GOOD)}});
    let request = update(&json!({"value": GOOD}), &json!({"metadata": annotations, "value": REWRITTEN}));
    assert_eq!(mutated(&request, &migrating()), "whereabouts-crd-missing value");
    let blind = Facts { migrations: unknown().migrations, ..ready() };
    assert_eq!(mutated(&request, &blind), UNTOUCHED);
    let decision = decide(Phase::Validate, &request, &blind, &Policy::default());
    let warnings: Vec<_> = decision.warnings.iter().map(Warning::kind).collect();
    assert_eq!((decision.override_used, warnings), (true, vec!["not-judged"]));
}
