use super::*;
use crate::ca::cert_authority::Validity;

mod world;

const START: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).unwrap()
}

fn ca(generation: u32, made: Timestamp, lifetime: u64) -> Ca {
    Ca::make(generation, Validity::starting(made, Duration::from_secs(lifetime))).unwrap()
}

/// CAs live for 180 seconds and leaves for 40; a CA settles in 10 and stays for 40 more than its last leaf.
fn lifetimes() -> Lifetimes {
    Lifetimes::new(Duration::from_mins(3), Duration::from_secs(40)).unwrap()
}

fn entry(generation: u32, made: i64) -> CaEntry {
    let leaf_lifetime = Some(lifetimes().leaf);
    CaEntry { generation, ca: Arc::new(ca(generation, at(made), 180)), leaf_lifetime }
}

/// What is seen when each entry of the two configurations has held these since then.
fn seen(since: i64, now: i64, held: [&[&CaEntry]; 2]) -> Propagation {
    let mut seen = Propagation::default();
    let bundles = held.map(|cas| cas.iter().map(|it| it.ca.certificate.clone()).collect::<Bundle>());
    // No CA at all stands for a configuration that does not exist.
    let held = [0, 1].map(|at| if held[at].is_empty() { vec![] } else { vec![&bundles[at]] });
    seen.update(at(since), &held);
    seen.update(at(now), &held);
    seen
}

/// The plan in words: `1 2 [9 until 80] Filled`.
fn plan(stored: &SecretContents, now: i64, seen: &Propagation, all: &[&CaEntry]) -> String {
    let make = |generation| Ok::<_, ()>(ca(generation, at(now), 180));
    let plan = reconcile(stored, at(now), seen, &lifetimes(), make).unwrap();
    let mut words = [&plan.rotation.current, &plan.rotation.next].map(|it| it.generation.to_string()).to_vec();
    words.extend(plan.rotation.previous.iter().map(|old| {
        let generation = all.iter().find(|it| it.ca.certificate == old.certificate).unwrap().generation;
        format!("[{generation} until {}]", old.until.as_second() - START)
    }));
    words.extend(plan.changes.iter().map(|change| format!("{change:?}")));
    words.extend(plan.blocked.map(|why| format!("blocked: {why}")));
    words.join(" ")
}

fn sound(current: &CaEntry, next: &CaEntry) -> SecretContents {
    SecretContents {
        state: SecretState::Sound,
        current: Some(current.clone()),
        next: Some(next.clone()),
        previous: Vec::new(),
        generation: next.generation,
    }
}

fn retired(old: &CaEntry, until: i64) -> RetiredCa {
    RetiredCa { certificate: old.ca.certificate.clone(), until: at(until) }
}

