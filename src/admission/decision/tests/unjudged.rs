//! Requests that are decided without the rules, or by one rule.

use super::*;

#[test]
fn what_needs_no_judgement_passes_whatever_the_cluster() {
    let being_deleted =
        |value: &str| json!({"value": value, "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
    for request in [
        Request::NotOurs,
        create(&json!({})),
        create(&json!({"value": "", "default": ""})),
        create(&json!({"value": null, "default": null})),
        update(&json!({}), &json!({"value": "", "default": null})),
        update(&json!({"value": GOOD}), &json!({"value": GOOD, "default": ""})),
        update(&json!({"value": BAD, "default": "{"}), &json!({"value": BAD, "default": "{"})),
        update(&json!({"value": " "}), &json!({"value": " "})),
        update(&json!({"value": " "}), &json!({"value": ""})),
        update(&json!({"value": "\n"}), &json!({})),
        update(&json!({"value": GOOD, "default": GOOD}), &json!({"value": GOOD})),
        update(&being_deleted(GOOD), &being_deleted(BAD)),
        update(&being_deleted(GOOD), &being_deleted("")),
        update(&being_deleted(GOOD), &json!({"value": BAD})),
    ] {
        for facts in [ready(), migrating(), unknown()] {
            assert_eq!(mutated(&request, &facts), UNTOUCHED, "{request:?}");
            assert_eq!(validated(&request, &facts), UNTOUCHED, "{request:?}");
        }
    }
}

#[test]
fn a_deletion_is_refused_whatever_the_cluster() {
    for facts in [ready(), migrating(), unknown()] {
        assert_eq!(mutated(&Request::Delete, &facts), "not deletable");
        assert_eq!(validated(&Request::Delete, &facts), "not deletable");
    }
}

#[test]
fn white_space_becomes_nothing() {
    for request in [
        create(&json!({"value": " \t\r\n", "default": ""})),
        update(&json!({"value": ""}), &json!({"value": " "})),
        update(&json!({"value": "\n"}), &json!({"value": " "})),
    ] {
        for facts in [ready(), migrating(), unknown()] {
            assert_eq!(mutated(&request, &facts), "emptied  / kept");
            assert_eq!(validated(&request, &facts), UNTOUCHED);
        }
    }
    assert_eq!(mutated(&create(&json!({"default": " "})), &unknown()), "kept / emptied ");
    assert_eq!(mutated(&update(&json!({"default": GOOD}), &json!({"default": " "})), &unknown()), "kept / emptied ");
    // A no-break space is no JSON white space.
    assert_eq!(mutated(&create(&json!({"value": "\u{a0}"})), &ready()), "value-syntax value");
}

#[test]
fn disabling_asks_for_migrations_alone() {
    let rest_unknown = |migrations| Facts { migrations, ..unknown() };
    for new in [json!({"value": ""}), json!({"value": null}), json!({}), json!({"value": " "})] {
        for old in [GOOD, BAD, "{not json", "null"] {
            let request = update(&json!({"value": old}), &new);
            let emptied = if new["value"] == " " { "emptied  / kept" } else { UNTOUCHED };
            assert_eq!(mutated(&request, &rest_unknown(ready().migrations)), emptied);
            assert_eq!(validated(&request, &rest_unknown(ready().migrations)), UNTOUCHED);
            for phase in [mutated, validated] {
                assert_eq!(phase(&request, &migrating()), "migration-in-progress value");
                assert_eq!(phase(&request, &unknown()), "missing virtualmachineinstancemigrations.kubevirt.io");
            }
        }
    }
}