#[test]
fn the_next_ca_is_promoted_when_it_is_time_and_both_configurations_hold_it() {
    let [one, two, late] = [entry(1, 0), entry(2, 0), entry(3, 120)];
    let none: &[&CaEntry] = &[];
    let both: &[&CaEntry] = &[&one, &two];
    let (stored, late_next) = (sound(&one, &two), sound(&one, &late));
    let not_yet = "1 2 blocked: caBundle does not hold it yet";
    let absent = "1 2 blocked: a webhook configuration does not exist, or does not call this server";
    for (stored, now, since, held, expected) in [
        (&stored, 0, 0, [none, none], "1 2"),
        (&stored, 59, 0, [both, both], "1 2"),
        (&stored, 60, 0, [both, both], "2 3 [1 until 140] Promoted(2)"),
        (&stored, 60, 50, [both, both], "2 3 [1 until 140] Promoted(2)"),
        (&stored, 60, 51, [both, both], "1 2"),
        (&stored, 60, 0, [both, &[&one]], not_yet),
        (&stored, 179, 0, [&[&one], &[&one]], not_yet),
        (&stored, 60, 0, [both, none], absent),
        (&stored, 139, 0, [none, none], absent),
        // Close to the end of the current one, a configuration that does not exist keeps nobody waiting.
        (&stored, 140, 0, [both, none], "2 3 [1 until 220] Promoted(2)"),
        (&stored, 140, 0, [none, none], "2 3 [1 until 220] Promoted(2)"),
        (&stored, 140, 0, [&[&one], none], not_yet),
        // Two thirds into the current one's life, a third into the next one's or not.
        (&late_next, 119, 0, [&[&one, &late], &[&one, &late]], "1 3"),
        (&late_next, 120, 0, [&[&one, &late], &[&one, &late]], "3 4 [1 until 200] Promoted(3)"),
        (&late_next, 190, 181, [&[&one, &late], &[&one, &late]], "1 3"),
        (&late_next, 191, 181, [&[&one, &late], &[&one, &late]], "3 4 [1 until 271] Promoted(3)"),
        (&late_next, 181, 181, [&[&one], &[&one]], "1 3 blocked: caBundle does not hold it yet"),
        // Both are over: the cluster was switched off for long.
        (&stored, 181, 0, [both, both], "1 3 [2 until 261] Replaced(2)"),
    ] {
        let seen = seen(since, now, held);
        assert_eq!(plan(stored, now, &seen, &[&one, &two]), expected, "at {now}, held since {since}");
    }
    // A look that is too old, and one from a clock that was ahead.
    let unread = "1 2 blocked: the webhook configurations can't be read";
    assert_eq!(plan(&stored, 91, &seen(0, 60, [both, both]), &[]), unread);
    assert_eq!(plan(&stored, 61, &seen(0, 62, [both, both]), &[]), unread);
}

#[test]
fn what_is_missing_is_made_and_what_is_longer_is_recorded() {
    let [one, two] = [entry(1, 0), entry(2, 0)];
    let both: &[&CaEntry] = &[&one, &two];
    let only: &[&CaEntry] = &[&one];
    let of = |state, current: Option<&CaEntry>, next: Option<&CaEntry>| SecretContents {
        state,
        current: current.cloned(),
        next: next.cloned(),
        previous: Vec::new(),
        generation: 2,
    };
    let damaged = || SecretState::Damaged("why".to_owned());
    let unknown = CaEntry { leaf_lifetime: None, ..one.clone() };
    let shorter = CaEntry { leaf_lifetime: Some(Duration::from_secs(39)), ..one.clone() };
    let longer = CaEntry { leaf_lifetime: Some(Duration::from_secs(50)), ..one.clone() };
    for (stored, now, held, expected) in [
        (of(SecretState::Empty, None, None), 5, both, "3 4 [1 until 5] [2 until 5] Filled"),
        (of(SecretState::OldLayout, Some(&unknown), None), 5, only, "1 3 Converted"),
        (of(SecretState::OldLayout, Some(&unknown), Some(&two)), 60, both, "2 3 [1 until 220] Converted Promoted(2)"),
        (of(damaged(), None, Some(&two)), 5, both, "2 3 [1 until 85] Repaired(\"why\") Adopted(1)"),
        (of(damaged(), Some(&one), None), 5, both, "1 3 [2 until 85] Repaired(\"why\") Adopted(1)"),
        (of(damaged(), None, None), 5, both, "3 4 [1 until 85] [2 until 85] Repaired(\"why\") Adopted(2)"),
        (of(damaged(), Some(&one), Some(&two)), 5, both, "1 2 Repaired(\"why\")"),
        (of(SecretState::Sound, Some(&unknown), Some(&two)), 5, both, "1 2"),
        (of(SecretState::Sound, Some(&shorter), Some(&two)), 5, both, "1 2 Extended"),
        (of(SecretState::Sound, Some(&longer), Some(&two)), 60, both, "2 3 [1 until 150] Promoted(2)"),
    ] {
        assert_eq!(plan(&stored, now, &seen(0, now, [held, held]), &[&one, &two]), expected);
    }
    let first = SecretContents { generation: 0, ..of(SecretState::Empty, None, None) };
    assert_eq!(plan(&first, 0, &Propagation::default(), &[]), "1 2 Filled");
}

#[test]
fn a_previous_ca_stays_while_a_leaf_of_it_may_be_valid() {
    let [one, two, old, strange] = [entry(1, 0), entry(2, 0), entry(8, -90), entry(9, 0)];
    let all = [&one, &two, &old, &strange];
    let both: &[&CaEntry] = &[&one, &two];
    let with_old: &[&CaEntry] = &[&one, &two, &old];
    let backup: &[&CaEntry] = &[&old, &strange];
    let with = |until| SecretContents { previous: vec![retired(&old, until)], ..sound(&one, &two) };
    for (stored, now, held, expected) in [
        // As after a restore from a backup.
        (sound(&one, &two), 30, backup, "1 2 [8 until 110] [9 until 110] Adopted(2)"),
        (sound(&one, &two), 30, with_old, "1 2 [8 until 110] Adopted(1)"),
        (
            sound(&one, &two),
            90,
            backup,
            "1 2 [8 until 170] [9 until 170] Adopted(2) blocked: caBundle does not hold it yet",
        ),
        // What has ended is of no use to anyone.
        (sound(&one, &two), 91, backup, "1 2 [9 until 171] Adopted(1) blocked: caBundle does not hold it yet"),
        // It leaves caBundle first, and the Secret once it has.
        (with(10), 9, with_old, "1 2 [8 until 10]"),
        (with(10), 10, with_old, "1 2 [8 until 10]"),
        (with(10), 50, with_old, "1 2 [8 until 10]"),
        (with(10), 49, both, "1 2 [8 until 10]"),
        (with(10), 50, both, "1 2 Removed(1)"),
        // Replicas go on with it while the current one is not trusted.
        (with(59), 0, &[&old], "1 2 [8 until 80] Extended"),
        (with(60), 0, &[&old], "1 2 [8 until 60]"),
        (with(0), 0, &[&old], "1 2 [8 until 0]"),
        (with(59), 0, with_old, "1 2 [8 until 59]"),
    ] {
        assert_eq!(plan(&stored, now, &seen(0, now, [held, held]), &all), expected, "at {now}");
    }
    let slept = seen(-31, -31, [&[&old], &[&old]]);
    assert_eq!(plan(&with(59), 0, &slept, &all), "1 2 [8 until 59]", "what was seen is old");
    let rotation = with(10).rotation(vec![retired(&old, 10)]).unwrap();
    let count = |now| rotation.bundle(at(now)).iter().count();
    assert_eq!([9, 10].map(count), [3, 2]);
    let ends = [&one, &old].map(|it| rotation.leaf_end(&it.ca, at(-60), &lifetimes()).as_second() - START);
    assert_eq!(ends, [-20, -30], "a leaf ends before its CA leaves");
    let end = rotation.leaf_end(&one.ca, at(150), &lifetimes()).as_second() - START;
    assert_eq!(end, 180, "and before its CA ends");
}

#[test]
fn a_replica_keeps_the_ca_that_is_trusted_until_the_current_one_is() {
    let [one, two, old] = [entry(1, 0), entry(2, 0), entry(8, 0)];
    let with_old: &[&CaEntry] = &[&one, &two, &old];
    let only_old: &[&CaEntry] = &[&old];
    let rotation = |until| sound(&one, &two).rotation(vec![retired(&old, until)]).unwrap();
    for (now, until, since, held, serving, signer) in [
        (20, 99, 0, with_old, None, 1),
        (20, 99, 0, with_old, Some(&old), 1),
        (20, 99, 11, with_old, Some(&old), 8),
        (20, 99, 0, only_old, Some(&old), 8),
        (20, 99, 0, only_old, None, 1),
        // It is revoked, gone, or over.
        (20, 20, 0, only_old, Some(&old), 1),
        (20, 99, 0, &[&two], Some(&old), 1),
        (181, 999, 0, only_old, Some(&old), 1),
    ] {
        let seen = seen(since, now, [held, held]);
        let rotation = rotation(until);
        let chosen = rotation.signer(at(now), &seen, &lifetimes(), serving.map(|it| &it.ca));
        let chosen = [&one, &old].into_iter().find(|it| it.ca == *chosen).unwrap();
        assert_eq!(chosen.generation, signer, "at {now}, held since {since}");
    }
}
